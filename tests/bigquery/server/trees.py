"""GoogleSQL's syntax trees: walking them, the text they came from, and replacing parts of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, NamedTuple

CHILDREN: dict[type, tuple[str, ...]] = {}


class Edit(NamedTuple):
    """Put `text` in place of the bytes from `start` to `end`."""

    start: int
    end: int
    text: str


def kind(node: Any) -> str:
    return type(node).__name__


def walk(node: Any) -> list[Any]:
    """The node and all below it, from the top, in the order of the text."""
    kept: list[Any] | None = getattr(node, "walked", None)
    if kept is not None:
        return kept
    found: list[Any] = []
    left = [node]
    while left:
        item = left.pop()
        if isinstance(item, list):
            left.extend(reversed(item))
        elif item is not None:
            found.append(item)
            left.extend([getattr(item, name) for name in reversed(children(type(item)))])
    return found


def remember(root: Any) -> Any:
    """The root, which from now on knows all its nodes."""
    root.walked = walk(root)
    return root


def children(class_: type) -> tuple[str, ...]:
    """The members of a class of nodes that hold nodes."""
    known = CHILDREN.get(class_)
    if known is None:
        known = CHILDREN[class_] = tuple(
            field.name
            for field in dataclasses.fields(class_)
            if "AST" in str(field.type) and "Enums." not in str(field.type)
        )
    return known


def span(node: Any) -> tuple[int, int]:
    where = node.parse_location_range
    return where.start or 0, where.end


def text(sql: str, node: Any) -> str:
    """What the node was parsed from."""
    start, end = span(node)
    return sql.encode()[start:end].decode()


def names(path: Any) -> tuple[str, ...]:
    """The parts of a path; `a.b` in one pair of backticks has two."""
    return tuple(part for name in path.names for part in name.id_string.split("."))


def splice(sql: str, edits: Iterable[Edit]) -> str:
    """The text after the edits, which do not overlap."""
    whole = sql.encode()
    for edit in sorted(set(edits), reverse=True):
        whole = whole[: edit.start] + edit.text.encode() + whole[edit.end :]
    return whole.decode()
