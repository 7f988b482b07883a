"""Text as kubectl sets it: aligned columns, ages, selectors, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from rollviz.objects import Json

NONE = "<none>"


def tabbed(text: str, padding: int = 2) -> str:
    r"""Align cells that end in a tab, as Go's ``text/tabwriter`` does for ``kubectl describe``.

    A column is as wide as its widest cell among consecutive lines that have it; the last cell
    of a line belongs to no column.

    >>> tabbed("Name:\tweb\nNamespace:\tdefault\n")
    'Name:       web\nNamespace:  default\n'
    """
    rows = [line.split("\t") for line in text.split("\n")]
    for column in range(max(map(len, rows)) - 1):
        for in_column, block in groupby(rows, key=lambda row: len(row) > column + 1):
            if in_column:
                _pad(list(block), column, padding)
    return "\n".join("".join(row) for row in rows)


def _pad(rows: list[list[str]], column: int, padding: int) -> None:
    width = max(len(row[column]) for row in rows) + padding
    for row in rows:
        row[column] = row[column].ljust(width)


class Columns:
    r"""The columns of ``kubectl get``, which stay as wide as the widest cell so far.

    >>> columns = Columns()
    >>> columns.lines([["NAME", "AGE"], ["web", "2s"]])
    'NAME   AGE\nweb    2s\n'
    >>> columns.lines([["a", "3s"]])
    'a      3s\n'
    """

    MIN_WIDTH = 6
    PADDING = 3

    def __init__(self) -> None:
        self.widths: list[int] = []

    def lines(self, rows: Iterable[list[str]]) -> str:
        """The rows as aligned lines; the last cell of a line is not padded."""
        rows = [[_one_line(cell) for cell in row] for row in rows]
        columns = max(map(len, rows), default=1) - 1
        self.widths += [self.MIN_WIDTH] * (columns - len(self.widths))
        for row in rows:
            for column, cell in enumerate(row[:-1]):
                self.widths[column] = max(self.widths[column], len(cell) + self.PADDING)
        return "".join(self._line(row) for row in rows)

    def _line(self, row: list[str]) -> str:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], self.widths, strict=False)]
        return "".join(cells) + row[-1] + "\n"


def _one_line(cell: str) -> str:
    first, *rest = re.split("[\f\n\r]", cell, maxsplit=1)
    return escaped(f"{first}..." if rest else first)


def escaped(text: str) -> str:
    """Without the characters that would steer a terminal (``terminal.go``)."""
    return text.replace("\x1b", "^[").replace("\r", "\\r")


def human_duration(seconds: float) -> str:
    """A duration in kubectl's two or three figures (``duration.HumanDuration``).

    >>> [human_duration(s) for s in (7.9, 119, 125, 600, 11000, 86400 * 3)]
    ['7s', '119s', '2m5s', '10m', '3h3m', '3d']
    """
    whole = int(seconds)  # towards zero, as Go does
    if whole < 0:
        return "0s" if whole == -1 else "<invalid>"
    if whole < 120:
        return f"{whole}s"
    minutes, hours = whole // 60, whole // 3600
    if minutes < 10:
        return _two(minutes, "m", whole % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 365 * 2:
        return f"{days}d"
    return _two(days // 365, "y", days % 365 if days < 365 * 8 else 0, "d")


def _two(count: int, unit: str, rest: int, smaller: str) -> str:
    return f"{count}{unit}{rest}{smaller}" if rest else f"{count}{unit}"


def age(timestamp: str | None, now: float) -> str:
    """How long ago an API timestamp was; ``now`` in seconds since 1970."""
    return human_duration(now - seconds(timestamp)) if timestamp else "<unknown>"


def seconds(timestamp: str) -> float:
    """An API timestamp in seconds since 1970."""
    return datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp()


def rfc1123(timestamp: str) -> str:
    """A timestamp as ``kubectl describe`` writes it.

    >>> rfc1123("2026-11-23T01:31:41Z")
    'Mon, 23 Nov 2026 01:31:41 +0000'
    """
    time = datetime.fromtimestamp(seconds(timestamp), UTC)
    return f"{_DAYS[time.weekday()]}, {time.day:02} {_MONTHS[time.month - 1]} {time:%Y %H:%M:%S %z}"


# strftime's %a and %b follow the locale; kubectl doesn't
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def format_labels(labels: Mapping[str, str] | None) -> str:
    """Labels in one cell: ``app=web,tier=front``, or ``<none>``."""
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or NONE


def format_selector(selector: Json | None) -> str:
    """A LabelSelector in one cell (``metav1.FormatLabelSelector``).

    >>> format_selector({"matchLabels": {"app": "web"}})
    'app=web'
    """
    selector = selector or {}
    terms = [(key, f"{key}={value}") for key, value in (selector.get("matchLabels") or {}).items()]
    terms += [(e["key"], _expression(e)) for e in selector.get("matchExpressions") or ()]
    return ",".join(term for _, term in sorted(terms)) or NONE


def _expression(expression: Json) -> str:
    key = expression["key"]
    values = ",".join(sorted(expression.get("values") or ()))
    match expression["operator"]:
        case "In":
            return f"{key} in ({values})"
        case "NotIn":
            return f"{key} notin ({values})"
        case "Exists":
            return str(key)
        case _:
            return f"!{key}"


def to_json(value: Any, indent: int | None = None, *, sort: bool = True) -> str:
    r"""JSON as Go writes it: a map's keys sorted, no spaces unless indented, HTML escaped.

    >>> to_json({"b": "<", "a": 1})
    '{"a":1,"b":"\\u003c"}'
    """
    separators = (",", ": ") if indent else (",", ":")
    text = json.dumps(
        value, indent=indent, separators=separators, sort_keys=sort, ensure_ascii=False
    )
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
