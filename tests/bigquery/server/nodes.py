"""GoogleSQL's syntax trees as Python objects: the `zetasql` package's own, made faster.

The package looks everything up anew for each of a tree's thousands of nodes. Here that is done once
for each kind of node.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from zetasql.types import ProtoModel, parse_proto
from zetasql.types.proto_model import proto_model

Convert = Callable[[Any], Any]


class Member(NamedTuple):
    """A node's member: how far up its parents the protobuf holds it, and how it is converted."""

    name: str
    field: str
    depth: int
    is_message: bool
    is_optional: bool  # of a oneof: not there unless it is set
    convert: Convert | None


PLANS: dict[type[Any], tuple[Callable[..., Any], list[Member]]] = {}


def node(message: Any) -> Any:
    """What `zetasql.types.parse_proto` makes of the message."""
    while "node" in message.DESCRIPTOR.oneofs_by_name:
        held = message.WhichOneof("node")
        if not held:
            break
        message = getattr(message, held)
    kind = type(message)
    class_, members = PLANS.get(kind) or PLANS.setdefault(kind, plan(kind))
    levels = [message]
    given = {}
    for name, field, depth, is_message, is_optional, convert in members:
        while len(levels) <= depth:
            levels.append(levels[-1].parent)
        level = levels[depth]
        if is_optional and not level.HasField(field):
            continue
        value = getattr(level, field)
        if is_message:
            # Set to nothing is as good as not set.
            given[name] = node(value) if level.HasField(field) and value.ByteSize() else None
        else:
            given[name] = convert(value) if convert else value
    return class_(**given)


def plan(message: type[Any]) -> tuple[Callable[..., Any], list[Member]]:
    """The class of nodes for a class of messages, and its members."""
    class_ = type(parse_proto(message()))
    classes = ProtoModel._get_proto_model_classes(class_)
    members = []
    for above, ancestor in enumerate(classes):
        depth = len(classes) - 1 - above
        level = message.DESCRIPTOR
        for _ in range(depth):
            level = level.fields_by_name["parent"].message_type
        for name, known in ancestor._PROTO_FIELD_MAP.items():
            field = level.fields_by_name.get(known["proto_field"])
            if field is not None:
                members.append(member(name, field, depth, known, class_))
    return class_, members


def member(name: str, field: FieldDescriptor, depth: int, known: Any, class_: type) -> Member:
    repeated, is_message = bool(known.get("is_repeated")), bool(known["is_message"])
    convert: Convert | None = None
    if is_message and repeated:
        convert = nodes
    elif known.get("is_enum") and not is_message:
        named = cache(lambda value: proto_model._convert_to_enum(value, known, class_))
        convert = (lambda values: [named(value) for value in values]) if repeated else named
    is_optional = field.containing_oneof is not None
    return Member(name, field.name, depth, is_message and not repeated, is_optional, convert)


def nodes(messages: Any) -> list[Any]:
    return [node(message) if isinstance(message, Message) else message for message in messages]
