"""Frozen dataclasses that are quick to make: a rollout of 500 pods makes 15,000 of them."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, TypeVar

T = TypeVar("T")


def quick(cls: type[T]) -> type[T]:
    """Give a frozen dataclass with slots an ``__init__`` that takes a third of the time.

    The one that ``dataclass(frozen=True)`` writes sets each field through ``object.__setattr__``.
    This one makes the object, for as long as it fills it, one of a twin class that has the same
    slots and is not frozen.

    >>> from dataclasses import dataclass
    >>> @quick
    ... @dataclass(frozen=True, slots=True)
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> Point(3)
    Point(x=3, y=0)
    """
    of: Any = cls
    known = fields(of)
    optional = [f for f in known if f.default is not MISSING or f.default_factory is not MISSING]
    twin = type(f"_{cls.__name__}", (), {"__slots__": [f.name for f in known]})
    scope: dict[str, Any] = {"cls": cls, "twin": twin, "change": object.__setattr__}
    lines = [f"def __init__(self, {', '.join(f.name for f in known)}):"]
    lines += ["    change(self, '__class__', twin)"]
    for f in known:
        value = f.name
        if f.default_factory is not MISSING:
            scope |= {"MISSING": MISSING, f"make_{f.name}": f.default_factory}
            value = f"make_{f.name}() if {f.name} is MISSING else {f.name}"
        lines += [f"    self.{f.name} = {value}"]
    lines += ["    self.__class__ = cls"]
    exec("\n".join(lines), scope)
    init = scope["__init__"]
    init.__defaults__ = tuple(f.default for f in optional)
    init.__annotations__, init.__qualname__ = of.__init__.__annotations__, of.__init__.__qualname__
    of.__init__ = init
    return cls
