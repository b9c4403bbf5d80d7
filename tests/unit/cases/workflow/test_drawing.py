"""The page and the picture of the state machine are those of the table."""

from __future__ import annotations

import hashlib
from pathlib import Path

from service.cases.events import KINDS
from service.cases.workflow.conditions import CONDITIONS
from service.cases.workflow.drawing import as_dot, as_markdown
from service.cases.workflow.guards import GUARDS
from service.cases.workflow.regions import REGIONS
from service.cases.workflow.table import BACK, RULES, WHO

DOCS = Path(__file__).parents[4] / "docs"


def test_the_page_and_the_picture_are_made_from_the_table_as_it_stands() -> None:
    made = "run tools/draw_workflow.py"
    assert as_markdown() in (DOCS / "workflow.md").read_text("utf-8"), made
    mark = hashlib.sha256(as_dot().encode()).hexdigest()
    assert f"<!-- dot {mark} -->" in (DOCS / "images/workflow.svg").read_text("utf-8"), made


def test_every_event_has_its_rule_and_every_name_in_the_table_means_something() -> None:
    assert set(KINDS) - {"corrected"} == set(RULES)
    used = {guard for rule in RULES.values() for guard in rule.guards}
    assert used == set(GUARDS)
    conditions = {way.when for rule in RULES.values() for way in rule.ways if way.when}
    assert conditions == set(CONDITIONS)
    for rule in RULES.values():
        assert set(rule.who) <= set(WHO) and rule.ways
        for way in rule.ways:
            for region, goes in way.to.items():
                assert goes == BACK or goes in REGIONS[region], (rule.event, goes)


def test_a_guard_asks_only_for_facts_that_its_events_must_tell() -> None:
    for rule in RULES.values():
        needed = {fact.name for fact in KINDS[rule.event].facts if fact.needed}
        for name in rule.guards:
            assert set(GUARDS[name].asks) <= needed, (rule.event, name)
