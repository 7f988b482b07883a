"""The exercises of the notebooks: one module for each, checked by what the engine does.

A notebook asks in its own words, and calls ``check`` on the learner's answer. An exercise runs
that answer on a simulated cluster and says what came of it, so every answer that works is right.

>>> @exercise
... def five_pods(replicas):
...     "How many pods does the lecture's Deployment ask for?"
...     yield replicas == 5, f"{replicas} pods", "Look for replicas in the manifest."
>>> five_pods.check(...)
Open: put your answer where the dots are.
>>> five_pods.check(4)
Not yet.
  wrong  4 pods
Hint: Look for replicas in the manifest.
>>> five_pods.check(5)
Right.
  right  5 pods
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rollviz.manifest import ManifestError

Finding = tuple[bool, str, str]
"""Whether something that was asked for is so, what was found, and a hint for when it is not."""


class AnswerError(Exception):
    """An answer that is not of the kind that was asked for: says what to give instead."""


class Unanswered(Exception):
    """A learner's function that still returns dots."""


@dataclass(frozen=True)
class Verdict:
    """What became of an answer.

    Attributes:
        findings: everything that was looked at, in order; none for an open exercise.
    """

    findings: tuple[Finding, ...]

    @property
    def right(self) -> bool:
        """Whether all that was asked for is so."""
        return bool(self.findings) and all(held for held, _, _ in self.findings)

    def __repr__(self) -> str:
        if not self.findings:
            return "Open: put your answer where the dots are."
        rows = [f"  {'right' if held else 'wrong'}  {words}" for held, words, _ in self.findings]
        if self.right:
            return "\n".join(["Right.", *rows])
        hint = next(hint for held, _, hint in self.findings if not held)
        return "\n".join(["Not yet.", *rows, *([f"Hint: {hint}"] if hint else [])])


class Exercise:
    """A question whose answers are tried out. Made by :func:`exercise`."""

    def __init__(self, look: Callable[[Any], Iterable[Finding]]) -> None:
        self._look = look
        self.__doc__ = look.__doc__

    def __repr__(self) -> str:
        return f"<Exercise {self._look.__name__}: {self.__doc__}>"

    def check(self, answer: Any) -> Verdict:
        """Try an answer out, and say what was found; ``...`` is none yet."""
        try:
            return Verdict(() if is_open(answer) else tuple(self._look(answer)))
        except Unanswered:
            return Verdict(())
        except AnswerError as error:
            return Verdict(((False, str(error), ""),))
        except ManifestError as error:
            causes = "; ".join(map(str, error.causes)) or error.message
            return Verdict(((False, f"the API server refuses it: {causes}", ""),))


def exercise(look: Callable[[Any], Iterable[Finding]]) -> Exercise:
    """Make an exercise of a generator function: it takes an answer and yields its findings.

    Its docstring is the question in short. It may raise :class:`AnswerError`, and what the
    engine raises for a manifest that the API server refuses.
    """
    return Exercise(look)


def is_open(answer: Any) -> bool:
    """Whether there are still dots in an answer."""
    if isinstance(answer, dict):
        return any(map(is_open, answer.values()))
    return answer is ... or (isinstance(answer, list | tuple) and any(map(is_open, answer)))


def called(function: Any, *arguments: Any) -> Any:
    """What a learner's function returns.

    Raises:
        AnswerError: it is no function, or it raised something.
        Unanswered: it returned dots.
    """
    if not callable(function):
        raise AnswerError(f"{function!r} is no function: give the function's name, without ()")
    try:
        returned = function(*arguments)
    except Exception as error:
        given = ", ".join(map(repr, arguments))
        raise AnswerError(f"{function.__name__}({given}) raises {error!r}") from error
    if is_open(returned):
        raise Unanswered
    return returned
