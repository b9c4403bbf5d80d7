"""A provider's STAC API (1.0, item search): which items there are, which of their assets is the imagery.

A range of time (`datetime` null, `start_datetime`, `end_datetime`) is taken at its middle; both ends stay in the
attributes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode

from obstore.exceptions import BaseError

from geodata.io.dates import is_plausible
from geodata.io.tiff import inspect_tiff
from service.arrivals.base import Fetched, Sighting, too_large
from service.arrivals.objects import bucket_of, fetch_object, keys_of, ns_since_1970
from service.arrivals.settings import Arrival
from service.arrivals.web import Provider, Terms, joined
from service.buckets import open_bucket, words_of
from service.errors import ArrivalError, SourceUnavailableError
from service.files import Upload, safe_name

_PAGE = 100
_LOOK_S = 3600.0
"""So long the pages of one search may take together, s."""
_LONGEST = 500
"""Characters of an id: it is a key of the tables."""
_GEOTIFF = ("image/tiff", "image/vnd.stac.geotiff")
_NONE = "-"
"""Stands for the asset in the name of an item of which nobody can tell which one it is."""
_KEPT = ("eo:cloud_cover", "platform", "constellation", "datetime", "start_datetime", "end_datetime", "gsd")
_SHA2_256 = "1220"
"""What a multihash of SHA-256 begins with: its code and its length."""

Item = Mapping[str, Any]


class Catalogue:
    """The items of a catalogue.

    Args:
        arrival: Where it is; `stac` is set.
        max_bytes: Largest file that is fetched.
    """

    def __init__(self, arrival: Arrival, max_bytes: int) -> None:
        self._arrival, self._max_bytes, self._root = arrival, max_bytes, arrival.stac.rstrip("/")
        headers: dict[str, str] = {}
        if arrival.token is not None:
            token = arrival.token.get_secret_value()
            bearer = arrival.header.lower() == "authorization" and " " not in token
            headers[arrival.header] = f"Bearer {token}" if bearer else token
        hosts = [one for one in arrival.hosts if not one.startswith("s3://")]
        self._provider = Provider(Terms(self._root, hosts, headers, arrival.timeout_s))

    @property
    def name(self) -> str:
        """Its address."""
        return self._root

    def look(self) -> list[Sighting]:
        """Every item of the collections and the time that are asked for, by name.

        Raises:
            SourceUnavailableError: If the catalogue does not answer, or answers something else.
            ArrivalError: If it has more items than one look may see.
        """
        since = datetime.now(UTC) - timedelta(days=self._arrival.since_days)
        asked = {"datetime": f"{since:%Y-%m-%dT%H:%M:%SZ}/.."}
        if self._arrival.bbox:
            asked["bbox"] = ",".join(f"{one:.8g}" for one in self._arrival.bbox)
        found: dict[str, Sighting] = {}
        for item in self._items(asked):
            sighting = self._sight(item)
            found[sighting.name] = sighting
            if len(found) > self._arrival.max_items:
                raise ArrivalError(
                    f"{self._root} has more than {self._arrival.max_items:,} items since {since:%Y-%m-%d}.",
                    remedy="Narrow the source by since_days, bbox or collections, or raise its max_items.",
                    allowed_items=self._arrival.max_items,
                )
        return [found[name] for name in sorted(found)]

    def fetch(self, sighting: Sighting, folder: Path) -> Fetched:
        """Bring an item's imagery here; the item is asked for again, since addresses may hold for a while only.

        Raises:
            ArrivalError: If the item has no asset that is its imagery, or more than one; if the asset lies where
                nothing is fetched; if it has not the size or checksum that the item tells.
            RasterError: If it is imagery of a kind that is not taken.
            PayloadTooLargeError: If it is larger than an upload may be.
            SourceUnavailableError: If the provider does not answer, or breaks off.
        """
        collection, _, rest = sighting.name.partition("/")
        item_id = unquote(rest.rpartition("/")[0])
        too_large(sighting, self._max_bytes)
        asked = {"ids": item_id, "collections": unquote(collection)}
        item = next((one for one in self._items(asked) if one["id"] == item_id), None)
        if item is None:
            raise ArrivalError(f"{sighting.name} is not in the catalogue any more.", remedy="Nothing is to be done.")
        key = self._imagery(item)
        if key is None:
            raise self._unclear(item)
        asset = item["assets"][key]
        upload = self._download(item, asset, folder / safe_name(f"{item_id}_{key}.tif"))
        _check(sighting.name, asset, upload)
        inspect_tiff(upload.path)
        attributes = {n: v for n, v in _properties(item).items() if _is_kept(n, v)}
        attributes["source_item"] = f"{self._root}/collections/{collection}/items/{quote(item_id, safe='')}"
        return Fetched(upload, attributes, _acquired_at(_properties(item)))

    def _items(self, asked: Mapping[str, str]) -> Iterator[Item]:
        """The items that a search finds, page after page."""
        given = {"collections": ",".join(self._arrival.collections), "limit": str(_PAGE)} | dict(asked)
        url = f"{self._root}/search"
        body: dict[str, Any] | None = None
        status, page = self._provider.ask(f"{url}?{urlencode(given)}")
        if status == 405:
            body = _as_body(given)
            status, page = self._provider.ask(url, body)
        seen: set[str] = set()
        end = time.monotonic() + _LOOK_S
        while True:
            yield from self._page(status, page)
            # without items on them the limit of items would never be met
            if len(seen) > self._arrival.max_items or time.monotonic() > end:
                raise self._wrong(f"its pages have no end, {len(seen):,} were read")
            step = _next(page, url, body)
            if step is None:
                return
            if repr(step) in seen:
                raise self._wrong("its pages lead in a circle")
            seen.add(repr(step))
            url, body = step
            status, page = self._provider.ask(url, body)

    def _page(self, status: int, page: Mapping[str, Any]) -> list[Item]:
        if status != 200:
            why = "See that its token holds." if status in (401, 403) else "See that it is a STAC API with item search."
            raise SourceUnavailableError(f"{self._root} answered {status}.", remedy=why, status=status)
        features = page.get("features")
        if not isinstance(features, list):
            raise self._wrong("a page without features came")
        for item in features:
            whole = isinstance(item, dict) and isinstance(item.get("id"), str) and 0 < len(item["id"]) <= _LONGEST
            if not whole or not isinstance(item.get("assets", {}), dict):
                raise self._wrong("an item without id or assets came")
        # a server that does not know a parameter passes over it: what was not asked for is left out here
        return [item for item in features if item.get("collection") in self._arrival.collections]

    def _wrong(self, why: str) -> SourceUnavailableError:
        return SourceUnavailableError(
            f"{self._root} does not answer as a STAC API: {why}.", remedy="Check the address; tell its provider."
        )

    def _sight(self, item: Item) -> Sighting:
        key = self._imagery(item)
        name = f"{_part(item['collection'])}/{_part(item['id'])}/{_NONE if key is None else _part(key)}"
        told = _properties(item)
        times = (_time(told.get(one)) for one in ("updated", "created", "datetime", "start_datetime"))
        changed = next((one for one in times if one is not None), None)
        size = item["assets"][key].get("file:size") if key is not None else None
        size_bytes = size if isinstance(size, int) and size > 0 else 0
        return Sighting(name, size_bytes, 0 if changed is None else ns_since_1970(changed), True)

    def _imagery(self, item: Item) -> str | None:
        """Key of the asset that is the imagery; None where nothing tells, or too much."""
        told = (item.get("assets") or {}).items()
        assets = {str(key): one for key, one in told if isinstance(one, dict) and len(key) <= _LONGEST}
        if self._arrival.assets:
            return next((key for key in self._arrival.assets if key in assets), None)
        found = [key for key, one in assets.items() if _is_data(one)]
        return found[0] if len(found) == 1 else None

    def _unclear(self, item: Item) -> ArrivalError:
        keys = ", ".join(sorted(str(key) for key in item.get("assets") or {})[:20]) or "none"
        wanted = f" of {', '.join(self._arrival.assets)}" if self._arrival.assets else " that is plainly its imagery"
        return ArrivalError(
            f"The item {item['id'][:100]} has no asset{wanted}; it has: {keys[:300]}.",
            remedy="Name the key of the imagery in `assets` of the source.",
        )

    def _download(self, item: Item, asset: Mapping[str, Any], target: Path) -> Upload:
        links = item.get("links")
        own = next((one.get("href") for one in links or () if isinstance(one, dict) and one.get("rel") == "self"), None)
        url = joined(str(own or f"{self._root}/"), str(asset.get("href", "")))
        if url.startswith("s3://"):
            return self._from_bucket(url, asset, target)
        return self._provider.download(url, target, self._max_bytes)

    def _from_bucket(self, url: str, asset: Mapping[str, Any], target: Path) -> Upload:
        """With the keys of the source alone: a catalogue must not be able to read what this machine may read."""
        bucket, _, key = url.removeprefix("s3://").partition("/")
        size = asset.get("file:size")
        if f"s3://{bucket}" not in self._arrival.hosts or self._arrival.access_key is None or not isinstance(size, int):
            raise ArrivalError(
                f"Nothing is fetched from s3://{bucket[:80]}.",
                remedy="Name the bucket in `hosts` and its keys in the source; its items must tell file:size.",
            )
        store, _ = open_bucket(bucket_of(self._arrival, f"s3://{bucket}"))
        too_large(Sighting(url, size, 0, True), self._max_bytes)
        try:
            return fetch_object(store, key, target, size)
        except FileNotFoundError as error:
            raise ArrivalError(f"There is no object {url[:200]}.", remedy="Tell its provider.") from error
        except BaseError as error:
            raise SourceUnavailableError(
                f"s3://{bucket} did not answer: {words_of(error, *keys_of(self._arrival))}.",
                remedy="Check the endpoint and the keys.",
            ) from error


def _check(name: str, asset: Mapping[str, Any], upload: Upload) -> None:
    """Hold what came against what its item tells of it."""
    size, checksum = asset.get("file:size"), str(asset.get("file:checksum", "")).lower()
    if isinstance(size, int) and size > 0 and size != upload.size_bytes:
        raise ArrivalError(
            f"{name} came with {upload.size_bytes:,} bytes; its item tells of {size:,}.",
            remedy="Tell its provider; once the item is updated, it is taken again.",
            told_bytes=size,
            size_bytes=upload.size_bytes,
        )
    if checksum.startswith(_SHA2_256) and checksum != _SHA2_256 + upload.sha256:
        raise ArrivalError(
            f"{name} came with another checksum than its item tells.",
            remedy="Tell its provider; once the item is updated, it is taken again.",
            told=checksum.removeprefix(_SHA2_256)[:64],
            sha256=upload.sha256,
        )


def _next(
    page: Mapping[str, Any], url: str, body: Mapping[str, Any] | None
) -> tuple[str, dict[str, Any] | None] | None:
    """Where the next page is, and what is posted there."""
    links = page.get("links")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("rel") == "next" and isinstance(link.get("href"), str):
            there = joined(url, link["href"])
            if str(link.get("method", "GET")).upper() != "POST":
                return there, None
            told: dict[str, Any] = link["body"] if isinstance(link.get("body"), dict) else {}
            return there, {**(body or {}), **told} if link.get("merge") else told
    return None


def _as_body(given: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of a search as they are posted."""
    body: dict[str, Any] = {"collections": given["collections"].split(","), "limit": int(given["limit"])}
    if "datetime" in given:
        body["datetime"] = given["datetime"]
    if "ids" in given:
        body["ids"] = [given["ids"]]
    if "bbox" in given:
        body["bbox"] = [float(one) for one in given["bbox"].split(",")]
    return body


def _properties(item: Item) -> Mapping[str, Any]:
    told = item.get("properties")
    return told if isinstance(told, dict) else {}


def _is_data(asset: Mapping[str, Any]) -> bool:
    roles = asset.get("roles")
    kind = str(asset.get("type", "")).lower().partition(";")[0].strip()
    return isinstance(roles, list) and "data" in roles and kind in _GEOTIFF


def _is_kept(name: str, value: Any) -> bool:
    """Whether a property tells how the imagery was taken."""
    plain = isinstance(value, str | int | float) and not isinstance(value, bool) and len(str(value)) <= 200
    return plain and (name.startswith("view:") or name in _KEPT)


def _acquired_at(told: Mapping[str, Any]) -> datetime | None:
    if (moment := _time(told.get("datetime"))) is not None:
        return moment
    start, end = _time(told.get("start_datetime")), _time(told.get("end_datetime"))
    return start + (end - start) / 2 if start and end else start or end


def _time(text: Any) -> datetime | None:
    """A time; one of a year that nothing was taken in is none, as `0001-01-01` and `9999-12-31` mostly mean."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    if not is_plausible(moment):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _part(text: str) -> str:
    """A part of a name, which has no slash, and no character that a database does not take."""
    return re.sub(r"[%/\x00-\x1f\x7f]", lambda found: f"%{ord(found[0]):02X}", text)
