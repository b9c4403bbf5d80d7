"""The small language of templates: placeholders, lists, conditions, and nothing that computes.

Templates come from outside. Of Jinja only this is taken: `{{ name }}`, `{{ item.field }}`, `for item in name`,
`if name`, `not`, `and`, `or`, and `loop.index`, `loop.first`, `loop.last`. No call, no filter, no index, no arithmetic,
no assignment, no import: what is not on the list does not compile, on top of Jinja's own sandbox.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from service.cases.documents.placeholders import PLACEHOLDERS

MAX_TAGS, MAX_DEPTH = 3000, 3
_LOOP = ("index", "first", "last")


Guards = frozenset[tuple[str, bool]]
"""What is known where something stands: that a placeholder is told, or that it is not."""


@dataclass
class Used:
    """What a template uses.

    Args:
        names: Every placeholder.
        uses: Each with what is known where it stands; `UNKNOWN` among it: whether it is needed cannot be said.
        faults: What is not allowed or not known.
    """

    names: set[str] = field(default_factory=set)
    uses: set[tuple[str, Guards]] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def needed(self, told: Callable[[str], bool]) -> set[str]:
        """The placeholders that will be written, by what is told.

        Those behind an `if` that fails are not, and a `for` over a list without rows writes nothing.
        """
        return {
            name
            for name, guards in self.uses
            if all(known != UNKNOWN and told(known) == is_so for known, is_so in guards)
        }


UNKNOWN = "?"
TRIED = "\N{DAGGER}placeholder\N{DAGGER}"
"""What a trial writes."""
_UNCERTAIN: Guards = frozenset({(UNKNOWN, True)})
_Rows = Mapping[str, str]


class Grammar(SandboxedEnvironment):
    """Jinja that compiles nothing but the small language."""

    def __init__(self, finalize: Callable[[Any], Any] | None = None) -> None:
        super().__init__(autoescape=True, undefined=StrictUndefined, finalize=finalize, cache_size=0)
        self.globals.clear()
        self.filters.clear()
        self.tests.clear()

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        faults = used_in(tree).faults
        if faults:
            raise TemplateSyntaxError("; ".join(faults), 1)
        return tree


def used_by(source: str) -> Used:
    """What a source uses, with everything that is wrong with it.

    Args:
        source: The XML of a part, as docxtpl has made it readable for Jinja.

    Returns:
        What it uses.
    """
    if source.count("{{") + source.count("{%") > MAX_TAGS:
        return Used(faults=[f"it has more than {MAX_TAGS} placeholders"])
    try:
        tree = SandboxedEnvironment().parse(source)
    except (TemplateSyntaxError, RecursionError) as error:
        return Used(faults=[f"its placeholders cannot be read: {str(error).splitlines()[0][:200]}"])
    return used_in(tree)


def tried(source: str, *, told: bool) -> str:
    """A source as it is rendered where everything is told, or nothing: what breaks then would break a document.

    Args:
        source: A source without faults.
        told: Whether everything is told; lists have two rows then.

    Returns:
        The XML.
    """
    words = {
        name: [dict.fromkeys(one.fields, TRIED)] * 2 if one.form == "rows" else TRIED
        for name, one in PLACEHOLDERS.items()
    }
    return Grammar(str).from_string(source).render(words if told else dict.fromkeys(words, ""))


def used_in(tree: nodes.Template) -> Used:
    """What a parsed template uses."""
    used = Used()
    for child in tree.body:
        _walk(child, used, {}, frozenset())
    used.faults = list(dict.fromkeys(used.faults))
    return used


def _walk(node: nodes.Node, used: Used, rows: _Rows, guards: Guards) -> None:
    """Look at a node; `rows` tells which list the name of an item belongs to."""
    if len(rows) > MAX_DEPTH:
        used.faults.append("its lists are nested too deeply")
    elif isinstance(node, nodes.If):
        _condition(node, used, rows, guards)
    elif isinstance(node, nodes.For):
        _list(node, used, rows, guards)
    elif isinstance(node, nodes.Name):
        _name(node.name, used, rows, guards)
    elif isinstance(node, nodes.Getattr):
        _field(node, used, rows)
    elif isinstance(node, nodes.Template | nodes.Output | nodes.TemplateData):
        for child in node.iter_child_nodes():
            _walk(child, used, rows, guards)
    else:
        used.faults.append(f"a {type(node).__name__.lower()} is not allowed; only placeholders, for and if are")


def _condition(node: nodes.If, used: Used, rows: _Rows, guards: Guards) -> None:
    _test(node.test, used, rows)
    holds, fails = _known(node.test)
    for child in node.body:
        _walk(child, used, rows, guards | holds)
    for child in node.else_:
        _walk(child, used, rows, guards | fails)
    if node.elif_:
        used.faults.append("an elif is not allowed; write an if within else")


def _test(node: nodes.Node, used: Used, rows: _Rows) -> None:
    """What a condition asks: placeholders of any form, fields, `not`, `and`, `or`."""
    if isinstance(node, nodes.Name):
        if node.name in PLACEHOLDERS:
            used.names.add(node.name)
        else:
            used.faults.append(f"unknown placeholder: {node.name}")
    elif isinstance(node, nodes.Getattr):
        _field(node, used, rows)
    elif isinstance(node, nodes.Not | nodes.And | nodes.Or):
        for child in node.iter_child_nodes():
            _test(child, used, rows)
    else:
        used.faults.append(f"an if cannot ask for a {type(node).__name__.lower()}")


def _known(test: nodes.Node) -> tuple[Guards, Guards]:
    """What is known where a condition holds, and where it fails."""
    if isinstance(test, nodes.Name):
        return frozenset({(test.name, True)}), frozenset({(test.name, False)})
    if isinstance(test, nodes.Not):
        holds, fails = _known(test.node)
        return fails, holds
    if isinstance(test, nodes.And):
        return _known(test.left)[0] | _known(test.right)[0], _UNCERTAIN
    if isinstance(test, nodes.Or):
        return _UNCERTAIN, _known(test.left)[1] | _known(test.right)[1]
    return _UNCERTAIN, _UNCERTAIN


def _list(node: nodes.For, used: Used, rows: _Rows, guards: Guards) -> None:
    if not isinstance(node.target, nodes.Name) or not isinstance(node.iter, nodes.Name):
        used.faults.append("a list is written `for item in name`")
        return
    if node.else_ or node.test is not None or node.recursive:
        used.faults.append("a list has no else, no if and is not recursive")
    item, name = node.target.name, node.iter.name
    if item in PLACEHOLDERS or item == "loop" or item in rows:
        used.faults.append(f"the item of a list cannot be called {item}")
    _name(name, used, rows, guards, form="rows")
    for child in node.body:
        _walk(child, used, {**rows, item: name}, guards | {(name, True)})


def _name(name: str, used: Used, rows: _Rows, guards: Guards, form: str = "") -> None:
    known = PLACEHOLDERS.get(name)
    if known is None:
        what = "an item cannot be written itself" if name in rows or name == "loop" else "unknown placeholder"
        used.faults.append(f"{what}: {name}")
        return
    used.names.add(name)
    if not form:
        used.uses.add((name, guards))
    if form and known.form != form:
        used.faults.append(f"{name} is no list")
    if not form and known.form in ("rows", "flag"):
        used.faults.append(f"{name} cannot be written; it is for {'for' if known.form == 'rows' else 'if'}")


def _field(node: nodes.Getattr, used: Used, rows: _Rows) -> None:
    of = node.node.name if isinstance(node.node, nodes.Name) else ""
    if of == "loop" and rows and node.attr in _LOOP:
        return
    known = PLACEHOLDERS.get(rows.get(of, ""))
    if known is None or node.attr not in known.fields:
        used.faults.append(f"unknown placeholder: {of or '?'}.{node.attr}")
