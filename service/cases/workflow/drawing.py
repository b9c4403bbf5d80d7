"""The table of moves for readers: as a page, and as a picture in the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from service.cases.events import KINDS
from service.cases.workflow.guards import GUARDS
from service.cases.workflow.regions import ACTIVE, DECIDED, PROCEDURE, REGIONS, UNDECIDED
from service.cases.workflow.table import BACK, RULES, WHO, Rule, Way

_GROUPS = {"any active state 办理中": ACTIVE, "undecided 决定前": UNDECIDED, "decided 决定后": DECIDED}


def as_markdown() -> str:
    """The states of every region, every event with its ways, and every guard with its article."""
    return "\n".join([*_regions(), "", *_events(), "", *_guards(), ""])


def as_dot() -> str:
    """The procedure as a picture: its states, and the events that lead from one to the other."""
    lines = [
        "digraph procedure {",
        '  graph [rankdir=TB, nodesep=0.25, ranksep=0.45, fontname="Noto Sans CJK SC"];',
        '  node [shape=box, style="rounded,filled", fillcolor="#eef3f8", color="#4a6a8a", fontsize=11,'
        ' fontname="Noto Sans CJK SC"];',
        '  edge [fontsize=9, color="#666666", fontcolor="#333333", fontname="Noto Sans CJK SC"];',
    ]
    for state, (title, title_zh) in REGIONS[PROCEDURE].items():
        fill = (
            ', fillcolor="#dcefdc"' if state == "closed" else ', shape=point, label=""' if state == "unopened" else ""
        )
        lines.append(f'  {state} [label="{title_zh}\\n{title}"{fill}];')
    for name, states in _GROUPS.items():
        lines.append(f'  "{name}" [shape=plaintext, style="", fontcolor="#4a6a8a", label="{name}"];')
        lines.append("  // " + ", ".join(states))
    edges: dict[tuple[str, str], list[str]] = {}
    for rule in RULES.values():
        for way in rule.ways:
            for came, goes in _moves(way):
                edges.setdefault((came, goes), []).append(KINDS[rule.event].title_zh)
    for (came, goes), events in edges.items():
        label = "\\n".join(dict.fromkeys(events))
        style = ", style=dashed" if came in _GROUPS or goes == BACK else ""
        lines.append(f'  "{came}" -> "{goes}" [label="{label}"{style}];')
    lines.append(f'  "{BACK}" [shape=plaintext, style="", label="回到离开前的状态\\nback to the state it left"];')
    return "\n".join([*lines, "}", ""])


def _moves(way: Way) -> Iterator[tuple[str, str]]:
    """From where to where a way leads the procedure; many states that are a group are named as one."""
    goes = way.to.get(PROCEDURE)
    if goes is None:
        return
    left = [state for state in way.at[PROCEDURE] if state != goes]
    for name, states in _GROUPS.items():
        if set(states) - {goes} <= set(left):
            left = [state for state in left if state not in states]
            yield name, goes
    for state in left:
        yield state, goes


def _regions() -> Iterator[str]:
    yield "| region | states |"
    yield "|---|---|"
    for region, states in REGIONS.items():
        yield f"| `{region}` | {' · '.join(f'`{s}` {zh}' for s, (_, zh) in states.items())} |"


def _events() -> Iterator[str]:
    yield "| event | who | from → to | guards | articles |"
    yield "|---|---|---|---|---|"
    for name, kind in KINDS.items():
        rule = RULES.get(name)
        if rule is None:
            continue
        who = ", ".join(WHO[one][0] for one in rule.who)
        guards = " ".join(f"`{guard}`" for guard in rule.guards)
        yield f"| `{name}` {kind.title_zh} | {who} | {_ways(rule)} | {guards} | {'; '.join(rule.articles)} |"


def _ways(rule: Rule) -> str:
    return "<br>".join(_way(way) for way in rule.ways)


def _way(way: Way) -> str:
    parts = []
    for region, states in way.at.items():
        came = "any" if set(states) == set(REGIONS[region]) else _short(states)
        goes = way.to.get(region)
        label = "" if region == PROCEDURE else f"{region}: "
        parts.append(f"{label}{came}" + (f" → **{goes}**" if goes else ""))
    return "; ".join(parts) + (f" *if {way.when}*" if way.when else "")


def _short(states: tuple[str, ...]) -> str:
    left, found = list(states), []
    for name, group in _GROUPS.items():
        if set(group) <= set(left):
            left = [state for state in left if state not in group]
            found.append(name.rsplit(" ", 1)[0])
    return ", ".join([*found, *left])


def _guards() -> Iterator[str]:
    yield "| guard | what must be so | 条件 | article |"
    yield "|---|---|---|---|"
    for guard in GUARDS.values():
        yield f"| `{guard.name}` | {guard.title} | {guard.title_zh} | {guard.article} |"
