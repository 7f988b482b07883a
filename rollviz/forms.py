"""What can be answered to a question: a number, one of a few, a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from rollviz.steps import Step
from rollviz.timeline import Timeline


class PredictError(ValueError):
    """A question that can't be asked, or an answer of the wrong kind: says what to do."""

    def _render_traceback_(self) -> list[str]:
        """In a notebook: the message in place, without a traceback."""
        return [str(self)]


@dataclass(frozen=True)
class Number:
    """A number, to within some distance of the right one."""

    value: float
    unit: str
    within: float
    hint = "7"

    def read(self, given: Any) -> Any:
        """The number that was given."""
        number = isinstance(given, int | float) and not isinstance(given, bool)
        if not number or not isfinite(given):
            raise PredictError(f"{given!r} is not a number: answer with one, as in .answer(7)")
        return given

    def right(self, said: Any) -> bool:
        """Whether it is near enough."""
        return bool(abs(said - self.value) <= self.within)

    def say(self, value: Any) -> str:
        """``9 pods``."""
        unit = self.unit.removesuffix("s") if value == 1 else self.unit
        return f"{value:g} {unit}".rstrip()


@dataclass(frozen=True)
class Choice:
    """One of a few; ``yes`` and ``no`` are True and False as well."""

    value: Any
    choices: tuple[Any, ...]

    @property
    def hint(self) -> str:
        """An answer that could be given."""
        return repr(self.choices[0])

    def read(self, given: Any) -> Any:
        """The choice that was given."""
        if isinstance(given, bool) and self.choices == YES_NO:
            return _yes(given)
        if given not in self.choices:
            known = ", ".join(map(repr, self.choices))
            raise PredictError(f"{given!r} is none of the choices: answer with one of {known}")
        return given

    def right(self, said: Any) -> bool:
        """Whether it is the one."""
        return bool(said == self.value)

    def say(self, value: Any) -> str:
        """The choice itself."""
        return str(value)


@dataclass(frozen=True)
class AtStep:
    """One of the timeline's steps, by its index; ``times`` are all steps' seconds."""

    value: int
    times: tuple[float, ...]
    hint = "7"

    def read(self, given: Any) -> Any:
        """The index that was given."""
        if isinstance(given, bool) or not isinstance(given, int):
            raise PredictError(f"{given!r} is not a step: answer with its number, as in .answer(7)")
        if not 0 <= given < len(self.times):
            last = len(self.times) - 1
            raise PredictError(f"there is no step {given}: they go from 0 to {last}")
        return given

    def right(self, said: Any) -> bool:
        """Whether it is that step."""
        return bool(said == self.value)

    def say(self, value: Any) -> str:
        """``step 12 (4.2 s)``."""
        return f"step {value} ({self.times[value]:.1f} s)"


Form = Number | Choice | AtStep
YES_NO = ("yes", "no")


def form_for(
    value: Any, timeline: Timeline, choices: Sequence[Any], unit: str, within: float | None
) -> Form:
    """What can be answered where ``value`` is right; the arguments are those of ``predict``.

    Raises:
        PredictError: nothing of that kind can be asked for.
    """
    if choices:
        if value not in choices:
            known = ", ".join(map(repr, choices))
            raise PredictError(
                f"choices: the answer is {value!r}, which is none of {known}: add it"
            )
        return Choice(value, tuple(choices))
    if isinstance(value, bool):
        return Choice(_yes(value), YES_NO)
    if isinstance(value, Step):
        return AtStep(value.index, tuple(step.t for step in timeline.steps))
    if isinstance(value, int | float) and isfinite(value):
        exact = isinstance(value, int)
        near = 0.0 if exact else max(0.5, abs(value) / 10)
        return Number(value, unit, near if within is None else within)
    if isinstance(value, str):
        raise PredictError(f"answer: it is the text {value!r}: give choices=[...] to choose from")
    raise PredictError(
        f"answer: it is {value!r}, of type {type(value).__name__}: it must be a number, True or "
        "False, a step, or one of choices=[...]"
    )


def _yes(value: bool) -> str:
    return YES_NO[not value]
