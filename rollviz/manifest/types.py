"""The Go types of a Deployment, read from ``types.txt``: what decoding and defaulting walk along.

>>> structs()["RollingUpdateDeployment"]["maxSurge"]
Field(name='maxSurge', type='intstr.IntOrString', pointer=True, always=False, embedded='')
>>> go_name("[]Container"), go_name("map[ResourceName]resource.Quantity")
('[]v1.Container', 'map[v1.ResourceName]resource.Quantity')
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import NamedTuple

INTEGERS = {"int32": 31, "int64": 63}
"""Go's integers, with the bits that their magnitude has."""

NAMED = {"ResourceList": "map[ResourceName]resource.Quantity"}
"""Names for what is no struct, which errors show."""

_PLAIN = {"string", "bool", *INTEGERS}


class Field(NamedTuple):
    """One JSON field of a struct.

    Attributes:
        name: its JSON name.
        type: its Go type without the leading ``*``, as ``types.txt`` writes it.
        pointer: it can be absent, so that absent and zero differ.
        always: it is written even where it is empty.
        embedded: the embedded struct that it comes from, or "".
    """

    name: str
    type: str
    pointer: bool
    always: bool
    embedded: str


@cache
def structs() -> dict[str, dict[str, Field]]:
    """Every struct's fields by their JSON names, in the order of the struct."""
    text = files(__package__).joinpath("types.txt").read_text(encoding="utf-8")
    rows = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return {name.strip("-"): {f.name: f for f in map(_field, fields)} for name, *fields in rows}


def _field(text: str) -> Field:
    path, type_ = text.split(":", 1)
    embedded, _, name = path.rpartition(".")
    bare = type_.removesuffix("!")
    return Field(name, bare.removeprefix("*"), bare.startswith("*"), bare != type_, embedded)


def element(type_: str) -> str:
    """What a slice or a map holds: ``Container`` for ``[]Container``."""
    return type_.removeprefix("[]") if type_.startswith("[]") else type_.partition("]")[2]


def go_name(type_: str) -> str:
    """A type as Go prints it in an error: ``[]v1.Container``."""
    if type_.startswith("[]"):
        return "[]" + go_name(element(type_))
    if type_.startswith("map["):
        return f"map[{go_name(type_[4 : type_.index(']')])}]{go_name(element(type_))}"
    return type_ if type_ in _PLAIN or "." in type_ else f"v1.{type_}"
