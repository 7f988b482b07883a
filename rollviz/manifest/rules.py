"""The parts that the tables of rules are made of.

A rule takes a value, its path and what it needs to know of the pod around it, and gives the
causes for which the API server refuses it, in its order. A value that is absent comes as None
and counts as Go's zero.

>>> rule = struct(("name", named(qualified_name)), ("mode", between(0, 7)))
>>> for cause in rule({"mode": 8}, "items[0]", Pod()):
...     print(cause)
items[0].name: Required value
items[0].mode: Invalid value: 8: must be between 0 and 7, inclusive
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from rollviz.manifest.errors import (
    Cause,
    Word,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
)
from rollviz.manifest.formats import Format, label_value, qualified_name


class Pod(NamedTuple):
    """What a rule may need to know of the pod around it.

    ``volumes`` are the names that a mount may use, ``grace_period`` is in seconds.
    """

    volumes: frozenset[str] = frozenset()
    grace_period: int = 30


Rule = Callable[[Any, str, Pod], Iterable[Cause]]


def struct(*rules: tuple[str, Rule] | Rule) -> Rule:
    """Rules for a struct's fields by name, and for the struct as a whole, in order."""

    def check(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
        for item in rules:
            if isinstance(item, tuple):
                name, rule = item
                yield from rule(value.get(name), f"{path}.{name}", pod)
            else:
                yield from item(value, path, pod)

    return check


def each(rule: Rule) -> Rule:
    """The rule for every item of a list."""

    def check(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
        for i, item in enumerate(value or ()):
            yield from rule(item, f"{path}[{i}]", pod)

    return check


def both(*rules: Rule) -> Rule:
    """Several rules for one value, in order."""

    def check(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
        for rule in rules:
            yield from rule(value, path, pod)

    return check


def optional(rule: Rule) -> Rule:
    """The rule, where the value is there, even if it is empty."""

    def check(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
        return () if value is None else rule(value, path, pod)

    return check


def when_set(rule: Rule) -> Rule:
    """The rule, where the value is neither absent, empty nor zero."""

    def check(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
        return rule(value, path, pod) if value else ()

    return check


def present(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    """It is required: not absent, empty or zero."""
    return () if value else (required(path),)


def formatted(form: Format) -> Rule:
    """Text in a form, empty text included."""

    def check(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
        return [invalid(path, value or "", words) for words in form(value or "")]

    return check


def named(form: Format) -> Rule:
    """Text that is required, in a form."""
    return both(present, when_set(formatted(form)))


def one_of(*values: str) -> Rule:
    """One of some words."""

    def check(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
        return () if value in values else (not_supported(path, Word(value or ""), values),)

    return check


def at_least_zero(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    """``ValidateNonnegativeField``."""
    negative = (value or 0) < 0
    return (invalid(path, value, "must be greater than or equal to 0"),) if negative else ()


def between(least: int, most: int, words: str = "") -> Rule:
    """A number in a range, both ends included."""
    words = words or f"must be between {least} and {most}, inclusive"

    def check(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
        fits = least <= (value or 0) <= most
        return () if fits else (invalid(path, value or 0, words),)

    return check


def unlike(value: str, seen: set[str], path: str) -> Iterable[Cause]:
    """``field.Duplicate`` where the value was seen before; remembers it."""
    if value in seen:
        return (duplicate(path, value),)
    seen.add(value)
    return ()


def union(what: str, **kinds: Rule) -> Rule:
    """Exactly one of several fields: a handler's or a volume's type."""

    def check(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
        found = [name for name in kinds if value.get(name) is not None]
        if not found:
            yield required(path, f"must specify a {what} type")
        for name in found[:1]:
            yield from kinds[name](value[name], f"{path}.{name}", pod)
        for name in found[1:]:
            yield forbidden(f"{path}.{name}", f"may not specify more than 1 {what} type")

    return check


def anything(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    """No rule: right types are enough."""
    return ()


def labels(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    """``ValidateLabels``: every key and value, all under the path of the whole map."""
    for key, text in (value or {}).items():
        yield from (invalid(path, key, words) for words in qualified_name(key))
        yield from (invalid(path, text, words) for words in label_value(text))
