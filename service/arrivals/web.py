"""Asking a provider over HTTP(S) without being led elsewhere: only the provider's own address and hosts that a setting
names are spoken to, and of these none in a network that the provider itself does not lie in (server-side request
forgery, CWE-918).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import ipaddress
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import orjson

from service.errors import ArrivalError, PayloadTooLargeError, SourceUnavailableError
from service.files import Upload
from service.network import BoundedLine, Network, is_allowed, is_inner, resolve

_PORTS = {"http": 80, "https": 443}
_MOST_HOPS = 5
_MOST_JSON = 64 * 1024**2
_PIECE = 1024**2
_WRITTEN = "%/:?#[]@!$&'()*+,;=~"
"""What stays as it is in an address; also the percent sign, since most are written properly."""
_LONGEST_ANSWER = 10
"""A page may take so many times as long as its source may be silent."""
_DOWNLOAD_S = 6 * 3600.0
"""A file may take as long as a job may: whoever sends a byte a minute is cut off."""
_INNER = (
    "127.0.0.0/8 ::1/128",
    "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 fc00::/7",
)
"""Kinds of networks that are not of the open internet. Link-local addresses, where clouds keep their credentials, are
in neither."""


@dataclass(frozen=True)
class Terms:
    """How a provider is asked.

    Args:
        root: Its address.
        hosts: Further hosts that may be asked, `host` or `host:port`.
        headers: What it alone is told: its token.
        timeout_s: It is away if it is silent for so long, s.
    """

    root: str
    hosts: Sequence[str]
    headers: Mapping[str, str]
    timeout_s: float


class Provider:
    """A provider that answers over HTTP(S).

    Args:
        terms: How it is asked.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._home = _origin(urlsplit(terms.root))

    def is_own(self, url: str) -> bool:
        """Whether an address is one of the provider itself."""
        try:
            return _origin(urlsplit(url)) == self._home
        except ValueError:
            return False

    def ask(self, url: str, body: Mapping[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """A JSON object, and the status it came with.

        Args:
            url: An address of the provider itself.
            body: What is posted; None: it is a GET.

        Raises:
            SourceUnavailableError: If it does not answer, or with something else.
        """
        if not self.is_own(url):
            raise SourceUnavailableError(
                f"{self._where(url)} is not a page of {self._terms.root}.", remedy="Tell whoever runs the catalogue."
            )
        content = None if body is None else orjson.dumps(body)
        with self._answer(url, content, self._terms.timeout_s * _LONGEST_ANSWER) as answer:
            told = answer.read(_MOST_JSON + 1)
            status = answer.status
        if len(told) > _MOST_JSON:
            raise self._away(url, f"its answer has more than {_MOST_JSON:,} bytes")
        try:
            found = orjson.loads(told)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            if status >= 400:
                return status, {}
            raise self._away(url, "its answer is no JSON object")
        return status, found

    def download(self, url: str, target: Path, max_bytes: int) -> Upload:
        """Bring a file here.

        Args:
            url: Where it is.
            target: Where it goes.
            max_bytes: Largest file that is taken.

        Raises:
            ArrivalError: If nothing may be fetched there, or there is no such file.
            PayloadTooLargeError: If it is too large.
            SourceUnavailableError: If its host does not answer, or breaks off.
        """
        for _ in range(_MOST_HOPS):
            with self._answer(url, None, _DOWNLOAD_S) as answer:
                if answer.status not in (301, 302, 303, 307, 308):
                    return self._kept(url, answer, target, max_bytes)
                url = joined(url, answer.headers.get("location", ""))
        raise ArrivalError(f"{self._where(url)} leads from one address to another.", remedy="Tell its provider.")

    def _kept(self, url: str, answer: http.client.HTTPResponse, target: Path, max_bytes: int) -> Upload:
        if answer.status != 200:
            raise self._refused(url, answer.status)
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise self._away(url, "it sends files packed although none were asked for so")
        announced = answer.length
        digest, there = hashlib.sha256(), 0
        with target.open("wb") as file:
            while content := answer.read(_PIECE) if (announced or 0) <= max_bytes else b"":
                there += len(content)
                if there > max_bytes:
                    break
                file.write(content)
                digest.update(content)
        if max(there, announced or 0) > max_bytes:
            raise PayloadTooLargeError(
                f"{self._where(url)} sends more than the {max_bytes:,} bytes that may be taken in at once.",
                remedy="Raise KANCHA_LIMITS__MAX_UPLOAD_BYTES, or take smaller pieces.",
                allowed_bytes=max_bytes,
            )
        if announced is not None and there != announced:
            raise self._away(url, f"it broke off after {there:,} of {announced:,} bytes")
        return Upload(target, digest.hexdigest(), there)

    @contextmanager
    def _answer(self, url: str, body: bytes | None, most_s: float) -> Iterator[http.client.HTTPResponse]:
        """An open answer of the very address that was looked at; after a bounded time its line is cut."""
        parts, addresses = self._checked(url)
        line = BoundedLine(self._connected(url, addresses, _port(parts)), most_s)
        connection = http.client.HTTPConnection(str(parts.hostname), _port(parts), timeout=self._terms.timeout_s)
        late = f"it took longer than {most_s:g} s"
        try:
            if parts.scheme == "https":
                line.encrypt(str(parts.hostname))
            connection.sock = line.socket
            # letters of other scripts and spaces are written plainly by many
            path = quote(parts.path or "/", _WRITTEN) + (f"?{quote(parts.query, _WRITTEN)}" if parts.query else "")
            connection.request("GET" if body is None else "POST", path, body, self._headers(url, body))
            answer = connection.getresponse()
            with contextlib.closing(answer):
                yield answer
            if line.was_cut:
                raise self._away(url, late)  # what has no announced length looks whole
        except TimeoutError as error:
            raise self._away(url, f"it was silent for {self._terms.timeout_s:g} s") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            if getattr(error, "errno", None) == errno.ENOSPC:
                raise  # of the disk here
            # the words of an error may hold the address, and that a signature
            raise self._away(url, late if line.was_cut else type(error).__name__) from error
        finally:
            connection.close()
            line.close()

    def _connected(self, url: str, addresses: Sequence[str], port: int) -> socket.socket:
        for address in addresses:
            with contextlib.suppress(OSError):
                return socket.create_connection((address, port), timeout=self._terms.timeout_s)
        raise self._away(url, "nobody answers there")

    def _headers(self, url: str, body: bytes | None) -> dict[str, str]:
        told = {"user-agent": "Kancha", "accept-encoding": "identity"}
        if body is not None:
            told["content-type"] = "application/json"
        # signed addresses of a store refuse a second proof, and other hosts have no business with the token
        return told | (dict(self._terms.headers) if self.is_own(url) else {})

    def _checked(self, url: str) -> tuple[SplitResult, Sequence[str]]:
        """The parts of an address that may be asked, and where its host is."""
        try:
            parts = urlsplit(url)
            _origin(parts)
        except ValueError:
            parts = urlsplit("")
        own = self.is_own(url)
        if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
            raise self._elsewhere(url, "It is no address of the web.")
        if not own and parts.scheme == "http" and self._home[0] == "https":
            raise self._elsewhere(url, "It is not encrypted, and its catalogue is.")
        if not own and not {_host(parts), f"{_host(parts)}:{_port(parts)}"} & self._named(parts):
            raise self._elsewhere(url, "Its host is neither the catalogue's nor named in `hosts`.")
        addresses = self._addresses(_host(parts), _port(parts))
        if not own and not all(is_allowed(one, self._reachable()) for one in addresses):
            raise self._elsewhere(url, "It lies in a network where its catalogue does not.")
        if any(_is_link_local(one) for one in addresses):
            raise self._elsewhere(url, "It lies where clouds keep their credentials.")  # wherever its name leads today
        if own and parts.scheme == "http" and self._terms.headers and any(is_allowed(one, ()) for one in addresses):
            raise self._elsewhere(url, "A token does not travel in the clear over the open internet.")
        return parts, addresses

    def _named(self, parts: SplitResult) -> set[str]:
        """The hosts of the setting; without a port the usual one is meant."""
        usual = _port(parts) == _PORTS[parts.scheme]
        return {one.lower() for one in self._terms.hosts if usual or ":" in one}

    def _reachable(self) -> tuple[Network, ...]:
        """Networks that are not of the open internet and that the catalogue lies in itself."""
        addresses = self._addresses(self._home[1], self._home[2])
        kinds = [tuple(ipaddress.ip_network(one) for one in kind.split()) for kind in _INNER]
        return next((kind for kind in kinds if all(is_inner(one, kind) for one in addresses)), ())

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            return list(dict.fromkeys(resolve(host, port)))
        except (OSError, UnicodeError) as error:
            raise SourceUnavailableError(
                f"Nobody knows the host {host[:80]!r}.", remedy="Check its name, and that names are resolved."
            ) from error

    def _refused(self, url: str, status: int) -> ArrivalError | SourceUnavailableError:
        if status in (401, 403, 408, 429) or status >= 500:
            return self._away(url, f"it answered {status}")
        return ArrivalError(f"{self._where(url)} answered {status}.", remedy="Tell its provider.", status=status)

    def _away(self, url: str, why: str) -> SourceUnavailableError:
        return SourceUnavailableError(
            f"{self._where(url)} cannot be had: {why}.",
            remedy="See that the provider can be reached from here and that its token holds; it is asked again.",
        )

    def _elsewhere(self, url: str, why: str) -> ArrivalError:
        return ArrivalError(
            f"Nothing is fetched from {self._where(url)}. {why}",
            remedy="Use https://; if the provider keeps files on another host, name it in `hosts` of the source.",
        )

    @staticmethod
    def _where(url: str) -> str:
        """Host and path; the query may hold a signature."""
        try:
            parts = urlsplit(url)
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:200]
        except ValueError:
            return "an address that cannot be read"


def joined(base: str, href: str) -> str:
    """Where a link leads; one that cannot be read stays as it is and is refused as it is."""
    try:
        return urljoin(base, href)
    except ValueError:
        return href


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, _host(parts), _port(parts)


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").lower()


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS.get(parts.scheme, 0)


def _is_link_local(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    return (getattr(found, "ipv4_mapped", None) or found).is_link_local
