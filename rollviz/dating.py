"""Times for watch events that kubectl printed without any.

``kubectl get -w -o json`` prints objects and not when they changed; but an object holds times,
and its ``resourceVersion`` says what came before what.

>>> made = {"name": "web-1", "creationTimestamp": "2026-11-23T10:00:07Z"}
>>> pod = {"kind": "Pod", "metadata": made}
>>> epoch, rows = date([{"type": "ADDED", "object": pod}])
>>> epoch, rows[0]["t"], rows[0]["kind"]
(1795428008.0, 0.0, 'Pod')
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rollviz.objects import Json, from_rfc3339

_ELSEWHERE = ("annotations", "labels", "managedFields", "spec")
"""Where a time says nothing about when the object changed."""


@dataclass(slots=True)
class _Event:
    type: str
    object: Json
    witnessed: float  # the latest time in the object, in Unix seconds; 0 where it has none
    news: bool  # that time is a new one
    edited: bool  # its spec is another than the last time it was seen
    t: float = 0.0


def version(row: Json) -> int | None:
    """The ``resourceVersion`` of a row's object: in which order the server made changes."""
    try:
        return int(row["object"]["metadata"]["resourceVersion"])
    except (KeyError, TypeError, ValueError):
        return None


def date(events: list[Json]) -> tuple[float, list[Json]]:
    """Put ``{"type", "object"}`` in the order in which they happened, and give each its ``t``.

    An object's own times say when it was changed at the earliest. A change of its status
    follows from what was before it, so that is its time. A change of its spec is what the rest
    follows from: where it has no time of its own, it has that of the next event that has one.

    What a watch tells first is how things are, and may be days old: zero is one second before
    the first sign of something new, and what is older is there from the start.

    Returns:
        The timeline's zero in Unix seconds, and rows ``{"t", "kind", "type", "object"}``.
    """
    read = _read(_ordered(events))
    _set_times(read)
    zero = _zero(read)
    for event in read:
        event.t = event.t - zero if event.t >= zero else -1.0
    _spread(read)
    return zero, [
        {"t": max(0.0, e.t), "kind": e.object["kind"], "type": e.type, "object": e.object}
        for e in read
    ]


def _ordered(events: list[Json]) -> list[Json]:
    versions = [version(event) for event in events]
    if None in versions:
        return events
    return [events[i] for i in sorted(range(len(events)), key=lambda i: versions[i] or 0)]


def _read(events: list[Json]) -> list[_Event]:
    seen: dict[tuple[str, str], tuple[int | None, float]] = {}
    read = []
    for event in events:
        object, metadata = event["object"], event["object"]["metadata"]
        key = object["kind"], metadata["name"]
        generation, witnessed = metadata.get("generation"), _witnessed(object)
        before = seen.get(key)
        edited = before is not None and before[0] != generation and event["type"] != "DELETED"
        news = before is None or witnessed > before[1]
        type = event["type"] or ("MODIFIED" if before else "ADDED")
        read.append(_Event(type, object, witnessed, news, edited))
        seen[key] = generation, witnessed
    return read


def _witnessed(json: Any) -> float:
    latest = 0.0
    for key, value in json.items():
        if key in _ELSEWHERE:
            continue
        if isinstance(value, dict):
            latest = max(latest, _witnessed(value))
        elif isinstance(value, list):
            latest = max([latest, *(_witnessed(v) for v in value if isinstance(v, dict))])
        elif key == "deletionTimestamp":  # the end of the time that it is given to stop
            latest = max(latest, _seconds(value) - (json.get("deletionGracePeriodSeconds") or 0))
        elif isinstance(value, str) and key.endswith(("Time", "Timestamp", "At")):
            latest = max(latest, _seconds(value))
    return latest


def _seconds(text: str) -> float:
    """A time in Unix seconds; 0, which bears witness to nothing, where it is none."""
    try:
        return from_rfc3339(text) or 0.0
    except ValueError:
        return 0.0


def _set_times(events: list[_Event]) -> None:
    t = 0.0
    for index, event in enumerate(events):
        t = max(t, event.witnessed)
        if event.edited and not event.news:
            t = max(t, next((e.witnessed for e in events[index + 1 :] if e.news), t))
        event.t = t


def _zero(events: list[_Event]) -> float:
    moved = next((i for i, event in enumerate(events) if event.type != "ADDED"), len(events))
    found = max(event.t for event in events[: max(1, moved)])
    fresh = next((event.t for event in events if event.t > found), None)
    if fresh is None:
        return found if moved < len(events) else found + 1.0
    return max(fresh - 1.0, events[0].t)


def _spread(events: list[_Event]) -> None:
    """Times in the API are whole seconds: spread the events of one second over it."""
    start = 0
    for stop in range(1, len(events) + 1):
        if stop == len(events) or events[stop].t != events[start].t:
            for i in range(start, stop) if events[start].t >= 0 else ():
                events[i].t += (i - start) / (stop - start)
            start = stop
