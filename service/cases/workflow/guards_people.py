"""Guards on who acts: two officers, another person, the levels of approval."""

from __future__ import annotations

from service.cases.events import CaseEvent
from service.cases.workflow.context import Context, Guard, No
from service.cases.workflow.standing import Standing


def _two(names: list[str], c: Context) -> No | None:
    distinct = set(names)
    if len(distinct) < 2:
        return No(
            f"{len(distinct)} officer is named; two are needed.",
            f"仅有{len(distinct)}名执法人员，应当不少于两人。",
            "Name both officers who were there.",
        )
    strangers = sorted(distinct - c.known_officers) if c.known_officers is not None else []
    if strangers:
        return No(
            f"Not known as officers: {', '.join(strangers)}.",
            f"以下人员不具备执法资格：{'、'.join(strangers)}。",
            "Name officers who hold the role in this bureau.",
        )
    return None


def _two_officers(_: Standing, e: CaseEvent, c: Context) -> No | None:
    return _two(list(e.facts["officers"]), c)


def _two_handlers(_: Standing, e: CaseEvent, c: Context) -> No | None:
    return _two(list(e.facts["handlers"]), c)


def _two_named(s: Standing, _: CaseEvent, c: Context) -> No | None:
    return _two(list(s.handlers), c)


def _seen_by_two(s: Standing, _: CaseEvent, __: Context) -> No | None:
    if any(len(set(event.facts["officers"])) >= 2 for event in s.all("inspected")):
        return None
    return No(
        "No inspection on site by two officers is recorded.",
        "没有两名以上执法人员的现场勘验记录。",
        "Record the inspection (inspected) first.",
    )


def _another(s: Standing, c: Context, what: str, what_zh: str) -> No | None:
    if c.actor.person_id not in s.investigators:
        return None
    return No(
        f"{c.actor.person_id} handled or inspected this case and cannot {what}.",
        f"{c.actor.person_id}为本案承办或勘验人员，不得{what_zh}。",
        "Another person does this.",
    )


def _another_reviews(s: Standing, _: CaseEvent, c: Context) -> No | None:
    return _another(s, c, "review it", "担任法制审核人员")


def _another_decides(s: Standing, _: CaseEvent, c: Context) -> No | None:
    return _another(s, c, "approve it", "审批")


def _another_chairs(s: Standing, e: CaseEvent, _: Context) -> No | None:
    chair = str(e.facts["chair"])
    if chair not in s.investigators:
        return None
    return No(
        f"{chair} handled or inspected this case and cannot chair its hearing.",
        f"{chair}为本案调查人员，不得主持听证。",
        "Another person chairs the hearing.",
    )


def _next_level(s: Standing, e: CaseEvent, c: Context) -> No | None:
    flow, level = str(e.facts["flow"]), str(e.facts["level"])
    levels, given = c.options.levels.get(flow, ()), s.granted(flow)
    if s.regions[flow] != "asked":
        return No(f"Approval of {flow} is not asked for.", "尚未提请审批。", "Tell approval_asked first.")
    due = levels[len(given)] if len(given) < len(levels) else None
    if level != due:
        return No(
            f"The next level of {flow} is {due}, not {level}.",
            f"当前应由“{due}”审批，而非“{level}”。",
            f"The levels are: {', '.join(levels)}.",
        )
    allowed = c.options.approvers.get(level)
    if allowed is not None and c.actor.person_id not in allowed:
        return No(
            f"{c.actor.person_id} does not approve at {level}.",
            f"{c.actor.person_id}不是“{level}”审批人。",
            f"Those who do: {', '.join(allowed)}.",
        )
    if any(event.by == c.actor.person_id for event in given):
        return No(
            f"{c.actor.person_id} approved at another level already.",
            f"{c.actor.person_id}已在其他层级审批。",
            "Each level is another person.",
        )
    return None


GUARDS = (
    Guard(
        "two_officers", "two officers are on site", "两名以上执法人员在场", "处罚法 42", _two_officers, ("officers",)
    ),
    Guard("two_handlers", "two officers are in charge", "两名以上承办人", "处罚法 42", _two_handlers, ("handlers",)),
    Guard("two_named", "two officers are in charge", "已确定两名以上承办人", "处罚法 42", _two_named),
    Guard("seen_by_two", "two officers inspected the site", "已由两名以上执法人员勘验", "处罚法 42", _seen_by_two),
    Guard("another_reviews", "the reviewer is another person", "法制审核人员非承办人", "处罚法 58", _another_reviews),
    Guard("another_decides", "who approves did not handle it", "审批人非承办人", "处罚法 57", _another_decides),
    Guard(
        "another_chairs",
        "who chairs did not handle it",
        "听证主持人非调查人员",
        "处罚法 64",
        _another_chairs,
        ("chair",),
    ),
    Guard("next_level", "the next level of approval is due", "按层级审批", "", _next_level, ("flow", "level")),
)
