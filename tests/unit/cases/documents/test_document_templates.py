"""Templates from outside: known words, nothing that runs or reaches out; the right one for the day."""

from __future__ import annotations

import io
import runpy
import zipfile
from datetime import date
from pathlib import Path

import pytest

from service.cases.documents import (
    KINDS,
    TemplateShelf,
    TemplateVersion,
    built_in,
    bureau_template,
    check_content,
    check_template,
)
from service.cases.documents.errors import NoTemplateError, TemplateChangedError, TemplateError, UnknownKindError
from service.cases.documents.package import packed, read_parts
from tests.unit.cases.documents.document_kit import MAIN, changed, with_words, with_xml, without

ROOT = Path(__file__).parents[4]
KIND = KINDS["stop_order"]


def faults_of(content: bytes, kind: str = "stop_order") -> list[str]:
    with pytest.raises(TemplateError) as caught:
        check_content(content, KINDS[kind])
    faults = caught.value.measured["faults"]
    assert isinstance(faults, list) and faults
    return faults


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_templates_are_sound(kind: str) -> None:
    used = check_content(built_in(kind).content, KINDS[kind])
    assert set(KINDS[kind].needs) - used.names <= {"officers", "officers_line", "party", "parties"}


def test_the_shipped_templates_are_what_the_script_makes(tmp_path: Path) -> None:
    script = ROOT / "tools" / "make_templates.py"
    runpy.run_path(str(script))["write"](tmp_path)
    for kind in KINDS:
        assert read_parts((tmp_path / f"{kind}.docx").read_bytes()) == read_parts(built_in(kind).content), kind


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("{{ colour }}", "unknown placeholder: colour"),
        ("{{ party.__class__ }}", "unknown placeholder: party.__class__"),
        ("{% for p in parties %}{{ p.__init__ }}{% endfor %}", "unknown placeholder: p.__init__"),
        ("{% for p in parties %}{{ p.salary }}{% endfor %}", "unknown placeholder: p.salary"),
        ("{{ ''.__class__.__mro__ }}", "unknown placeholder: ?.__mro__"),
        ("{{ party['__class__'] }}", "a getitem is not allowed"),
        ("{{ range(1000000000) }}", "a call is not allowed"),
        ("{{ lipsum.__globals__ }}", "unknown placeholder: lipsum"),
        ("{{ self.__init__() }}", "a call is not allowed"),
        ("{{ party|upper }}", "a filter is not allowed"),
        ("{{ party ~ place }}", "a concat is not allowed"),
        ("{{ 9**9**9 }}", "a pow is not allowed"),
        ("{{ 'x' * 1000000000 }}", "a mul is not allowed"),
        ("{% set x = 1 %}", "a assign is not allowed"),
        ("{% include '/etc/passwd' %}", "a include is not allowed"),
        ("{% import 'os' as os %}", "a import is not allowed"),
        ("{% macro m() %}{% endmacro %}", "a macro is not allowed"),
        ("{% raw %}{{ party }}{% endraw %}{{ party is callable }}", "a test is not allowed"),
        ("{% if party == 'x' %}y{% endif %}", "an if cannot ask for a compare"),
        ("{% if cycler() %}y{% endif %}", "an if cannot ask for a call"),
        ("{% for x in range(9) %}y{% endfor %}", "a list is written"),
        ("{% for x in party %}y{% endfor %}", "party is no list"),
        ("{% for party in parties %}y{% endfor %}", "cannot be called party"),
        ("{% for a in goods %}{% for b in goods %}{% for c in goods %}{% for d in goods %}x"
         "{% endfor %}{% endfor %}{% endfor %}{% endfor %}", "nested too deeply"),
        ("{{ goods }}", "goods cannot be written"),
        ("{{ hearing_offered }}", "hearing_offered cannot be written"),
        ("{% for p in parties %}{{ p }}{% endfor %}", "an item cannot be written itself: p"),
        ("{% if party %}", "cannot be read"),
        ("{{ party", "cannot be read"),
        ("{{p party }}", "between paragraphs"),
        ("{{ party }}" * 3001, "more than 3000 placeholders"),
    ],
)  # fmt: skip
def test_of_jinja_only_the_small_language_is_taken(words: str, said: str) -> None:
    faults = faults_of(with_words("stop_order", words))
    assert any(said in fault for fault in faults), faults


def test_every_fault_is_told() -> None:
    def change(parts: dict[str, bytes]) -> None:
        parts[MAIN] = parts[MAIN].replace(b"{{ party }}", b"{{ partei }}").replace(b"{{ facts }}", b"{{ fax }}")

    assert faults_of(changed("stop_order", change)) == [
        "unknown placeholder: partei",
        "unknown placeholder: fax",
        "the placeholder party is missing",
        "the placeholder facts is missing",
    ]


def test_a_needed_placeholder_may_be_told_in_another_form() -> None:
    plain = without("stop_order", "party")
    assert faults_of(plain) == ["the placeholder party is missing"]
    words = "{% for p in parties %}{{ p.name }}{% endfor %}"

    def change(parts: dict[str, bytes]) -> None:
        parts[MAIN] = parts[MAIN].replace(b"{{ party }}", words.encode())

    check_content(changed("stop_order", change), KIND)


def put(name: str, content: bytes) -> bytes:
    return changed("stop_order", lambda parts: parts.__setitem__(name, content))


RELATION = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" Target="{}" TargetMode="{}"/>'
    "</Relationships>"
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no Word file"),
        (b"not a zip", "no Word file"),
        (b"PK\x03\x04" + bytes(60), "no Word file"),
        (put("word/vbaProject.bin", b"x"), "macros"),
        (put("word/activeX/activeX1.xml", b"<a/>"), "macros or controls"),
        (put("word/embeddings/oleObject1.bin", b"x"), "neither text nor a picture"),
        (put("word/media/image1.emf", b"x"), "neither text nor a picture"),
        (put("word/_rels/settings.xml.rels", RELATION.format("attachedTemplate", "http://x.cn/t.dotm", "External")
             .encode()), "it leads outside: attachedTemplate"),
        (put("word/_rels/header1.xml.rels", RELATION.format("image", "file:///etc/passwd", "external").encode()),
         "it leads outside: image"),
        (put("word/endnotes.xml", b"<a>{{ party }}</a>"), "never filled"),
        (put("docProps/core.xml", b"<a>{{ party }}</a>"), "never filled"),
        (put("word/styles.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "definitions of its own"),
        (put("word/styles.xml", b"<a>"), "no XML"),
        (put("word/styles.xml", b"<a>" + b"x" * (2 << 20) + b"</a>"), "more than"),
        (with_xml("stop_order", "<w:p><w:fldSimple w:instr='INCLUDEPICTURE \"http://x.cn/a.png\"'/></w:p>"), "a field"),
        (with_xml("stop_order", "<w:p><w:r><w:instrText>DDEAUTO c:\\x</w:instrText></w:r></w:p>"), "a field"),
        (put("word/footnotes.xml", b'<s:a xmlns:s="http://purl.oclc.org/ooxml/wordprocessingml/main"><s:fldSimple '
             b's:instr="INCLUDETEXT c:/x"/></s:a>'), "a field"),
        (with_xml("stop_order", '<w:p><w:r><w:pict><v:imagedata xmlns:v="urn:schemas-microsoft-com:vml" '
                  'src="http://x.cn/a.png"/></w:pict></w:r></w:p>'), "an address"),
        (with_xml("stop_order", '<w:p><w:bookmarkStart w:id="1" w:name="&#123;&#123; party }}"/></w:p>'), "no text is"),
        (with_xml("stop_order", "<w:p><w:r><w:instrText>{{ party }}</w:instrText></w:r></w:p>"), "a field"),
        (with_xml("stop_order", '<w:p><w:bookmarkStart w:id="1" w:name="{{ party }}"/></w:p>'), "where no text is"),
        (with_xml("stop_order", '<w:altChunk r:id="rId9"/>'), "an embedded object or another document"),
        (with_xml("stop_order", "<w:p><w:r><w:t>{% if party %}</w:t></w:r></w:p><w:tbl><w:tblGrid><w:gridCol/>"
                  "</w:tblGrid><w:tr><w:tc><w:p><w:r><w:t>{% endif %}</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"),
         "parts that do not match"),
    ],
)  # fmt: skip
def test_a_template_neither_runs_nor_reaches_out(content: bytes, said: str) -> None:
    faults = faults_of(content)
    assert any(said in fault for fault in faults), faults


def test_a_bomb_is_not_unpacked() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"word/media/{number}.png", bytes(20 << 20))
    assert len(target.getvalue()) < 200_000
    assert "unpacks to" in faults_of(target.getvalue())[0]
    crowd = packed({f"word/{number}.xml": b"<a/>" for number in range(401)})
    assert "401 parts" in faults_of(crowd)[0]


def test_a_size_that_lies_is_not_believed() -> None:
    good = bytearray(packed({"[Content_Types].xml": b"<a/>", MAIN: b"<a>" + b"y" * 5000 + b"</a>"}))
    # the directory tells 7 bytes of what unpacks to more
    at = good.rindex(MAIN.encode()) - 46
    good[at + 24 : at + 28] = (7).to_bytes(4, "little")
    assert faults_of(bytes(good))


def test_a_part_twice_is_refused() -> None:
    target = io.BytesIO(built_in("stop_order").content)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("WORD/document.xml", b"<other/>")
    assert "holds a part twice" in faults_of(target.getvalue())[0]


def test_what_is_split_over_runs_in_word_is_read_together() -> None:
    runs = "<w:p><w:r><w:t>{{ pla</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>ce }}</w:t></w:r></w:p>"
    check_content(with_xml("stop_order", runs), KIND)
    bad = runs.replace("ce }}", "ce.__class__ }}")
    assert faults_of(with_xml("stop_order", bad)) == ["unknown placeholder: place.__class__"]


def own(kind: str, day: date, words: str) -> TemplateVersion:
    return bureau_template(kind, with_words(kind, words), day)


def test_the_newest_of_the_day_is_taken() -> None:
    first, second = own("reminder", date(2025, 1, 1), "甲"), own("reminder", date(2026, 7, 1), "乙")
    shelf = TemplateShelf([second, first])
    assert shelf.for_day("reminder", date(2024, 6, 1)).source == "built_in"
    assert shelf.for_day("reminder", date(2025, 1, 1)) == first
    assert shelf.for_day("reminder", date(2026, 6, 30)) == first
    assert shelf.for_day("reminder", date(2026, 7, 1)) == second
    assert [one.effective_from for one in shelf.of_kind("reminder")] == [
        date(2026, 7, 1),
        date(2025, 1, 1),
        date(2012, 1, 1),
    ]
    assert shelf.for_day("announcement", date(2026, 7, 1)).source == "built_in"


def test_of_one_day_the_bureaus_own_comes_first() -> None:
    mine = own("rights_notice", date(2021, 7, 15), "甲")
    assert TemplateShelf([mine]).for_day("rights_notice", date(2026, 1, 1)) == mine


def test_a_shipped_template_is_not_taken_before_its_laws_hold() -> None:
    """Before 2021-07-15 the older penalty law held, with three days to ask for a hearing."""
    shelf = TemplateShelf()
    assert shelf.for_day("rights_notice", date(2021, 7, 15)).kind == "rights_notice"
    with pytest.raises(NoTemplateError, match="2021-07-15"):
        shelf.for_day("rights_notice", date(2021, 7, 14))
    older = own("rights_notice", date(2018, 1, 1), "甲")
    assert TemplateShelf([older]).for_day("rights_notice", date(2021, 7, 14)) == older
    assert shelf.for_day("goods_list", date(1990, 1, 1)).source == "built_in"


def test_a_template_whose_law_was_replaced_is_not_taken() -> None:
    good = built_in("stop_order")
    ended = TemplateVersion(good.kind, date(2025, 1, 1), good.content, good.sha256, "bureau", date(2025, 12, 31))
    shelf = TemplateShelf([ended])
    assert shelf.for_day("stop_order", date(2025, 12, 31)) == ended
    assert shelf.for_day("stop_order", date(2026, 1, 1)).source == "built_in"


def test_a_version_never_changes() -> None:
    one, other = own("reminder", date(2025, 1, 1), "甲"), own("reminder", date(2025, 1, 1), "乙")
    assert len(TemplateShelf([one, one]).of_kind("reminder")) == 2
    with pytest.raises(TemplateChangedError, match="2025-01-01"):
        TemplateShelf([one, other])
    with pytest.raises(UnknownKindError):
        TemplateShelf().of_kind("parking_ticket")


def test_templates_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "reminder@2026-01-01.docx").write_bytes(with_words("reminder", "甲"))
    (tmp_path / "~$minder@2026-01-01.docx").write_bytes(b"lock")
    (tmp_path / "notes.txt").write_text("x")
    shelf = TemplateShelf.of_folder(tmp_path)
    assert shelf.for_day("reminder", date(2026, 1, 1)).source == "bureau"
    assert TemplateShelf.of_folder(tmp_path / "none").for_day("reminder", date(2026, 1, 1)).source == "built_in"
    for name in ("reminder.docx", "reminder@2026-02-30.docx", "ticket@2026-01-01.docx"):
        folder = tmp_path / name.replace(".", "_")
        folder.mkdir()
        (folder / name).write_bytes(with_words("reminder", "甲"))
        with pytest.raises(TemplateError, match="not named as a template"):
            TemplateShelf.of_folder(folder)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="cannot be read"):
        check_template(tmp_path / "none.docx", KIND)
