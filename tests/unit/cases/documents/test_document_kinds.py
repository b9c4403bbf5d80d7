"""What kinds of documents there are, and what each rests on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from service.cases.documents import KINDS, DocumentKind, kind_named
from service.cases.documents.errors import UnknownKindError
from service.cases.documents.kinds import read_kinds
from service.cases.documents.placeholders import PLACEHOLDERS, REFERENCES
from service.cases.events import FLOWS
from service.cases.events import KINDS as EVENTS


def test_the_twelve_printed_by_a_bureau_and_the_seven_added() -> None:
    assert [kind.title_zh for kind in KINDS.values()] == [
        "立案审批表",
        "勘验检查笔录",
        "询问笔录",
        "责令停止违法行为通知书",
        "责令限期改正（整改）通知书",
        "陈述、申辩（听证）权利告知书",
        "行政处罚审批表",
        "责令限期拆除决定书",
        "行政处罚决定书",
        "拆除催告通知书",
        "拆除公告通知书",
        "结案登记表",
        "送达回证",
        "法制审核意见",
        "听证通知书",
        "听证笔录",
        "强制执行决定书",
        "物品清单",
        "移送函",
    ]


def test_the_nine_words_of_serials_are_each_carried_by_one_kind() -> None:
    words = [kind.word for kind in KINDS.values() if kind.word]
    assert sorted(words) == sorted(["立", "停", "改", "告", "审", "拆", "处", "催", "公告"])


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_knows_only_what_there_is(kind: DocumentKind) -> None:
    assert set(kind.needs) <= set(PLACEHOLDERS)
    assert kind.served_by and set(kind.served_by) <= set(EVENTS)
    assert kind.flow is None or kind.flow in FLOWS
    assert all(PLACEHOLDERS[name].form != "flag" for name in kind.needs)


def test_three_flows_of_approval_have_a_form_each() -> None:
    assert {kind.flow for kind in KINDS.values() if "approval" in kind.name or "closure" in kind.name} == set(FLOWS)


def test_the_rights_notice_rests_on_the_law_of_2021() -> None:
    """A practising bureau's notice still told article 32 and three days (finding 7 of the domain reference)."""
    notice = KINDS["rights_notice"]
    assert {article.number for article in notice.basis} >= {44, 63, 64, 85}
    assert notice.basis[0].text == "《中华人民共和国行政处罚法》第四十四条"
    assert notice.laws[0].version == "2021"
    assert notice.since == date(2021, 7, 15)
    assert notice.until is None


def test_a_kind_holds_from_the_youngest_of_its_laws_to_the_end_of_the_first() -> None:
    text = """
laws:
  old: {zh: 旧法, en: Old, version: "2000", effective: 2001-01-01, until: 2026-12-31}
  new: {zh: 新法, en: New, version: "2020", effective: 2021-05-01, effective_from_memory: true}
kinds:
  letter: {zh: 函, en: Letter, basis: [old/1, new/12], needs: [bureau], served_by: [transferred]}
"""
    letter = read_kinds(text)["letter"]
    assert (letter.since, letter.until) == (date(2021, 5, 1), date(2026, 12, 31))
    assert [law.told for law in letter.laws] == [
        "旧法（2000，2001-01-01起施行）",
        "新法（2020，2021-05-01起施行，施行日期待核）",
    ]


def test_the_page_lists_kinds_with_their_laws_and_words() -> None:
    page = (Path(__file__).parents[4] / "docs" / "documents.md").read_text(encoding="utf-8")
    for kind in KINDS.values():
        assert f"| `{kind.name}` | {kind.title_zh} | {kind.word or ''} |" in page
        assert all(f"| {law.title_zh} | {law.version} | {law.effective} |" in page for law in kind.laws)
    single = [name for name in PLACEHOLDERS if not name.startswith("term_")]
    earlier = [f"{name}_{part}" for name in REFERENCES for part in ("title", "serial", "on")]
    assert [name for name in single if name not in earlier and f"| `{name}` |" not in page] == []


def test_an_unknown_kind_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownKindError, match="stop_order"):
        kind_named("parking_ticket")
