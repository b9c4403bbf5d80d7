"""Rulebooks as data: what is refused and why, what extends what, what holds when."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import yaml

from geodata.assess import flat_text, parse_book, shipped_book, shipped_names, shipped_text
from geodata.assess.differences import book_differences
from geodata.assess.vocabulary import FACTS
from geodata.errors import RulebookError

HEAD = "id: here\nversion: 1\njurisdiction: '130400'\ntitle: {en: Here, zh: 本地}\n"
RULE = {
    "code": "too_high",
    "about": "structure",
    "category": "against_plan",
    "basis": "local",
    "when": [{"fact": "structure.height_m", "more_than": 9}],
    "message": {"en": "{structure.height_m} high", "zh": "高{structure.height_m}"},
}
LOCAL = {"local": {"text": "某条例第1条", "en": "Local rules Art. 1"}}


def book_of(**more: object) -> str:
    """A local rulebook over the national base with one rule."""
    told = {"extends": "cn", "articles": LOCAL, "rules": [RULE], **more}
    return HEAD + yaml.safe_dump(told, allow_unicode=True)


def faults(text: str) -> str:
    """All faults of a rulebook in one line."""
    with pytest.raises(RulebookError) as caught:
        parse_book(text, "here.yaml")
    return "; ".join(caught.value.measured["faults"])  # type: ignore[arg-type]


def test_every_shipped_rulebook_is_sound_and_says_the_same_flat() -> None:
    for name in shipped_names():
        book = shipped_book(name)
        assert parse_book(flat_text(book), name) == book
    assert shipped_names() == ["cn", "cn-pingdingshan", "cn-zhejiang"]


def test_the_template_is_sound_as_it_is() -> None:
    assert parse_book(shipped_text("template"), "template").rules.rules == shipped_book("cn").rules.rules


def test_no_shipped_rulebook_invents_a_figure() -> None:
    for name in shipped_names():
        rules = shipped_book(name).rules
        assert rules.tolerances == () and set(rules.limits.values()) == {None} and rules.minimum_area_m2 == {}


def test_a_local_rulebook_adds_replaces_and_leaves_out() -> None:
    base = shipped_book("cn").rules
    gone = {**RULE, "code": "gone", "alleges": False, "basis": ""}
    rules = parse_book(book_of(rules=[RULE, gone], without=["spacing"], rests_on={"setback": "local"}), "here").rules
    by_name = {rule.name: rule for rule in rules.rules}
    assert set(by_name) == {rule.name for rule in base.rules} - {"spacing"} | {"too_high"}
    assert by_name["gone"].when == by_name["too_high"].when
    assert by_name["setback"].basis == "local"
    assert [rule.name for rule in rules.rules][0] == "gone"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"when": [{"fact": "structure.colour", "is": "blue"}]}, "there is no fact 'structure.colour'"),
        ({"when": [{"fact": "permit.height_m", "more_than": 3}]}, "cannot ask for permit.height_m"),
        ({"when": [{"fact": "structure.height_m", "is": "high"}]}, "not is"),
        ({"when": [{"fact": "structure.height_m"}]}, "one operator"),
        ({"when": [{"fact": "structure.height_m", "more_than": "structure.stage"}]}, "neither a value nor a measure"),
        ({"when": [{"fact": "structure.village", "is": "perhaps"}]}, "write true or false"),
        ({"basis": ""}, "names no article"),
        ({"basis": "nowhere"}, "neither an article nor a choice"),
        ({"consequence": "prison"}, "no known consequence"),
        ({"unless_told": ["later"]}, "not before it"),
        ({"colour": "red"}, "Extra inputs are not permitted"),
        ({"category": "ugly"}, "Input should be"),
        ({"message": {"en": "{structure.colour}", "zh": ""}}, "there is no fact 'structure.colour'"),
    ],
)
def test_a_faulty_rule_is_named(change: dict[str, object], said: str) -> None:
    assert said in faults(book_of(rules=[{**RULE, **change}]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "expected"),
        ("- a", "not a mapping"),
        (book_of(extends="mars"), "mars"),
        (book_of(without=["never"]), "never"),
        (book_of(tolerances=[{"measure": "area", "basis": "local", "fictitious": True}]), "fictitious"),
        (book_of(tolerances=[{"measure": "area", "basis": "mars"}]), "no article"),
        (book_of(authorities=[{"when": [{"fact": "structure.village", "is": True}], "take": "x"}]), "always competent"),
        (book_of(rules=[RULE, RULE]), "two rules are called too_high"),
    ],
)
def test_a_faulty_rulebook_is_refused(text: str, said: str) -> None:
    with pytest.raises(RulebookError) as caught:
        parse_book(text, "here.yaml")
    assert said in str(caught.value) and caught.value.remedy


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (HEAD + "rules: [\n", 6, "no YAML"),
        (HEAD + "version: 2\n", 5, "version stands there twice"),
        (HEAD + "extends: cn\ncolour: red\n", 6, "colour"),
        (HEAD + "extends: mars\n", 5, "extends: There is no rulebook 'mars'"),
        (HEAD + "extends: cn\nwithout: [never]\n", 6, "never"),
        (HEAD + "extends: cn\narticles:\n  local: {text: 某条, en: Art.}\nrules:\n"
         "  - {code: odd, about: structure, category: none, alleges: false, when: [], message: {en: a, zh: a}}\n"
         "  - {code: bad, about: structure, category: none, basis: nowhere, when: [], message: {en: a, zh: a}}\n",
         10, "rests on 'nowhere'"),
        (HEAD + "extends: cn\nsince: 2026-05-01\nuntil: 2026-04-30\n", 7, "before it begins"),
        ("a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)), 6, "unfold"),
        ("a: &a [*a]\n", 1, "holds itself"),
        ("[" * 20_000, None, "cannot be used"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line(text: str, line: int | None, said: str) -> None:
    with pytest.raises(RulebookError) as caught:
        parse_book(text, "rulebook")
    assert said in caught.value.message, caught.value.message
    assert line is None or (caught.value.measured["line"] == line and f"line {line}:" in caught.value.message)


def test_the_day_on_which_it_begins_can_be_told_beside_the_text() -> None:
    book = parse_book(book_of(), "here", since=date(2026, 3, 1))
    assert book.rules.since == date(2026, 3, 1) and book.name != parse_book(book_of(), "here").name
    assert parse_book(flat_text(book), "here") == book


def test_what_a_rulebook_says_otherwise_is_told_part_by_part() -> None:
    base = shipped_book("cn").rules
    assert book_differences(base, base) == []
    rules = parse_book(book_of(without=["spacing"], limits={"spacing_m": 6}), "here").rules
    found = {(one.part, one.name): one for one in book_differences(base, rules)}
    assert found["rules", "too_high"].kind == "added" and found["rules", "spacing"].kind == "removed"
    limit = found["limits", "spacing_m"]
    assert (limit.kind, limit.before, limit.after) == ("changed", None, 6.0)
    assert found["articles", "local"].after == {"text": "某条例第1条", "en": "Local rules Art. 1"}
    assert found["title", ""].kind == "changed"
    turned = rules.model_copy(update={"rules": tuple(reversed(rules.rules))})
    assert [one.part for one in book_differences(rules, turned)] == ["order"]


def test_a_rulebook_holds_between_its_days() -> None:
    book = parse_book(book_of(since=date(2026, 1, 1), until=date(2026, 12, 31)), "here")
    assert book.require_in_effect(datetime(2026, 12, 31, 15, tzinfo=UTC)) == date(2026, 12, 31)
    with pytest.raises(RulebookError, match="2027-01-01"):
        book.require_in_effect(datetime(2026, 12, 31, 17, tzinfo=UTC))  # New Year in Beijing


def test_rules_hold_between_their_days() -> None:
    book = parse_book(book_of(rules=[{**RULE, "since": date(2026, 5, 1)}]), "here").rules
    assert "too_high" not in {r.name for r in book.rules_on(date(2026, 4, 30))}
    assert "too_high" in {r.name for r in book.rules_on(date(2026, 5, 1))}


def test_the_checksum_follows_the_content_alone() -> None:
    assert parse_book(book_of(), "a").checksum == parse_book(book_of() + "\n# a remark\n", "b").checksum
    assert parse_book(book_of().replace("version: 1", "version: 2"), "a").name != parse_book(book_of(), "a").name


def test_every_fact_has_a_meaning_and_a_subject_of_its_own() -> None:
    assert all(fact.meaning and "." in name for name, fact in FACTS.items())
