"""YAML whose every value remembers its line, so that a fault can be told where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

Place = tuple[str | int, ...]
_MOST_VALUES = 200_000
"""A book of rules has a few thousand values; a hundred lines of aliases that name aliases unfold to billions."""


class Lines:
    """The lines of the values of a YAML text.

    Args:
        root: The composed text; None: it is empty.
    """

    def __init__(self, root: yaml.Node | None) -> None:
        self._root = root

    def at(self, place: Place) -> int:
        """The line, from 1, of a value or of the nearest thing around it that is there."""
        node, line = self._root, 1
        for step in place:
            found = _child(node, step)
            if found is None:
                break
            node, line = found
        return line

    def has(self, place: Place) -> bool:
        """Whether the text says anything there."""
        node = self._root
        for step in place:
            found = _child(node, step)
            if found is None:
                return False
            node = found[0]
        return True

    def of_item(self, name: str, keys: Sequence[str], value: str) -> int | None:
        """The line of the last item of a list whose first key that is there has a value; None: there is none."""
        listed = _child(self._root, name)
        items = listed[0].value if listed is not None and isinstance(listed[0], yaml.SequenceNode) else []
        for item in reversed(items):
            told = next((found for key in keys if (found := _child(item, key)) is not None), None)
            if told is not None and told[0].value == value:
                return int(item.start_mark.line) + 1
        return None


def read_yaml(text: str) -> tuple[Lines, Any]:
    """The lines of a YAML text and what it holds.

    Raises:
        ValueError: If it is no YAML, a name stands twice in one place, or its aliases unfold without end.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        root = loader.get_single_node()
        faults = [] if root is None else _unfolds(root) or _twice(root)
        if faults:
            raise ValueError("; ".join(faults))
        return Lines(root), _values(loader, root)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # what is never closed is missed behind the end
        where = f"line {min(mark.line, text.count(chr(10))) + 1}: " if mark is not None else ""
        raise ValueError(f"{where}it is no YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise ValueError(f"it is no YAML: {' '.join(str(error).split())}") from error
    finally:
        loader.dispose()


def _values(loader: Any, root: yaml.Node | None) -> Any:
    try:
        return None if root is None else loader.construct_document(root)
    except yaml.YAMLError:
        raise
    except ValueError as error:  # a day such as 2025-02-31
        raise ValueError(f"it is no YAML: {error}") from error


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        value = node.value[step]
        return value, value.start_mark.line + 1
    return None


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _unfolds(root: yaml.Node) -> list[str]:
    """Whether the text, with every alias written out, has more values than anybody writes, or has no end."""
    sizes: dict[int, int] = {}
    open_now: set[int] = set()
    stack = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            open_now.discard(id(node))
            sizes[id(node)] = 1 + sum(sizes[id(part)] for part in _children(node))
            if sizes[id(node)] > _MOST_VALUES:
                return [f"line {node.start_mark.line + 1}: its aliases unfold to more than {_MOST_VALUES:,} values"]
        elif id(node) in open_now:
            return [f"line {node.start_mark.line + 1}: an alias holds itself"]
        elif id(node) not in sizes:
            open_now.add(id(node))
            stack += [(node, True), *((part, False) for part in _children(node))]
    return []


def _twice(root: yaml.Node) -> list[str]:
    """Names that stand twice in one mapping: YAML would silently keep the last."""
    found: list[str] = []
    stack, looked = [root], set[int]()
    while stack:
        node = stack.pop()
        if id(node) in looked:
            continue
        looked.add(id(node))
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, _ in node.value:
                if isinstance(key.value, str):
                    if key.value in seen:
                        found.append(f"line {key.start_mark.line + 1}: {key.value} stands there twice")
                    seen.add(key.value)
        stack += _children(node)
    return sorted(found)
