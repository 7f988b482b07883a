from importlib import import_module
from pathlib import Path

import pytest

from rollviz.forms import PredictError
from rollviz.predict import Score, predict, score
from rollviz.questions import least_available, most_pods, next_scaling, rollout_seconds
from rollviz.timeline import Command, Timeline, load
from rollviz.widgets.predict import PredictionWidget

RECORDED = load(Path(__file__).parent / "data" / "watch" / "rolling-default-5.jsonl.gz")


@pytest.fixture(autouse=True)
def fresh_score(monkeypatch):
    monkeypatch.setattr(import_module("rollviz.predict"), "_SCORE", Score())


def ask(answer=most_pods, of=RECORDED, question="How many pods at most?", **options):
    return predict(question, of=of, answer=answer, **options)


def test_a_right_answer_says_why():
    verdict = ask().answer(9)
    assert verdict.right
    assert repr(verdict) == (
        "Right: 9 pods.\nAt 3.8 s: 4 available + 3 not yet available + 2 terminating = 9. maxSurge "
        "25% of 5 rounds up to 2, so 7 may exist; terminating pods are not counted."
    )


def test_a_wrong_answer_says_what_is_right_and_why():
    verdict = ask(least_available).answer(5)
    assert not verdict.right
    assert repr(verdict).startswith("Not quite: you said 5 pods, it is 4 pods.\n5 wanted, maxUnav")


def test_an_answer_is_locked():
    asked = ask()
    assert asked.verdict is None
    first = asked.answer(7)
    assert asked.answer(7) == first
    with pytest.raises(PredictError, match="locked: you said 7 pods"):
        asked.answer(9)
    assert asked.verdict == first


def test_it_shows_the_answer_where_it_was_asked_however_the_timeline_goes_on():
    growing = RECORDED.until(4.0)
    asked = ask(lambda timeline: len(timeline.changes), of=growing)
    steps, changes = asked.step, len(growing)
    for change in RECORDED.changes[changes:]:
        growing.add(*change)
    assert len(growing.steps) > steps + 1
    assert asked.step == steps
    assert len(asked.timeline) == changes


def test_a_timeline_is_cut_off_in_the_middle_of_a_command():
    waited = Timeline(RECORDED.changes, commands=[Command(1.0, "rollout status", end=9.0)])
    cut = waited.until(4.0)
    assert [command.end for command in cut.commands] == [4.0]
    assert cut.duration == 4.0


@pytest.mark.parametrize(("traffic", "shown"), [(None, True), ([], False)])
def test_its_picture_shows_the_requests_that_are_given(traffic, shown):
    widget = PredictionWidget(ask(traffic=traffic))
    widget._answer(7)
    assert bool(widget.player.data["traffic"]) is shown


def first_ready(timeline):
    return next(step for step in timeline.steps if step.kind == "ready")


@pytest.mark.parametrize(
    ("answer", "options", "given", "right"),
    [
        (most_pods, {}, 9.0, True),
        (most_pods, {"within": 2}, 7, True),
        (most_pods, {"within": 1}, 7, False),
        (rollout_seconds, {}, 2.5, True),  # half a second is near enough
        (rollout_seconds, {}, 4, False),
        (lambda t: 100.0, {}, 109, True),  # and so is a tenth
        (lambda t: 100.0, {}, 111, False),
        (lambda t: 100.0, {"within": 0}, 101, False),
        (lambda t: bool(t.changes), {}, True, True),
        (lambda t: bool(t.changes), {}, "no", False),
        (lambda t: "Recreate", {"choices": ["Recreate", "RollingUpdate"]}, "Recreate", True),
        (lambda t: 2, {"choices": [1, 2, 3]}, 2, True),
        (next_scaling(0), {}, "new pods come", False),
        (first_ready, {}, 4, False),
        (first_ready, {}, first_ready(RECORDED).index, True),
    ],
)
def test_what_can_be_asked_and_answered(answer, options, given, right):
    assert ask(answer, **options).answer(given).right is right


@pytest.mark.parametrize(
    ("answer", "options", "given", "message"),
    [
        (most_pods, {}, "nine", "'nine' is not a number: answer with one, as in .answer(7)"),
        (most_pods, {}, True, "True is not a number"),
        (most_pods, {}, None, "None is not a number"),
        (most_pods, {}, float("inf"), "inf is not a number"),
        (
            lambda t: True,
            {},
            "maybe",
            "'maybe' is none of the choices: answer with one of 'yes', 'no'",
        ),
        (lambda t: 2, {"choices": [1, 2]}, 3, "3 is none of the choices: answer with one of 1, 2"),
        (first_ready, {}, 1.5, "1.5 is not a step: answer with its number"),
        (first_ready, {}, 999, "there is no step 999: they go from 0 to"),
        (first_ready, {}, -1, "there is no step -1"),
    ],
)
def test_an_answer_of_the_wrong_kind_is_refused_and_locks_nothing(answer, options, given, message):
    asked = ask(answer, **options)
    with pytest.raises(PredictError) as refused:
        asked.answer(given)
    assert str(refused.value).startswith(message)
    assert asked.verdict is None


@pytest.mark.parametrize(
    ("of", "answer", "options", "message"),
    [
        ("web.yaml", most_pods, {}, "of: str is not a timeline: give what rollviz.simulate"),
        (RECORDED, 9, {}, "answer: 9 is not a function of the timeline"),
        (RECORDED, "most pods", {}, "answer: 'most pods' is not a function"),
        (RECORDED, lambda t: "x", {}, "answer: it is the text 'x': give choices=[...]"),
        (
            RECORDED,
            lambda t: "x",
            {"choices": ["y"]},
            "choices: the answer is 'x', which is none of 'y'",
        ),
        (RECORDED, lambda t: None, {}, "answer: it is None, of type NoneType"),
        (RECORDED, lambda t: t.nothing, {}, "answer: cannot be computed from <Timeline of myapp"),
        (Timeline(), most_pods, {}, "answer: cannot be computed from <Timeline of no Deployment"),
        (RECORDED, lambda t: 1, {"why": lambda t: 1 / 0}, "answer: cannot be computed"),
        (RECORDED, lambda t: float("nan"), {}, "answer: it is nan"),
    ],
)
def test_a_question_that_cannot_be_asked_says_so_in_place(of, answer, options, message):
    with pytest.raises(PredictError) as refused:
        ask(answer, of, **options)
    assert str(refused.value).startswith(message)
    assert refused.value._render_traceback_() == [str(refused.value)]


def test_why_can_be_given():
    assert ask(lambda t: 4, why="Because.").answer(4).why == "Because."
    assert ask(lambda t: 4, why=lambda t: f"{len(t)} changes.").answer(4).why == "169 changes."
    assert ask(most_pods, why="Because.").answer(4).why == "Because."


def test_it_can_be_asked_of_what_shows_the_timeline():
    class Player:
        timeline = RECORDED

    asked = ask(of=Player())
    assert asked.answer(9).right
    assert isinstance(asked.player, Player)


def test_the_repr_says_how_it_stands():
    asked = ask()
    assert repr(asked) == "<Prediction 'How many pods at most?': open: .answer(7)>"
    asked.answer(7)
    assert repr(asked).endswith(": Not quite: you said 7 pods, it is 9 pods.>")


def test_the_score_is_a_table():
    assert repr(score()) == "no predictions yet"
    ask(question="Most?").answer(9)
    ask(least_available, question="Fewest available?").answer(5)
    ask(question="Yet another?")
    assert repr(score()) == (
        "1 of 2 right, 1 open\n"
        "  right  Most?              9 pods\n"
        "  wrong  Fewest available?  you said 5 pods, it is 4 pods\n"
        "  open   Yet another?"
    )


def test_a_question_counts_once_by_its_first_answer():
    ask()  # a cell that was run, and run again
    ask().answer(7)
    ask().answer(9)
    assert (score().right, score().answered, len(list(score()))) == (0, 1, 1)


# --- the widget -----------------------------------------------------------------------------


def widget_of(asked):
    asked._repr_mimebundle_()
    return asked._widget


def test_the_form_does_not_hold_the_answer_before_it_is_told():
    form = widget_of(ask()).form
    assert (form.kind, form.unit, form.state) == ("number", "pods", "open")
    assert "9" not in str(form.get_state(["question", "verdict", "why", "said", "choices"]))


def test_a_locked_answer_is_told_when_the_playhead_is_where_it_can_be_seen():
    asked = ask()
    widget = widget_of(asked)
    widget._hear({"answer": 7})
    assert (widget.form.state, widget.form.said, widget.form.verdict) == ("locked", "7 pods", "")
    player = widget.children[1]
    assert (player.playing, player.until) == (True, asked.step)
    assert player.step < asked.step
    player.step = asked.step - 1
    assert widget.form.state == "locked"
    player.step = asked.step  # half a step before its picture is complete
    assert widget.form.state == "locked"
    player.playing = False
    assert (widget.form.state, widget.form.right) == ("told", False)
    assert widget.form.verdict == "Not quite: you said 7 pods, it is 9 pods."
    assert widget.form.why.startswith("At 3.8 s: 4 available")
    assert widget.form.score == "0 of 1 right"
    assert (player.step, player.until) == (asked.step, -1)


def test_who_cannot_wait_is_told_at_once():
    widget = widget_of(ask())
    widget._hear({"tell": True})  # not before an answer is locked
    assert widget.form.state == "open"
    widget._hear({"answer": 9})
    widget._hear({"tell": True})
    assert (widget.form.state, widget.form.right) == ("told", True)


def test_an_answer_of_the_wrong_kind_is_refused_in_place():
    widget = widget_of(ask())
    widget._hear({"answer": "nine"})
    assert widget.form.problem.startswith("'nine' is not a number")
    assert widget.form.state == "open"
    widget._hear({"answer": 9})
    assert widget.form.problem == ""


def test_a_choice_is_told_by_its_place():
    widget = widget_of(ask(lambda t: 2, choices=[1, 2, 3]))
    assert widget.form.choices == ["1", "2", "3"]
    widget._hear({"answer": 1})
    assert widget.prediction.verdict.right


def test_at_which_step_is_answered_on_the_player():
    widget = widget_of(ask(first_ready))
    _, player = widget.children
    player.step = 4
    assert widget.form.at == 4
    widget._hear({"answer": widget.form.at})
    assert (widget.form.state, widget.form.right) == ("told", False)
    assert player.step == widget.prediction.step  # there it is


def test_a_player_that_was_given_plays_and_no_other_is_made():
    from rollviz.widgets.player import Player

    player = Player(RECORDED)
    widget = widget_of(ask(of=player))
    widget._hear({"answer": 9})
    assert len(widget.children) == 1
    assert player.playing
    player.step = player.last_step
    player.playing = False
    assert widget.form.state == "told"


def test_an_answer_given_in_code_is_told_when_it_is_shown():
    asked = ask()
    asked.answer(9)
    assert widget_of(asked).form.state == "told"
