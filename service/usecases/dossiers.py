"""The dossier of a finding: everything that is known of one lead on a few pages, to print and to take along."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import orjson
import shapely

from geodata.assess.grades import Measure
from geodata.io.dates import BEIJING
from geodata.report import words
from geodata.report.view import beijing, check_views, finding_views, percent
from geodata.report.words import Text, term
from service.cases.categories import CATEGORIES
from service.cases.documents import html_to_pdf
from service.errors import NotFoundError
from service.files import write_beside
from service.render.templates import filled
from service.services import Services
from service.usecases import dossier_facts as facts
from service.usecases.dossier_pictures import AROUND_M, pictures_of
from service.version import code_version

Language = Literal["zh", "en"]
EDITION = 1
"""Of the form of the dossier: raised when what it says, or how, changes."""
_TOLD_CHECKS = ("warned", "overridden", "refused")
_STATES = {"standing": Text("存在", "standing"), "gone": Text("已消失", "gone"), "merged": Text("已并入", "merged")}
_VERDICT = {True: Text("属实", "real"), False: Text("不属实", "not real"), None: Text("未核查", "not judged yet")}
_PERMIT_KINDS = {
    "planning": Text("规划许可", "planning permit"),
    "village": Text("乡村建设规划许可", "village permit"),
    "temporary": Text("临时建设许可", "temporary permit"),
}
_OWNERS = {"collective": Text("集体", "collective"), "state": Text("国有", "state")}
_ABOUT = {
    "zone": Text("管控区", "zone"),
    "permit": Text("许可", "permit"),
    "parcel": Text("地块", "parcel"),
    "line": Text("退让控制线", "setback line"),
}


def write_dossier(services: Services, finding_id: str, path: Path, language: Language = "zh") -> None:
    """Write the dossier of a finding as PDF, whole or not at all.

    Args:
        services: The service as the caller sees it: what they may not see is not in it.
        finding_id: The finding.
        path: The file.
        language: Of its words.

    Raises:
        NotFoundError: Without the finding, or where an earlier release did not say of which scan it is.
        PdfError: If it cannot be printed.
    """
    feature = orjson.loads(services.store.scans.finding(finding_id))
    if not feature["properties"].get("scan_id"):
        raise NotFoundError(f"The finding {finding_id} tells no scan.", remedy="Order the scan anew.")
    parts: dict[str, bytes] = {}
    body = _body(services, feature, language, parts)
    write_beside(path, html_to_pdf(filled("dossier.html", body), parts))


def _body(services: Services, feature: Mapping[str, Any], at: Language, parts: dict[str, bytes]) -> dict[str, Any]:
    told = feature["properties"]
    scan = services.store.scans.get(str(told["scan_id"]))
    row = {**told, "geometry": shapely.geometry.shape(feature["geometry"])}
    (view,) = finding_views([row], scan.provenance)
    found = facts.explained(services, str(feature["id"]))
    named = facts.zone_words(found)
    return {
        "at": at,
        "bureau": services.settings.cases.bureau,
        "made": f"{datetime.now(BEIJING):%Y-%m-%d %H:%M}",
        "version": code_version(),
        "edition": EDITION,
        "around_m": AROUND_M,
        "told": told,
        "view": view,
        "reasons": _reasons(told, view.reasons),
        "before": beijing(str(told["before_acquired_at"])),
        "after": beijing(str(told["after_acquired_at"])),
        "verdict": _say(at, _VERDICT[told.get("judged")]),
        "pictures": pictures_of(services, feature, scan, named, parts),
        "measures": facts.measures(feature),
        "place": facts.place(feature),
        "checks": [one for one in check_views(scan.provenance) if one.outcome_key in _TOLD_CHECKS],
        "shares": facts.shares(found),
        "tried": facts.tried(found),
        "layers": facts.layers(services, scan),
        "on_file": facts.on_file(services, feature, scan),
        "history": facts.history(services, feature),
        "sources": facts.sources(scan),
        **_words(at, named),
    }


def _reasons(told: Mapping[str, Any], views: Any) -> list[dict[str, Any]]:
    """Each reason as stored, and as it is worded."""
    listed = []
    for stored, view in zip(told.get("reasons") or [], views, strict=True):
        category = CATEGORIES.get(str(stored.get("category")))
        listed.append(
            {
                "view": view,
                "category": None if category is None else Text(category.title_zh, category.title),
                "severity": term(words.SEVERITY, str(stored.get("severity") or "")),
                "measured": stored.get("measured"),
                "basis": stored.get("basis"),
            }
        )
    return listed


def _words(at: Language, named: Mapping[str, Text]) -> dict[str, Any]:
    """What the template says things with."""

    def say(text: Text | None) -> str:
        return _say(at, text)

    def among(table: Mapping[str, Text]) -> Any:
        return lambda key: "-" if key in (None, "") else say(table.get(str(key), Text(str(key), str(key))))

    return {
        "t": lambda zh, en: zh if at == "zh" else en,
        "say": say,
        "word": among(named),
        "state": among(_STATES),
        "permit_kind": among(_PERMIT_KINDS),
        "owner": among(_OWNERS),
        "about": among(_ABOUT),
        "day": lambda moment: "-" if moment is None else beijing(str(moment)).partition(" ")[0],
        "moment": lambda moment: "-" if moment is None else beijing(str(moment)),
        "percent": lambda share: "-" if share is None else f"{percent(float(share))} %",
        "measure": _measure,
        "unit": {"m2": "m²", "share": "", "m": "m"}.get,
    }


def _say(at: Language, text: Text | None) -> str:
    return "-" if text is None else (text.zh if at == "zh" else text.en)


def _measure(one: Measure | None, digits: int = 1) -> str:
    """A measure with its standard error."""
    if one is None:
        return "-"
    unit = {"m2": " m²", "m": " m"}.get(one.unit, "")
    error = f" ± {one.error:,.{digits}f}" if one.error else ""
    return f"{one.value:,.{digits}f}{error}{unit}"
