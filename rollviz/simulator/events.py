"""How events that are alike are folded, so that a busy rollout does not flood the API server.

Source: ``EventCorrelator`` in client-go's ``tools/record/events_cache.go``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from rollviz.objects import Event, Metadata, OwnerReference

MAX_SIMILAR = 10
"""From the tenth message of one reason about one object on, messages are combined."""

SIMILAR_WITHIN_SECONDS = 600.0
"""Messages further apart than this are not similar."""

SPAM_BURST = 25.0
"""So many events about one object are let through at once,"""

SPAM_REFILL_SECONDS = 300.0
"""and one more each so many seconds."""

COMBINED = "(combined from similar events): "


class Report(NamedTuple):
    """What a component has to say about an object."""

    regarding: OwnerReference
    namespace: str
    reason: str
    message: str
    type: str = "Normal"
    source: str = "deployment-controller"


@dataclass(slots=True)
class _Similar:
    """What was said for one reason about one object."""

    messages: dict[str, None] = field(default_factory=dict)
    last: float = 0.0


@dataclass(slots=True)
class EventCorrelator:
    """Turns what components report into the Event objects that ``kubectl describe`` lists."""

    similar: dict[tuple[str, ...], _Similar] = field(default_factory=dict)
    events: dict[tuple[str, ...], Event] = field(default_factory=dict)
    tokens: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    def copy(self) -> EventCorrelator:
        """An independent copy."""
        similar = {k: _Similar(dict(s.messages), s.last) for k, s in self.similar.items()}
        return EventCorrelator(similar, dict(self.events), dict(self.tokens))

    def admits(self, source: str, uid: str, now: float) -> int:
        """How many more times the component may report about the object now."""
        tokens, since = self.tokens.get((source, uid), (SPAM_BURST, now))
        return int(min(tokens + (now - since) / SPAM_REFILL_SECONDS, SPAM_BURST))

    def correlate(self, report: Report, now: float, second: float, stamp: int) -> Event:
        """The Event to write, new or counted up.

        Args:
            report: what is reported.
            now: seconds on the timeline's clock.
            second: the same on a whole second.
            stamp: a number that makes the Event's name its own.
        """
        about, reason, type, source = report.regarding, report.reason, report.type, report.source
        self._use_up(source, about.uid, now)
        message = report.message
        key: tuple[str, ...] = (source, about.kind, about.uid, type, reason)
        if self._is_combined(key, message, now):
            message = COMBINED + message
        else:
            key = (*key, message)
        known = self.events.get(key)
        if known:
            metadata, first, count = known.metadata, known.first_timestamp, known.count + 1
        else:
            name = f"{about.name}.{stamp:016x}"
            metadata = Metadata(name, report.namespace, creation_timestamp=second)
            first, count = second, 1
        event = Event(metadata, about, reason, message, type, count, first, second, source)
        self.events[key] = event
        return event

    def _use_up(self, source: str, uid: str, now: float) -> None:
        tokens, since = self.tokens.get((source, uid), (SPAM_BURST, now))
        tokens = min(tokens + (now - since) / SPAM_REFILL_SECONDS, SPAM_BURST)
        self.tokens[source, uid] = (tokens - 1, now)

    def _is_combined(self, key: tuple[str, ...], message: str, now: float) -> bool:
        similar = self.similar.setdefault(key, _Similar(last=now))
        if now - similar.last > SIMILAR_WITHIN_SECONDS:
            similar.messages.clear()
        similar.last = now
        similar.messages[message] = None
        if len(similar.messages) < MAX_SIMILAR:
            return False
        similar.messages.pop(next(iter(similar.messages)))
        return True
