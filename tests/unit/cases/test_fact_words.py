"""Every fact and every choice has a name in both languages."""

from __future__ import annotations

from service.cases.events import KINDS
from service.cases.fact_words import CHOICE_TITLES, FACT_TITLES, value_words

FACTS = [fact for kind in KINDS.values() for fact in kind.facts]


def test_every_fact_and_every_choice_is_called_something() -> None:
    assert {fact.name for fact in FACTS} <= set(FACT_TITLES)
    assert {choice for fact in FACTS for choice in fact.choices} <= set(CHOICE_TITLES)
    assert set(CHOICE_TITLES) == {choice for fact in FACTS for choice in fact.choices}
    assert all(en and zh for en, zh in [*FACT_TITLES.values(), *CHOICE_TITLES.values()])


def test_values_are_read_as_people_write_them() -> None:
    assert value_words(True) == ("yes", "是")
    assert value_words(132.0) == ("132", "132")
    assert value_words(["fast", "x"]) == ("fast path, x", "快速、x")
    assert value_words({"urgent": False}) == ("Urgent: no", "情况紧急：否")
