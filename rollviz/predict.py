"""Predict, observe, explain: a question that is answered before the rollout is played.

The right answer is computed from the timeline at hand, never typed in. In a notebook a
prediction shows itself as a form, then the rollout, then who was right and why; without one,
:meth:`Prediction.answer` does the same in a line:

>>> from rollviz.objects import Deployment, DeploymentSpec, Metadata, PodTemplate
>>> from rollviz.questions import most_pods
>>> from rollviz.simulator import Cluster
>>> cluster = Cluster()
>>> _ = cluster.create(Deployment(Metadata("web"), DeploymentSpec(3, {}, PodTemplate({}))))
>>> cluster.run_for(5)
>>> asked = predict("How many pods at most?", of=cluster.timeline, answer=most_pods)
>>> asked.answer(4)
Not quite: you said 4 pods, it is 3 pods.
At 0.0 s: 3 not yet available. maxSurge 25% of 3 rounds up to 1, so 4 may exist.
>>> score()
0 of 1 right
  wrong  How many pods at most?  you said 4 pods, it is 3 pods
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from rollviz.forms import Form, PredictError, form_for
from rollviz.questions import Answer, Question
from rollviz.steps import Step
from rollviz.timeline import Timeline

if TYPE_CHECKING:
    from rollviz.widgets.predict import PredictionWidget


@dataclass(frozen=True, repr=False)
class Verdict:
    """What became of a prediction.

    Attributes:
        right: whether it was right.
        why: the reason, in plain text.
        said: the answer that was given, in words.
        is_: the right answer, in words.
    """

    right: bool
    why: str
    said: str
    is_: str

    def __repr__(self) -> str:
        return f"{self.title}\n{self.why}".rstrip()

    @property
    def title(self) -> str:
        """Right or not, in one line."""
        if self.right:
            return f"Right: {self.is_}."
        return f"Not quite: you said {self.said}, it is {self.is_}."


def predict(
    question: str,
    *,
    of: Any,
    answer: Question | Callable[[Timeline], Any],
    choices: Sequence[Any] = (),
    unit: str = "",
    within: float | None = None,
    why: str | Callable[[Timeline], str] = "",
) -> Prediction:
    """Ask a question about a rollout before it is played.

    Args:
        question: in words, plain text.
        of: the timeline that has the answer, or the player that shows it. In a notebook the
            player is what plays after the answer is locked; a timeline gets one of its own.
        answer: a question of :mod:`rollviz.questions` such as ``most_pods``, or any function of
            the timeline. What it returns makes the form: a number, True or False, one of
            ``choices``, or a :class:`~rollviz.steps.Step` for "at which step".
        choices: the answers to choose from.
        unit: what a number counts, e.g. ``pods``; named questions know theirs.
        within: how far off a number may be. By default not at all for whole numbers, and a
            tenth, but at least 0.5, for others.
        why: the reason, or a function of the timeline that words it; named questions know theirs.

    Returns:
        The prediction. Its repr says whether it is open, or how it came out.

    Raises:
        PredictError: ``of`` is no timeline, or ``answer`` finds none that can be asked for.
    """
    timeline, player = _timeline(of)
    if player is None:
        timeline = timeline.until(timeline.duration)  # a cluster's own timeline goes on growing
    found = _answer(timeline, answer, why)
    if isinstance(answer, Question):
        choices, unit = choices or answer.choices, unit or answer.unit
    form = form_for(found.value, timeline, choices, unit, within)
    prediction = Prediction(str(question), timeline, form, found, player)
    score().add(prediction)
    return prediction


class Prediction:
    """A question that was asked: open, until an answer locks it. Made by :func:`predict`.

    Attributes:
        question: in words.
        timeline: what it is about.
        form: what can be answered.
        verdict: how it came out; None while it is open.
        player: the player that shows the timeline, or None.
    """

    def __init__(
        self, question: str, timeline: Timeline, form: Form, found: Answer, player: Any = None
    ) -> None:
        self.question = question
        self.timeline = timeline
        self.form = form
        self.verdict: Verdict | None = None
        self.player = player
        self._found = found
        self._said: Any = None
        self._widget: PredictionWidget | None = None

    def __repr__(self) -> str:
        state = self.verdict.title if self.verdict else f"open: .answer({self.form.hint})"
        return f"<Prediction {self.question!r}: {state}>"

    def answer(self, value: Any) -> Verdict:
        """Lock an answer in, and see whether it is right, and why.

        Raises:
            PredictError: it is not an answer to this question, or another one is locked.

        >>> asked = predict("Is it empty?", of=Timeline(), answer=lambda t: not t.changes)
        >>> asked.answer("yes")
        Right: yes.
        """
        said = self.form.read(value)
        if self.verdict and said != self._said:
            locked = self.form.say(self._said)
            raise PredictError(f"locked: you said {locked}. Run the question again to change it.")
        self._said = said
        self.verdict = Verdict(
            self.form.right(said),
            self._found.why,
            self.form.say(said),
            self.form.say(self.form.value),
        )
        return self.verdict

    @property
    def step(self) -> int:
        """At which of ``timeline.steps`` the answer is to be seen."""
        return len(self.timeline.steps) - 1 if self._found.step is None else self._found.step

    def _ipython_display_(self, **_: Any) -> None:
        from rollviz.widgets.fallback import show

        show(self, f"<p><b>{escape(self.question)}</b> Run this cell to answer.</p>")

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        from rollviz.widgets.predict import PredictionWidget

        if self._widget is None:
            self._widget = PredictionWidget(self)
        return self._widget._repr_mimebundle_(**kwargs)


def _timeline(of: Any) -> tuple[Timeline, Any]:
    """The timeline that a question is about, and the player that was given, if one was."""
    timeline = of if isinstance(of, Timeline) else getattr(of, "timeline", None)
    if not isinstance(timeline, Timeline):
        raise PredictError(
            f"of: {type(of).__name__} is not a timeline: give what rollviz.simulate or "
            "rollviz.load returns, or its player"
        )
    return timeline, None if of is timeline else of


def _answer(timeline: Timeline, answer: Any, why: str | Callable[[Timeline], str]) -> Answer:
    if not callable(answer):
        raise PredictError(
            f"answer: {answer!r} is not a function of the timeline: give a named question such as "
            "rollviz.most_pods, or a function"
        )
    try:
        found = answer.answer(timeline) if isinstance(answer, Question) else answer(timeline)
        reason = why(timeline) if callable(why) else why
    except Exception as error:
        text = str(error) or type(error).__name__
        raise PredictError(f"answer: cannot be computed from {timeline!r}: {text}") from error
    if not isinstance(found, Answer):
        step = found.index if isinstance(found, Step) else None
        found = Answer(found, "", step)
    return found._replace(why=reason or found.why)


# --- the score ------------------------------------------------------------------------------


class Score:
    """How a notebook's predictions came out. A question counts once, by its first answer."""

    def __init__(self) -> None:
        self._asked: dict[str, Prediction] = {}

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self._asked.values())

    def add(self, prediction: Prediction) -> None:
        """Let a prediction count, if the same question was not answered before."""
        before = self._asked.get(prediction.question)
        if before is None or before.verdict is None:
            self._asked[prediction.question] = prediction

    @property
    def right(self) -> int:
        """How many were right."""
        return sum(verdict.right for verdict in self._verdicts())

    @property
    def answered(self) -> int:
        """How many were answered."""
        return len(self._verdicts())

    def _verdicts(self) -> list[Verdict]:
        return [prediction.verdict for prediction in self if prediction.verdict]

    def __str__(self) -> str:
        """One line: ``2 of 3 right, 1 open``."""
        left = len(self._asked) - self.answered
        return f"{self.right} of {self.answered} right" + (f", {left} open" if left else "")

    def __repr__(self) -> str:
        if not self._asked:
            return "no predictions yet"
        wide = max(map(len, self._asked))
        return "\n".join([str(self), *(_row(prediction, wide) for prediction in self)])


def _row(prediction: Prediction, wide: int) -> str:
    verdict = prediction.verdict
    if verdict is None:
        return f"  open   {prediction.question}"
    words = verdict.is_ if verdict.right else f"you said {verdict.said}, it is {verdict.is_}"
    return f"  {'right' if verdict.right else 'wrong'}  {prediction.question:{wide}}  {words}"


_SCORE = Score()


def score() -> Score:
    """The score of this notebook's predictions; its repr is a table.

    >>> Score()
    no predictions yet
    """
    return _SCORE
