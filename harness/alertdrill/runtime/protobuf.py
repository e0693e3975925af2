"""Messages of Prometheus's protocols, made of the few fields that are needed of them.

No compiler of .proto files is needed, and a message that has more fields is read all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Field = descriptor_pb2.FieldDescriptorProto
INT32: int = _Field.TYPE_INT32
INT64: int = _Field.TYPE_INT64
FIXED64: int = _Field.TYPE_FIXED64
DOUBLE: int = _Field.TYPE_DOUBLE
STRING: int = _Field.TYPE_STRING
BYTES: int = _Field.TYPE_BYTES

Field = tuple[str, int, int | str, bool]
"""A field's name, number, type (or the message that it is), and whether it repeats."""


def make_messages(protocol: str, messages: Mapping[str, Sequence[Field]]) -> dict[str, Any]:
    """Return the classes of a protocol's messages, by name."""
    file = descriptor_pb2.FileDescriptorProto(
        name=f"alertdrill/{protocol}.proto", package=f"alertdrill.{protocol}", syntax="proto3"
    )
    for message, fields in messages.items():
        described = file.message_type.add(name=message)
        for name, number, kind, repeats in fields:
            field = described.field.add(name=name, number=number)
            field.label = _Field.LABEL_REPEATED if repeats else _Field.LABEL_OPTIONAL
            if isinstance(kind, str):
                field.type, field.type_name = _Field.TYPE_MESSAGE, f".{file.package}.{kind}"
            else:
                field.type = _Field.Type.ValueType(kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{file.package}.{name}"))
        for name in messages
    }
