"""Write the Word templates of the statutory documents from their wording.

    python tools/make_templates.py [FOLDER]

In the manner of Chinese official documents: A4, title in a heavy Song, body in Fangsong, serial number
under the title, seal and date at the right, page numbers. The same wording gives the same bytes.
"""

from __future__ import annotations

import io
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENTATION
from docx.enum.table import WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.enum.text import WD_LINE_SPACING as SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tools"))

from template_wording import WORDING, Block, Form, Say  # noqa: E402  (found through the lines above)

from service.cases.documents.kinds import KINDS, DocumentKind  # noqa: E402
from service.cases.documents.package import packed, read_parts  # noqa: E402
from service.cases.documents.shelf import BUILT_IN_VERSION  # noqa: E402

TARGET = ROOT / "service" / "cases" / "documents" / "templates"
SONG, FANGSONG, HEI = "宋体", "仿宋", "黑体"
"""Fonts that every Chinese Word has; where they are missing an open CJK font takes their place (`pdf.py`)."""
BODY_PT, FORM_PT, LINE_PT, FORM_LINE_PT = 14, 12, 24, 18
RECORD_LINE_PT = 22
RECORDS = ("inspection_record", "interview_record", "hearing_record", "goods_list")
"""Kinds with much text to be written or signed: their lines stand closer."""
_SMALL = {"caption": ALIGN.CENTER, "note": ALIGN.LEFT, "dated": ALIGN.RIGHT}
"""Looks in the size of forms."""


def write(folder: Path) -> None:
    """Write every template into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in KINDS.values():
        (folder / f"{kind.name}.docx").write_bytes(template(kind))


def template(kind: DocumentKind) -> bytes:
    """The template of a kind."""
    document = Document()
    _page(document)
    line = RECORD_LINE_PT if kind.name in RECORDS else LINE_PT
    _say(document.add_paragraph(), Say("{{ bureau }}", "bureau"), line)
    _say(document.add_paragraph(), Say(kind.title_zh, "title"), line)
    if "serial" in kind.needs:
        _say(document.add_paragraph(), Say("{{ serial }}", "serial"), line)
    elif "dated" not in [block.look for block in WORDING[kind.name] if isinstance(block, Say)]:
        _say(document.add_paragraph(), Say("{%p if serial %}", "tag"), line)
        _say(document.add_paragraph(), Say("{{ serial }}", "serial"), line)
        _say(document.add_paragraph(), Say("{%p endif %}", "tag"), line)
    for block in WORDING[kind.name]:
        _add(document, block, line)
    _seal_in_company(document)
    _theme_language(document)
    _properties(document, kind)
    target = io.BytesIO()
    document.save(target)
    parts = read_parts(target.getvalue())
    return packed({name: part for name, part in parts.items() if "thumbnail" not in name} | _without_thumbnail(parts))


def _without_thumbnail(parts: dict[str, bytes]) -> dict[str, bytes]:
    """The list of links without the picture that python-docx brings along."""
    from lxml import etree

    root = etree.fromstring(parts["_rels/.rels"])
    for link in list(root):
        if "thumbnail" in (link.get("Type") or ""):
            root.remove(link)
    return {"_rels/.rels": etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)}


def _page(document: Any) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENTATION.PORTRAIT
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(25), Mm(22)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(12)
    footer = section.footer.paragraphs[0]
    footer.alignment = ALIGN.CENTER
    _run(footer, "— ", FANGSONG, 12)
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    footer._p.append(field)
    _run(footer, " —", FANGSONG, 12)
    normal = document.styles["Normal"]
    normal.font.name = FANGSONG
    normal.font.size = Pt(BODY_PT)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FANGSONG)
    _languages(normal)


def _seal_in_company(document: Any) -> None:
    """The paragraph before the seal stays with it: a seal alone on a page could be put under anything."""
    texts = [paragraph for paragraph in document.paragraphs if not paragraph.text.startswith("{%p")]
    for one, after in zip(texts, texts[1:], strict=False):
        if "（印章）" in after.text or after.text.endswith("　　年　　月　　日"):
            one.paragraph_format.keep_with_next = True


def _theme_language(document: Any) -> None:
    theme = document.settings.element.find(qn("w:themeFontLang"))
    theme.set(qn("w:eastAsia"), "zh-CN")


def _languages(style: Any) -> None:
    """Chinese for characters, so that lines break by its rules; English for digits, so that no number is torn."""
    everywhere = style.element.getparent().find(f".//{qn('w:rPrDefault')}/{qn('w:rPr')}")
    for properties in (style.element.get_or_add_rPr(), everywhere):
        for old in properties.findall(qn("w:lang")):
            properties.remove(old)
        language = OxmlElement("w:lang")
        language.set(qn("w:val"), "en-US")
        language.set(qn("w:eastAsia"), "zh-CN")
        properties.append(language)


def _run(paragraph: Any, text: str, font: str, size: float, *, bold: bool = False) -> None:
    run = paragraph.add_run(text)
    run.font.name, run.font.size, run.bold = font, Pt(size), bold
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _add(document: Any, block: Block, line: float) -> None:
    if isinstance(block, Form):
        _form(document, block)
    else:
        _say(document.add_paragraph(), block, line)


def _spaced(paragraph: Any, line: float | None, before: float = 0, after: float = 0) -> None:
    form = paragraph.paragraph_format
    form.space_before, form.space_after = Pt(before), Pt(after)
    if line is None:
        form.line_spacing_rule = SPACING.SINGLE
    else:
        form.line_spacing_rule, form.line_spacing = SPACING.EXACTLY, Pt(line)


def _say(paragraph: Any, say: Say, line: float) -> None:
    """A paragraph in its look."""
    _spaced(paragraph, line)
    form = paragraph.paragraph_format
    form.widow_control = True
    if say.look == "bureau":
        paragraph.alignment = ALIGN.CENTER
        _spaced(paragraph, 32)
        _run(paragraph, say.text, SONG, 18, bold=True)
    elif say.look == "title":
        paragraph.alignment = ALIGN.CENTER
        _spaced(paragraph, 38, after=4)
        _run(paragraph, say.text, SONG, 22, bold=True)
    elif say.look == "serial":
        paragraph.alignment = ALIGN.CENTER
        _spaced(paragraph, line, after=10)
        _run(paragraph, say.text, FANGSONG, BODY_PT)
    else:
        _look(paragraph, say)


def _look(paragraph: Any, say: Say) -> None:
    form = paragraph.paragraph_format
    font, points = FANGSONG, BODY_PT
    if say.look == "body":
        form.first_line_indent = Pt(2 * BODY_PT)
        # not justified: the line before a long number would be drawn apart
        paragraph.alignment = ALIGN.LEFT
    elif say.look == "sign":
        # the seal stands over the name, the date beneath it: they stay together on one page
        paragraph.alignment = ALIGN.RIGHT
        form.right_indent = Pt(2 * BODY_PT)
        form.keep_with_next = "made_on" not in say.text
        form.space_before = Pt(18 if "bureau" in say.text else 0)
    elif say.look == "head":
        font, form.keep_with_next, form.space_before = HEI, True, Pt(6)
    elif say.look == "line":
        form.space_before = Pt(4)
        form.tab_stops.add_tab_stop(Mm(100))
    elif say.look in _SMALL:
        points = FORM_PT
        _spaced(paragraph, FORM_LINE_PT, after=6)
        paragraph.alignment = _SMALL[say.look]
    elif say.look == "picture":
        paragraph.alignment, form.keep_with_next = ALIGN.CENTER, True
        # a line of fixed height would cut the picture off
        _spaced(paragraph, None, before=4, after=2)
    _run(paragraph, say.text + ("\t　　年　　月　　日" if say.look == "line" else ""), font, points)


def _form(document: Any, form: Form) -> None:
    table = document.add_table(rows=0, cols=len(form.widths))
    table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    for column, width in zip(table.columns, form.widths, strict=True):
        column.width = Mm(width)
    for number, texts in enumerate(form.rows):
        row = table.add_row()
        if form.header and number == 0:
            repeated = OxmlElement("w:tblHeader")
            repeated.set(qn("w:val"), "true")
            row._tr.get_or_add_trPr().append(repeated)
        if not texts[0].startswith("{%tr"):
            row.height_rule, row.height = WD_ROW_HEIGHT_RULE.AT_LEAST, Mm(form.tall.get(number, 8))
            _whole(row)
        for place, (width, text) in enumerate(zip(form.widths, texts, strict=True)):
            row.cells[place].width = Mm(width)
            label = (place == 0 and len(form.widths) != 5 and not form.header) or (form.header and number == 0)
            _cell(row.cells[place], "" if text == "<" else text, label=label or (form.header and place == 0))
        spans = [place for place, text in enumerate(texts) if text == "<"]
        if spans:
            row.cells[spans[0] - 1].merge(row.cells[spans[-1]])
            for empty in row.cells[spans[0] - 1].paragraphs[::-1]:
                if not empty.text:
                    empty._p.getparent().remove(empty._p)


def _whole(row: Any) -> None:
    """A row is not torn over two pages."""
    kept = OxmlElement("w:cantSplit")
    kept.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(kept)


def _cell(cell: Any, text: str, *, label: bool) -> None:
    cell.vertical_alignment = 1  # centre
    for number, line in enumerate(text.split("\n")):
        paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
        _spaced(paragraph, FORM_LINE_PT)
        if label:
            paragraph.alignment = ALIGN.CENTER
        if line.startswith(">"):
            paragraph.alignment, line = ALIGN.RIGHT, line[1:]
        _run(paragraph, line, HEI if label else FANGSONG, FORM_PT)


def _properties(document: Any, kind: DocumentKind) -> None:
    """Who opens the file sees what it rests on; nothing of it is printed."""
    laws = "；".join(law.told for law in kind.laws) or "不引用具体法律"
    core = document.core_properties
    core.title, core.subject, core.author = kind.title_zh, kind.name, "Kancha"
    core.last_modified_by, core.language, core.category = "Kancha", "zh-CN", "statutory document template"
    core.version = BUILT_IN_VERSION
    core.keywords = f"template {BUILT_IN_VERSION}; effective from {kind.since or 'ever'}"
    core.comments = (
        f"模板版本{BUILT_IN_VERSION}；适用起始日{kind.since or '不限'}；法律版本：{laws}。使用前须经法制部门审核。"[
            :255
        ]
    )
    core.created = core.modified = datetime(2026, 1, 1)
    core.revision = 1


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
