"""A prediction as a form: answer, lock, watch, and see who was right and why."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets
from ipywidgets import VBox

from rollviz.forms import AtStep, Choice, Number, PredictError
from rollviz.predict import Prediction, score
from rollviz.widgets.player import Player, before_rollout
from rollviz.widgets.stage import script, stylesheet


class Form(anywidget.AnyWidget):
    """The question and what can be answered; the right answer is not in it until it is told.

    Traits: ``question``, ``kind`` (``number``, ``choice`` or ``step``), ``choices``, ``unit``;
    ``state``: ``open``, ``locked`` or ``told``; ``at``: the step that a ``step`` question would
    lock; ``said``, ``problem``: what was answered, or why it was not taken; ``verdict``, ``why``,
    ``right``, ``score``: once it is told.
    """

    _esm = script("dom", "predict")
    _css = stylesheet()
    question = traitlets.Unicode().tag(sync=True)
    kind = traitlets.Unicode("number").tag(sync=True)
    choices = traitlets.List(traitlets.Unicode()).tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    state = traitlets.Unicode("open").tag(sync=True)
    at = traitlets.Int(0).tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    verdict = traitlets.Unicode().tag(sync=True)
    why = traitlets.Unicode().tag(sync=True)
    right = traitlets.Bool(False).tag(sync=True)
    score = traitlets.Unicode().tag(sync=True)


class PredictionWidget(VBox):
    """The form, and below it the player that plays once an answer is locked."""

    def __init__(self, prediction: Prediction) -> None:
        self.prediction = prediction
        self.player: Player | None = prediction.player
        self.form = Form(question=prediction.question, **_form(prediction))
        super().__init__([self.form])
        self.form.on_msg(lambda _, content, __: self._hear(content))
        if isinstance(prediction.form, AtStep):
            self._show_player()
        if prediction.verdict:
            self._tell()

    def __repr__(self) -> str:
        return repr(self.prediction)

    def _hear(self, content: dict[str, Any]) -> None:
        if "answer" in content:
            self._answer(content["answer"])
        elif self.form.state == "locked":
            self._tell()

    def _answer(self, given: Any) -> None:
        if isinstance(self.prediction.form, Choice):
            given = self.prediction.form.choices[given]
        try:
            verdict = self.prediction.answer(given)
        except PredictError as error:
            self.form.problem = str(error)
            return
        self.form.problem = ""
        self.form.said = verdict.said
        self.form.state = "locked"
        if isinstance(self.prediction.form, AtStep):
            self._tell()
        else:
            self._show_player()
            self._play()

    def _show_player(self) -> None:
        player = self.player
        if player is None:
            player = self.player = Player(self.prediction.timeline, traffic=self.prediction.traffic)
            player.step = self._begin
            self.children = (self.form, player)
        player.observe(lambda _: self._look(player), ["step", "playing"])
        self.form.at = player.step

    @property
    def _begin(self) -> int:
        """The step before the rollout that the question is about."""
        return before_rollout(self.prediction.timeline)

    def _play(self) -> None:
        if self.player:
            self.player.step = min(self._begin, self.prediction.step)
            self.player.until = self.prediction.step
            self.player.playing = True

    def _look(self, player: Player) -> None:
        """The player moved or paused: does it show the answer? While it plays, it is on its way."""
        self.form.at = player.step
        if player.playing or player.step < self.prediction.step:
            return
        if self.form.state == "locked":
            self._tell()
        player.until = -1

    def _tell(self) -> None:
        form, verdict = self.form, self.prediction.verdict
        assert verdict
        with form.hold_sync():
            form.said, form.right = verdict.said, verdict.right
            form.verdict, form.why = verdict.title, verdict.why
            form.score = str(score())
            form.state = "told"
        elsewhere = isinstance(self.prediction.form, AtStep)
        if self.player and (elsewhere or self.player.step < self.prediction.step):
            self.player.playing = False
            self.player.step = self.prediction.step


def _form(prediction: Prediction) -> dict[str, Any]:
    match prediction.form:
        case Number() as number:
            return {"kind": "number", "unit": number.unit}
        case Choice() as choice:
            return {"kind": "choice", "choices": [choice.say(value) for value in choice.choices]}
    return {"kind": "step"}
