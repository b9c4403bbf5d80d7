"""Whether a template may be used: a Word file without anything that runs or reaches out, filled with known words."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from docx.opc.exceptions import OpcError
from docxtpl import DocxTemplate
from lxml import etree

from service.cases.documents.errors import TemplateError
from service.cases.documents.grammar import TRIED, Used, tried, used_by
from service.cases.documents.kinds import DocumentKind
from service.cases.documents.package import ALLOWED, MAX_FILE, PackageFault, Parts, is_xml, read_parts, tree_of

MAIN = "word/document.xml"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MACRO = re.compile(r"vba|macro|activex", re.IGNORECASE)
_FIELD = re.compile(r"\s*(PAGE|NUMPAGES|SECTIONPAGES)?\s*(\\\*\s*(MERGEFORMAT|Arabic))?\s*")
_FILLED = re.compile(r"word/(document|header\d*|footer\d*|footnotes)\.xml")
_TAG = re.compile(rb"\{\{|\{%")

ALSO: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "officers": ("officers_line",),
        "officers_line": ("officers",),
        "party": ("parties",),
        "parties": ("party",),
        "basis": ("categories",),
        "categories": ("basis",),
    }
)
"""What a template may tell instead of a needed placeholder: the same fact in another form."""


def check_template(path: Path, kind: DocumentKind) -> bytes:
    """Read a template and see that it may be used.

    Args:
        path: The Word file.
        kind: Kind of document that it is for.

    Returns:
        Its content.

    Raises:
        TemplateError: With every fault.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
    except OSError as error:
        raise _refused(path.name, kind, [f"it cannot be read: {error.strerror}"]) from error
    check_content(content, kind, path.name)
    return content


def check_content(content: bytes, kind: DocumentKind, what: str = "template") -> Used:
    """See that the content of a template may be used; see `check_template`.

    Returns:
        What it uses.
    """
    used = _inspected(content, kind)
    if used.faults:
        raise _refused(what, kind, used.faults)
    return used


@lru_cache(maxsize=32)
def _inspected(content: bytes, kind: DocumentKind) -> Used:
    """What a template uses, with every fault; remembered, as every document asks again."""
    try:
        parts = read_parts(content)
        faults = [*_package_faults(parts), *_part_faults(parts)]
        if faults:
            return Used(faults=faults)
        used = _used(content, parts)
    except PackageFault as error:
        return Used(faults=[str(error)])
    used.faults += _missing(used, kind)
    return used


def _refused(what: str, kind: DocumentKind, faults: list[str]) -> TemplateError:
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return TemplateError(
        f"{what} cannot be used for {kind.title_zh} ({kind.name}): {faults[0]}{more}.",
        remedy="Mend it in Word and run `kancha documents check` again; docs/documents.md lists the placeholders.",
        kind=kind.name,
        faults=faults,
    )


def _package_faults(parts: Parts) -> Iterator[str]:
    if MAIN not in parts or "[Content_Types].xml" not in parts:
        yield "it is no Word file (.docx)"
    types = parts.get("[Content_Types].xml", b"")
    if _MACRO.search(types.decode("utf-8", "replace")) or any(_MACRO.search(name) for name in parts):
        yield "it holds macros or controls"
    for name in parts:
        if name.rpartition(".")[2].lower() not in ALLOWED:
            yield f"it holds {name}, which is neither text nor a picture (PNG, JPEG, GIF)"


def _part_faults(parts: Parts) -> Iterator[str]:
    for name, part in parts.items():
        if not is_xml(name):
            continue
        root = tree_of(part)
        if name.lower().endswith(".rels"):
            yield from _link_faults(name, root)
        else:
            yield from _content_faults(name, root)
        if _TAG.search(part) and not _FILLED.fullmatch(name):
            yield f"placeholders stand in {name}, which is never filled"


def _link_faults(name: str, root: etree._Element) -> Iterator[str]:
    for link in root.iter("{*}Relationship"):
        if (link.get("TargetMode") or "").lower() == "external":
            kind = (link.get("Type") or "").rpartition("/")[2]
            yield f"it leads outside: {kind} in {name}"


def _content_faults(name: str, root: etree._Element) -> Iterator[str]:
    """What a part holds that it must not, whatever namespace it is told in."""
    for one in root.iter("{*}instrText", "{*}fldSimple"):
        code = one.text if one.tag.endswith("instrText") else "".join(one.xpath("@*[local-name()='instr']"))
        if not _FIELD.fullmatch(code or ""):
            yield f"it holds a field that is no page number: {(code or '').strip()[:60]}"
    # told as docxtpl will read it, whatever the file calls its braces
    if _TAG.search(etree.tostring(root)) and any(_TAG.search(value.encode()) for value in root.xpath("//@*")):
        yield f"a placeholder stands in {name} where no text is"
    if any(True for _ in root.iter("{*}altChunk", "{*}object", "{*}OLEObject", "{*}control", "{*}subDoc")):
        yield f"it holds an embedded object or another document in {name}"
    # old drawings name a picture by its address, past the list of links
    if root.xpath("boolean(//@*[local-name()='src' or local-name()='href' or local-name()='althref'])"):
        yield f"it leads outside: an address in {name}"


def _used(content: bytes, parts: Parts) -> Used:
    """What all parts use that docxtpl fills."""
    total = Used()
    for source in _sources(content, parts):
        used = used_by(source)
        total.names |= used.names
        total.uses |= used.uses
        faults = used.faults or _trial_faults(source)
        total.faults += [fault for fault in faults if fault not in total.faults]
    return total


def _trial_faults(source: str) -> list[str]:
    """Whether placeholders stand in running text and conditions take whole paragraphs, rows or words."""
    for told in (True, False):
        try:
            root = tree_of(tried(source, told=told).encode())
        except PackageFault:
            return ["a for or an if begins and ends in parts that do not match, such as a paragraph and a cell"]
        for one in root.iter(etree.Element):
            if TRIED in (one.tail or "") or (one.tag != f"{_W}t" and TRIED in (one.text or "")):
                return ["a placeholder stands between paragraphs or cells"]
    return []


def _sources(content: bytes, parts: Parts) -> Iterator[str]:
    try:
        template = DocxTemplate(io.BytesIO(content))
        template.init_docx()
    except (OpcError, KeyError, ValueError, AttributeError) as error:
        raise PackageFault("Word's parts do not fit together") from error
    for name, part in parts.items():
        if _FILLED.fullmatch(name):
            yield template.patch_xml(template.xml_to_string(tree_of(part)))


def _missing(used: Used, kind: DocumentKind) -> Iterator[str]:
    for name in kind.needs:
        if not used.names & {name, *ALSO.get(name, ())}:
            yield f"the placeholder {name} is missing"
