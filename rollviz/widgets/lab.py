"""The laboratory: turn a knob, and see the rollout come out differently."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import anywidget
import traitlets
from ipywidgets import VBox

from rollviz import kubectl
from rollviz._quick import no_garbage_collection
from rollviz.compare import MOST_REQUESTS, Comparison
from rollviz.figures import stage_data
from rollviz.lab import (
    GALLERY,
    IMAGES,
    NAME,
    Experiment,
    Knobs,
    LabError,
    hints,
    parted,
    read,
    share,
    story,
)
from rollviz.lens import commands, lens
from rollviz.manifest import ManifestError
from rollviz.metrics import last_edit, metrics
from rollviz.scenario import Run
from rollviz.timeline import Timeline
from rollviz.traffic import requests
from rollviz.widgets import fallback
from rollviz.widgets.compare import CompareWidget
from rollviz.widgets.player import Player, before_rollout
from rollviz.widgets.stage import script, stylesheet

_BLANK = {"commands": commands(NAME), "lines": ["…"], "texts": [[[0, [0]]]] * len(commands(NAME))}
"""What kubectl prints while a knob is being turned: it takes longer than the picture."""

BEFORE, NOTHING = "as it was", "nothing more is done"


class Panel(anywidget.AnyWidget):
    """Knobs, gallery, and the run as a text.

    Traits: ``knobs``, a dict of :class:`rollviz.lab.Knobs`, set by either side; ``turns``, how
    often one was turned in the browser; ``hints``, words for some of them; ``problem`` and
    ``status``; ``story``, ``stories`` and ``about``, of the gallery; ``shared``; ``futures``, the
    names of two while a choice is due.
    """

    _esm = script("dom", "knobs")
    _css = stylesheet()
    knobs = traitlets.Dict().tag(sync=True, echo_update=False)
    turns = traitlets.Int(0).tag(sync=True, echo_update=False)
    hints = traitlets.Dict().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    status = traitlets.Unicode().tag(sync=True)
    story = traitlets.Unicode().tag(sync=True)
    stories = traitlets.List([s.name for s in GALLERY]).tag(sync=True)
    about = traitlets.Unicode().tag(sync=True)
    images = traitlets.List(list(IMAGES)).tag(sync=True)
    shared = traitlets.Unicode().tag(sync=True)
    futures = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take in what a browser says. All hear after the picture, not before, how it stands now.

        A socket may keep a message back until the one before it has been acknowledged, 40 ms
        later: so nothing that can wait goes before the picture. And a knob that came too late
        stands as what came after it has left it, not as the browser said.
        """
        try:
            super().set_state(sync_data)
        finally:
            if "knobs" in sync_data and self.comm is not None:
                echo = {"knobs": self.knobs, "turns": self.turns}
                self.comm.send({"method": "echo_update", "state": echo, "buffer_paths": []})


class Terminal(anywidget.AnyWidget):
    """A command line at the moment on show, and what the last command printed."""

    _esm = script("dom", "terminal")
    _css = stylesheet()
    at = traitlets.Unicode().tag(sync=True)
    line = traitlets.Unicode().tag(sync=True)
    output = traitlets.Unicode().tag(sync=True)
    failed = traitlets.Bool(False).tag(sync=True)


class Lab(VBox):
    """Knobs, a player, and a command line: change what will happen, from any step on.

    Args:
        run: the name of a story in the gallery (:data:`rollviz.lab.GALLERY`), or a text that
            :meth:`share` gave; by default a good update.

    Attributes:
        runs: what is on show: one experiment, or both futures of one that was forked.
        player: what plays it.

    Raises:
        LabError: there is no such story, or the text is no run.

    >>> lab = Lab("rollback")
    >>> lab.set(replicas=3)
    >>> lab.timeline.last.counts()
    Counts(available=3, not_terminating=3, everything=3)
    """

    def __init__(self, run: str = "good update") -> None:
        self.panel = Panel()
        self.terminal = Terminal()
        self.runs: list[Experiment] = []
        self._played: list[Run] = []
        self._overtaken = -1
        self.player = Player(Timeline())
        self._comparison: CompareWidget | None = None
        super().__init__([self.panel, self.player, self.terminal])
        self.load(run)
        self._listen()

    def __repr__(self) -> str:
        futures = " and another future" if len(self.runs) > 1 else ""
        return f"<Lab: {self.timeline!r}{futures}>"

    def _ipython_display_(self, **_: Any) -> None:
        fallback.show(self, fallback.film(self.player.data, repr(self)))

    def _listen(self) -> None:
        self.panel.observe(lambda _: self._turned(), "knobs")
        self.panel.on_msg(lambda _, content, __: self._hear(content))
        self.terminal.on_msg(lambda _, content, __: self.kubectl(str(content["run"])))
        self.player.observe(lambda _: self._moved(), "step")

    # --- what can be done to it -----------------------------------------------------------------

    @property
    def timeline(self) -> Timeline:
        """What came of the run, or of the first of both futures."""
        return self._played[0].timeline

    @property
    def knobs(self) -> Knobs:
        """How the knobs stand."""
        return self.runs[0].knobs

    def set(self, **changed: Any) -> None:
        """Turn knobs, by their names in :class:`rollviz.lab.Knobs`, and play again.

        Raises:
            LabError: there is no such knob, or it does not take that value.
            ManifestError: the API server refuses the manifest.
        """
        unknown = set(changed) - set(asdict(self.knobs))
        if unknown:
            raise LabError(
                f"{unknown.pop()}: there is no such knob: {', '.join(asdict(self.knobs))}"
            )
        self._play([replace(run, knobs=replace(self.knobs, **changed)) for run in self.runs])

    def kubectl(self, line: str) -> str:
        """Run a command at the step on show, and give what it prints.

        A command that only reads answers from the picture on show. One that changes something
        forks the run: it happens at that moment, and both futures are shown.
        """
        line = line.strip()
        line = line if line.split()[:1] == ["kubectl"] else f"kubectl {line}"
        view = kubectl.View.at(self.timeline, self._second, self._played[0].cluster.nodes)
        answer = kubectl.answer(line, view)
        if "only reading commands work here" not in answer.stderr:
            return self._print(line, answer.stdout + answer.stderr, answer.exit_code != 0)
        try:
            ran = self.fork(line)
        except LabError as error:
            return self._print(line, f"{error}\n", True)
        return self._print(line, ran.stdout + ran.stderr, ran.exit_code != 0)

    def fork(self, *commands: str) -> Any:
        """Change history from the step on show on: run these commands instead of what came.

        Returns:
            The first of them as it ran, a :class:`rollviz.timeline.Command`; None without any.

        Raises:
            LabError: two futures are on show already, or a command can't be used here.
        """
        if len(self.runs) > 1:
            raise LabError("two futures are on show: keep one of them first")
        other = self.runs[0].fork(self.timeline, self._second, *commands)
        if other.commands == self.runs[0].commands:
            raise LabError("no command was to come after this step: give one to run here")
        played = other.play()
        number = len(other.commands) - len(commands) + 1
        ran = played.timeline.commands[number] if commands else None
        if ran and ran.exit_code:  # kubectl refused: there is no other future
            return ran
        second = self._second
        if second > self.timeline.duration:  # nothing was to come: the run just goes on
            self._take([other], [played], second)
        else:
            self._take([self.runs[0], other], [self._played[0], played], second)
        return ran

    def keep(self, index: int) -> None:
        """Go on with one of both futures: 0 for what was, 1 for the new one.

        Raises:
            LabError: only one is on show, or there is none of that index.
        """
        if len(self.runs) < 2 or index not in (0, 1):
            raise LabError(f"keep: {index!r}: there are two futures, 0 and 1, only after a fork")
        self._take([self.runs[index]], [self._played[index]], self._second)

    def share(self) -> str:
        """What is on show as a short text; ``Lab(text)`` shows it again."""
        return share(self.runs)

    def load(self, text: str) -> None:
        """Show what a text from :meth:`share`, or the name of a story, stands for.

        Raises:
            LabError: it is neither.
        """
        runs = read(text) if re.search(r"rollviz\d", text) else [story(text).run]
        played = [run.play() for run in runs]
        self._comparison = None
        first = played[0].timeline
        self._take(runs, played, first.steps[before_rollout(first, NAME)].t)

    # --- what the widgets say ---------------------------------------------------------------------

    def _turned(self) -> None:
        """A knob was turned in the browser; a picture now, the rest when it stands still."""
        if dict(self.panel.knobs) == asdict(self.knobs):  # as they are played already
            self.panel.problem = ""
            return
        if self.panel.turns == self._overtaken:  # what is on show now came after it
            self.panel.knobs = asdict(self.knobs)
            return
        try:
            turned = Knobs(**self.panel.knobs)
            with no_garbage_collection():
                self._play([replace(run, knobs=turned) for run in self.runs], quick=True)
        except ManifestError as error:
            self.panel.problem = error.kubectl("apply")
        except (LabError, TypeError) as error:
            self.panel.problem = str(error)

    def _catch_up(self, turns: int, knobs: dict[str, Any]) -> None:
        """Turn the knobs as they stood in the browser when it said what comes now.

        ipywidgets sends one state at a time and holds the next back, but no message: a message
        overtakes a knob that was turned before it, and the knob comes when it is out of date.
        """
        if turns > self.panel.turns:
            self.panel.turns = turns
            self.panel.knobs = knobs
            self._overtaken = turns

    def _hear(self, content: Mapping[str, Any]) -> None:
        self._catch_up(content["turns"], content["knobs"])
        try:
            match content:
                case {"rest": True}:
                    self._show(self._second)
                case {"load": str(text)}:
                    self.load(text)
                case {"fork": True}:
                    self.fork()
                case {"keep": int(index)}:
                    self.keep(index)
        except LabError as error:
            self.panel.problem = str(error)

    def _moved(self) -> None:
        self.terminal.at = f"{self._second:.1f} s"

    # --- what is shown -------------------------------------------------------------------------

    def _play(self, runs: list[Experiment], *, quick: bool = False) -> None:
        played = [run.play() for run in runs]
        self._take(runs, played, self._carried(played[0].timeline), quick=quick)

    def _take(
        self, runs: list[Experiment], played: list[Run], second: float, *, quick: bool = False
    ) -> None:
        """Go on with these runs. The panel's message goes last: the picture is waited for."""
        self.runs, self._played = runs, played
        with self.panel.hold_sync():
            self._show(second, quick=quick)
            self.panel.knobs = asdict(self.knobs)
            self.panel.hints = hints(self.knobs)
            self.panel.problem = ""
            self.panel.shared = self.share()
            known = next((s for s in GALLERY if [s.run] == runs), None)
            self.panel.story, self.panel.about = (known.name, known.about) if known else ("", "")

    @property
    def _second(self) -> float:
        """The second on show, on the timeline's clock; a little later, to be past what is shown."""
        if self._comparison is not None:
            moment = self._comparison.data["moments"][self._comparison.step]
            return float(moment + next(iter(self._comparison.comparison.starts.values())))
        times = self.player.data["times"]
        return float(times[2 * self.player.step]) + 0.001

    def _carried(self, timeline: Timeline) -> float:
        """Where the playhead goes in another timeline: as long after the edit, or to its end."""
        if self._comparison is None and self.player.step == self.player.last_step:
            return timeline.duration + 1.0
        (start, _), (new_start, _) = last_edit(self.timeline), last_edit(timeline)
        now = self._second
        return now - start + new_start if now >= start else now

    def _show(self, second: float | None = None, *, quick: bool = False) -> None:
        if len(self.runs) > 1:
            self._show_futures()
        else:
            self._show_player(self._second if second is None else second, quick)
        self.panel.status = "" if quick else self._status()
        self._moved()

    def _show_player(self, second: float, quick: bool) -> None:
        data = _picture(self.timeline, self.runs[0])
        data["lens"] = _BLANK if quick else lens(self.timeline, NAME)
        self._comparison = None
        step = max(bisect_right(data["times"][::2], second + 0.001) - 1, 0)
        with self.terminal.hold_sync(), self.player.hold_sync():  # the player's message goes first
            self.player.timeline = self.timeline
            self.player.data = data
            self.player.step = step
        self.panel.futures = []
        self.children = (self.panel, self.player, self.terminal)

    def _show_futures(self) -> None:
        comparison = self._compared()
        if self._comparison is None:
            self._comparison = CompareWidget(comparison)
            self._comparison.step = self._comparison.at_zero()
            self._comparison.observe(lambda _: self._moved(), "step")
        else:
            self._comparison.show(comparison)
        self.panel.futures = list(comparison.runs)
        self.children = (self.panel, self._comparison, self.terminal)

    def _compared(self) -> Comparison:
        new = [line for line in self.runs[1].commands if line not in self.runs[0].commands]
        names = (BEFORE, _name(new[0]) if new else NOTHING)
        runs = {n: p.timeline for n, p in zip(names, self._played, strict=True)}
        since = dict.fromkeys(names, parted(self.runs, self._played))
        return Comparison(runs, self.runs[0].traffic, since=since, zero="fork")

    def _status(self) -> str:
        if len(self.runs) > 1:
            return f"two futures from {parted(self.runs, self._played):.1f} s on"
        cost = metrics(self.timeline, traffic=_traffic(self.timeline, self.runs[0]))
        done = f"rolled out in {cost.text('duration')} s" if cost.complete else "never rolled out"
        return (
            f"{done} · at least {cost.least_available} available · at most {cost.most_pods} pods · "
            f"{cost.failed_requests} of {cost.requests} requests lost"
        )

    def _print(self, line: str, output: str, failed: bool) -> str:
        with self.terminal.hold_sync():
            self.terminal.line, self.terminal.output = line, output
            self.terminal.failed = failed
        return output


def _picture(timeline: Timeline, run: Experiment) -> dict[str, Any]:
    return stage_data(timeline, NAME, traffic=requests(timeline, **_traffic(timeline, run)))


def _traffic(timeline: Timeline, run: Experiment) -> dict[str, Any]:
    pace = min(10.0, MOST_REQUESTS / max(timeline.duration, 1.0))
    return {"per_second": pace, **run.traffic}


def _name(command: str) -> str:
    return (command.partition(": ")[2] or command).removeprefix("kubectl ")
