"""Every kind is filled; what is missing is told; what values hold stays text."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

import pytest
from docx import Document
from PIL import Image

from service.cases.documents import KINDS, DocumentFacts, built_in, bureau_template, context_of, fill
from service.cases.documents.errors import FactError, MissingFactsError
from service.cases.documents.facts import Bureau, Money, Party, Picture, Term
from service.cases.documents.package import read_parts
from service.cases.documents.sample import sample_facts
from service.cases.events import Path
from tests.unit.cases.documents.document_kit import MAIN, text_of, with_words


def made(kind: str, facts: DocumentFacts | None = None) -> bytes:
    return fill(built_in(kind), context_of(facts or sample_facts(kind)))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_filled_from_the_facts(kind: str) -> None:
    facts = sample_facts(kind)
    document = made(kind)
    text = text_of(document)
    assert facts.bureau.name in text
    assert KINDS[kind].title_zh in text
    assert facts.serial is None or facts.serial in text
    assert "{" not in text and "}" not in text and "None" not in text
    needed = context_of(facts)
    for name in KINDS[kind].needs:
        if isinstance(needed[name], str):
            assert all(line in text for line in needed[name].split("\n")), name
    # Word's own reader finds its way
    assert Document(io.BytesIO(document)).core_properties.title == KINDS[kind].title_zh


def test_the_same_facts_give_the_same_bytes() -> None:
    assert made("goods_list") == made("goods_list")


def test_a_template_tells_its_law_in_the_properties_and_not_in_print() -> None:
    document = made("rights_notice")
    told = Document(io.BytesIO(document)).core_properties
    assert "2021-07-15" in told.comments and "行政处罚法（2021" in told.comments
    assert told.keywords == "template 1; effective from 2021-07-15"
    assert "2021-07-15" not in text_of(document)


def test_every_missing_fact_is_told_at_once() -> None:
    with pytest.raises(MissingFactsError) as caught:
        made("stop_order", DocumentFacts(Bureau("示范局")))
    assert caught.value.measured["missing"] == [
        "basis",
        "facts",
        "made_on",
        "officers",
        "officers_line",
        "party",
        "place",
        "serial",
    ]
    assert "法律依据" in str(caught.value)


def test_what_stands_behind_a_condition_is_missing_only_where_it_would_be_written() -> None:
    facts = sample_facts("penalty_decision")
    unpaid = replace(facts, money=None)
    assert "罚款48,250元" not in text_of(made("penalty_decision", unpaid))
    nowhere = replace(facts, money=Money(48_250))
    with pytest.raises(MissingFactsError) as caught:
        made("penalty_decision", nowhere)
    assert caught.value.measured["missing"] == ["pay_to"]


def test_a_fine_is_told_in_figures_and_capitals_with_its_terms() -> None:
    text = text_of(made("penalty_decision"))
    assert "罚款48,250元（人民币肆万捌仟贰佰伍拾元整）" in text
    assert "15日内缴至" in text
    assert "60日内向示范市人民政府申请行政复议" in text and "6个月内依法向示范市中心区人民法院" in text


def test_the_land_path_tells_fifteen_days_to_sue() -> None:
    """土地管理法 83; on the other paths 行政诉讼法 46."""
    land = text_of(made("demolition_order", replace(sample_facts("demolition_order"), path=Path.LAND)))
    assert "15日内依法向示范市中心区人民法院提起行政诉讼" in land and "第八十三条" in land
    assert "第六十八条" not in land and "6个月" not in land
    slow = text_of(made("demolition_order"))
    assert "第八十三条" not in slow and "第六十八条" in slow


def test_fifteen_days_run_only_against_an_order_to_demolish() -> None:
    facts = replace(sample_facts("penalty_decision"), path=Path.LAND)
    with pytest.raises(MissingFactsError) as caught:
        made("penalty_decision", facts)
    assert caught.value.measured["missing"] == ["term_suit"]
    fined = text_of(made("penalty_decision", replace(facts, demolition_ordered=False)))
    assert "6个月内依法向" in fined and "第八十三条" not in fined
    ordered = text_of(made("penalty_decision", replace(facts, demolition_ordered=True)))
    assert "15日内依法向" in ordered and "第八十三条" in ordered


def test_a_hearing_is_offered_only_where_the_facts_say_so() -> None:
    facts = sample_facts("rights_notice")
    assert "5个工作日内向本机关提出。你（单位）不承担" in text_of(made("rights_notice", facts))
    without = text_of(made("rights_notice", replace(facts, hearing_offered=False)))
    assert "第六十三条" not in without and "第四十四条" in without


def test_a_term_of_the_facts_is_told_with_its_last_day() -> None:
    facts = replace(sample_facts("reminder"), terms={"reminder": Term(10, "working_day", date(2027, 5, 8))})
    assert "10个工作日内（至2027年5月8日止）" in text_of(made("reminder", facts))


NASTY = "甲<w:p/>&公司{{ 7*7 }}{% for x in y %}{_{]]>\"'\x0b\x07\u202eEND"


def test_what_a_name_holds_stays_text() -> None:
    facts = replace(sample_facts("stop_order"), parties=(Party(NASTY),))
    document = made("stop_order", facts)
    text = text_of(document)
    assert "甲<w:p/>&公司{{ 7*7 }}{% for x in y %}{_{]]>\"'   END：" in text
    assert "49" not in text
    assert text.count("\n") == text_of(made("stop_order")).count("\n")


def test_a_line_break_begins_a_paragraph_of_the_same_look() -> None:
    facts = replace(sample_facts("stop_order"), facts="第一段。\r\n第二段。")
    paragraphs = {p.text: p for p in Document(io.BytesIO(made("stop_order", facts))).paragraphs}
    first, second = paragraphs["第一段。"], paragraphs["第二段。"]
    assert first.paragraph_format.first_line_indent == second.paragraph_format.first_line_indent is not None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cause": "长" * 20_001}, "20,001 characters"),
        ({"evidence": ("证",) * 501}, "501 rows"),
    ],
)
def test_a_document_has_an_end(change: dict[str, str], said: str) -> None:
    with pytest.raises(FactError, match=said):
        made("penalty_approval", replace(sample_facts("penalty_approval"), **change))


def photograph(form: str, size: tuple[int, int], turned: bool = False) -> bytes:
    picture = Image.new("RGB", size, (10, 90, 40))
    exif = Image.Exif()
    exif[0x010F] = "SECRETCAM"
    if turned:
        exif[0x0112] = 6
    target = io.BytesIO()
    picture.save(target, form, exif=exif)
    return target.getvalue()


def test_a_photograph_is_printed_upright_and_without_what_the_camera_wrote() -> None:
    facts = replace(
        sample_facts("inspection_record"),
        map_picture=None,
        photographs=(Picture(photograph("JPEG", (2000, 1000), turned=True), "东面"),),
    )
    document = made("inspection_record", facts)
    parts = read_parts(document)
    (name,) = [name for name in parts if name.startswith("word/media/")]
    with Image.open(io.BytesIO(parts[name])) as printed:
        assert printed.size == (800, 1600)
    assert b"SECRETCAM" not in parts[name]
    assert "照片1　东面" in text_of(document) and "位置图" not in text_of(document)


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"GIF89a" + bytes(40), photograph("JPEG", (90, 90))[:300]])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    facts = replace(sample_facts("inspection_record"), map_picture=Picture(content, "图"))
    with pytest.raises(FactError, match="map_picture"):
        made("inspection_record", facts)


def test_boxes_are_ticked() -> None:
    text = text_of(made("delivery_receipt"))
    assert "☑ 直接送达" in text and "□ 留置送达" in text and text.count("☑") == 1


def test_a_list_of_goods_has_a_row_for_each() -> None:
    table = Document(io.BytesIO(made("goods_list"))).tables[0]
    assert [[cell.text for cell in row.cells][:4] for row in table.rows] == [
        ["序号", "名称", "规格、型号", "数量"],
        ["1", "木桌", "1.2米×0.6米", "2张"],
        ["2", "冰柜", "示例牌300升", "1台"],
        ["3", "铝合金门窗", "", "6樘"],
    ]


def test_a_bureaus_own_template_is_filled() -> None:
    words = "{% if not statement %}无陈述{% else %}有陈述：{{ statement }}{% endif %}"
    words += "{% for p in parties %}{{ loop.index }}{{ p.name }}{% endfor %}"
    own = bureau_template("stop_order", with_words("stop_order", words), date(2026, 1, 1))
    facts = sample_facts("stop_order")
    assert f"有陈述：{facts.statement}1赵某某（示例）" in text_of(fill(own, context_of(facts)))
    assert "无陈述1赵某某" in text_of(fill(own, context_of(replace(facts, statement=""))))


def test_nothing_of_the_filled_document_leads_outside() -> None:
    parts = read_parts(made("stop_order"))
    assert not [name for name, part in parts.items() if b'TargetMode="External"' in part]
    assert b"INCLUDEPICTURE" not in parts[MAIN]
