"""YAML whose every value remembers its line, so that a fault can be told where it stands."""

from __future__ import annotations

from typing import Any

import yaml

Place = tuple[str | int, ...]


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


def read_yaml(text: str) -> tuple[Lines, Any]:
    """The lines of a YAML text and what it holds.

    Raises:
        ValueError: If it is no YAML, or a name stands twice in one place.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        told = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:  # a day such as 2025-02-31 is a plain ValueError
        raise ValueError(f"it is no YAML: {error}") from error
    twice = _twice(root)
    if twice:
        raise ValueError("; ".join(twice))
    return Lines(root), told


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        value = node.value[step]
        return value, value.start_mark.line + 1
    return None


def _twice(root: yaml.Node | None) -> list[str]:
    """Names that stand twice in one mapping: YAML would silently keep the last."""
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if key.value in seen:
                    found.append(f"line {key.start_mark.line + 1}: {key.value} stands there twice")
                seen.add(key.value)
                stack.append(value)
        elif isinstance(node, yaml.SequenceNode):
            stack.extend(node.value)
    return sorted(found)
