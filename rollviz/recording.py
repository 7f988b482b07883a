"""The files that a timeline is loaded from, all brought to one form.

Four kinds of file hold a rollout, and :func:`read` tells them apart by their first object:

- what ``Timeline.save`` wrote, which begins with a header ``{"rollviz": 1, ...}``;
- a recording: ``{"t", "kind", "type", "object"}``, one watch event a line;
- ``kubectl get ... -w --output-watch-events -o json``: ``{"type", "object"}``, printed over
  many lines and with no time. kubectl watches one resource at a time: put the files together
  (``cat deployments.json replicasets.json pods.json > all.json``), in any order;
- ``kubectl get ... -o json``: one object, or a ``List`` of them.

Any of them may be gzipped, in UTF-16 (as PowerShell writes it), or cut off at any byte.
"""

from __future__ import annotations

import json
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rollviz.dating import date, version
from rollviz.objects import KINDS, Json, from_rfc3339

OVERTAKING = 1.0
"""How many seconds one watch of a recording may lag behind another."""


class Row(NamedTuple):
    """One JSON object of the file, and the number of the line on which it begins."""

    line: int
    json: Json


class Recording(NamedTuple):
    """What a file holds: the wall-clock time of its zero (Unix seconds), and its rows in order."""

    epoch: float
    rows: list[Row]


def read(path: str | Path) -> Recording:
    """Read a file of any of the four kinds.

    Changes come in the order in which the API server made them, as far as their
    ``resourceVersion`` and their time tell. A file that was cut off gives a warning and what
    is whole.

    Raises:
        OSError: the file is not there, or can't be read.
        ValueError: a line is not JSON, or the file is of none of the four kinds; says which.
    """
    path = Path(path)
    rows = list(_rows(path, _text(path)))
    if not rows:
        raise ValueError(f"{path}: holds nothing: record it again")
    try:
        return _recording(path, rows)
    except (AttributeError, KeyError, TypeError) as error:
        words = f"an object in it is not as the Kubernetes API has it ({error})"
        raise ValueError(f"{path}: {words}: record it again") from error


def _recording(path: Path, rows: list[Row]) -> Recording:
    first = rows[0].json
    if "rollviz" in first:
        return Recording(_epoch(path, first), rows[:1] + _in_order(rows[1:]))
    if "t" in first or "command" in first or "decision" in first:
        return Recording(_created(first), _in_order(rows))
    events = [event for row in rows for event in _events(path, row)]
    if not events:
        raise ValueError(f"{path}: none of its objects is a {', '.join(KINDS)}")
    _check_namespace(path, events)
    epoch, dated = date([event.json for event in events])
    return Recording(epoch, [Row(e.line, row) for e, row in zip(events, dated, strict=True)])


def _epoch(path: Path, header: Json) -> float:
    epoch = header.get("epoch", 0.0)
    if not isinstance(epoch, int | float):
        raise ValueError(f"{path}: line 1: epoch: {epoch!r} is no number of seconds")
    return float(epoch)


def _text(path: Path) -> str:
    data = path.read_bytes()
    if data.startswith(b"\x1f\x8b"):
        data = _unzip(path, data)
    return data.decode(json.detect_encoding(data), "replace")


def _unzip(path: Path, data: bytes) -> bytes:
    """All that a gzip file holds, or all that it still holds where its end is missing."""
    whole = b""
    while data:
        member = zlib.decompressobj(wbits=31)
        try:
            whole += member.decompress(data)
        except zlib.error as error:
            raise ValueError(f"{path}: not a gzip file: {error}") from error
        data = member.unused_data
    return whole


def _rows(path: Path, text: str) -> Iterator[Row]:
    """The objects of a text that holds one after another, whatever lies between them."""
    decoder, end, line, count = json.JSONDecoder(), 0, 1, 0
    while True:
        start = _next_word(text, end)
        if start == len(text):
            return
        line += text.count("\n", end, start)
        try:
            found, end = decoder.raw_decode(text, start)
        except ValueError as error:
            if not _cut_off(text, start):
                raise ValueError(f"{path}: line {line}: not JSON: {error}") from error
            _warn(f"{path}: cut off in line {line}: the {count} objects before it were read")
            return
        if not isinstance(found, dict):
            raise ValueError(f"{path}: line {line}: {text[start : start + 20]!r} is no object")
        yield Row(line, found)
        line, count = line + text.count("\n", start, end), count + 1


def _next_word(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace():
        start += 1
    return start


def _cut_off(text: str, start: int) -> bool:
    """Whether the object that begins there is the last, and lacks its end."""
    rest = text[start:]
    if not rest.startswith("{") or "\n{" in rest:
        return False
    over_several_lines = rest.rstrip() == "{" or "\n" in rest[:-1]
    return over_several_lines or not rest.endswith("\n")


def _created(row: Json) -> float:
    """A recording's zero: the start of the second in which its first object was made."""
    metadata = (row.get("object") or {}).get("metadata") or {}
    return from_rfc3339(metadata.get("creationTimestamp")) or 0.0


def _in_order(rows: list[Row]) -> list[Row]:
    """The rows of a recording in the order in which the API server made them.

    Each kind comes through a watch of its own, and the watches overtake each other by some tens
    of ms: a ReplicaSet can arrive before the edit it answers. ``resourceVersion`` counts all
    kinds together. A change that arrived after a later one had happened by the time of that
    later one.
    """
    ordered: list[Row] = []
    for row in rows:
        place = len(ordered)
        while place and _overtaken(ordered[place - 1].json, row.json):
            place -= 1
        if place < len(ordered):
            row = Row(row.line, {**row.json, "t": ordered[place].json["t"]})
        ordered.insert(place, row)
    return ordered


def _overtaken(before: Json, row: Json) -> bool:
    earlier, later = version(row), version(before)
    if earlier is None or later is None or earlier >= later:
        return False
    return bool(row.get("t", 0.0) - before.get("t", 0.0) <= OVERTAKING)


def _events(path: Path, row: Row) -> Iterator[Row]:
    """The watch events in one object that kubectl printed; those of other kinds left out."""
    json = row.json
    if isinstance(json.get("items"), list):
        for item in json["items"]:
            kind = item.get("kind") or str(json.get("kind")).removesuffix("List")
            yield from _events(path, Row(row.line, {**item, "kind": kind}))
    elif "metadata" in json and "kind" in json:
        if json["kind"] in KINDS:
            yield Row(row.line, {"type": "", "object": json})
    elif isinstance(json.get("object"), dict) and "type" in json:
        if json["type"] == "ERROR":
            _warn(f"{path}: line {row.line}: the watch ended: {json['object'].get('message')}")
        elif json["type"] != "BOOKMARK" and json["object"].get("kind") in KINDS:
            yield row
    else:
        raise ValueError(
            f"{path}: line {row.line}: neither a saved timeline, a recording (rollviz record), "
            "nor what kubectl prints with -o json"
        )


def _check_namespace(path: Path, events: list[Row]) -> None:
    namespaces = sorted({e.json["object"]["metadata"].get("namespace", "") for e in events})
    if len(namespaces) > 1:
        raise ValueError(
            f"{path}: holds the namespaces {', '.join(namespaces)}, and a timeline holds one: "
            f"kubectl get -n {namespaces[0]} ..."
        )


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=2)
