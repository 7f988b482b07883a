from itertools import pairwise
from pathlib import Path

import pytest

from rollviz import questions
from rollviz.metrics import metrics
from rollviz.questions import next_scaling
from rollviz.timeline import Timeline, load

NOTHING = questions.SCALINGS[2]
WATCH = Path(__file__).parent / "data" / "watch"


def recorded(name: str) -> Timeline:
    return load(WATCH / f"{name}.jsonl.gz")


@pytest.mark.parametrize(
    ("name", "question", "value", "why"),
    [
        (
            "rolling-default-5",
            "most_pods",
            9,
            "4 available + 3 not yet available + 2 terminating = 9. maxSurge 25% of 5 rounds up to "
            "2, so 7 may exist; terminating pods are not counted.",
        ),
        ("rolling-surge100", "most_pods", 8, "maxSurge 100% of 4 is 4, so 8 may exist."),
        (
            "recreate-5",
            "most_pods",
            5,
            "Recreate makes no new pod before the last old one is gone.",
        ),
        (
            "rolling-default-5",
            "least_available",
            4,
            "maxUnavailable 25% of 5 rounds down to 1, so the controller keeps at least 5 − 1 = 4",
        ),
        ("recreate-5", "least_available", 0, "every old pod goes before a new one comes"),
        (
            "apply-image-and-replicas",
            "least_available",
            5,
            "7 − 1 = 6 available. At 2.8 s there were",
        ),
        ("rolling-default-5", "rollout_seconds", 2.9, "New pods came in 4 waves (2 + 1 + 1 + 1)"),
        ("recreate-5", "rollout_seconds", 2.4, "The last old pod was gone after "),
        (
            "bad-image-deadline",
            "rollout_seconds",
            3.6,
            "was not complete at 5.2 s. Waiting: 3 avail",
        ),
        ("rolling-default-5", "downtime_seconds", 0, "at least 4 pods were available at every"),
        ("recreate-5", "downtime_seconds", 0.8, "No pod was available from 2.8 s to 3.9 s."),
        (
            "rolling-default-5",
            "new_revision",
            2,
            "so there is a new ReplicaSet, with the next number",
        ),
        ("recreate-5", "unavailable_seconds", 1.1, "and then the first new one ready"),
        ("rolling-default-5", "unavailable_seconds", 0.0, "at least 4 pods were available"),
        ("rollback-after-success", "new_revision", 3, "revision 1: its ReplicaSet is used again"),
    ],
)
def test_a_question_answers_itself_and_says_why(name, question, value, why):
    timeline = recorded(name)
    asked = getattr(questions, question)

    answer = asked.answer(timeline)

    assert (asked(timeline), answer.value) == (value, value)
    assert why in answer.why


@pytest.mark.parametrize("name", ["rolling-default-5", "recreate-5", "rollback-after-success"])
def test_numbers_are_those_of_the_metrics(name):
    timeline = recorded(name)
    measured = metrics(timeline)
    assert questions.most_pods(timeline) == measured.most_pods
    assert questions.least_available(timeline) == measured.least_available
    assert questions.rollout_seconds(timeline) == pytest.approx(measured.duration, abs=0.05)
    assert questions.downtime_seconds(timeline) == pytest.approx(measured.downtime, abs=0.05)


def test_the_step_is_where_the_answer_can_be_seen():
    timeline = recorded("rolling-default-5")
    step = timeline.steps[questions.most_pods.answer(timeline).step or 0]
    assert timeline.at(step.t).counts().everything == 9


def test_what_is_next_is_what_the_controller_did_next():
    timeline = recorded("rolling-default-5")
    steps = timeline.steps
    told = {"new pods come": 1, "old pods go": -1, "nothing moves yet": 0}
    for step, after in pairwise(steps[1:]):
        if not after.scaling or after.t - step.t > 0.1:
            continue
        grows = after.scaling.to - after.scaling.from_
        assert told[next_scaling(step.index)(timeline)] * grows >= 0
    waiting = next(step for step in steps[9:] if next_scaling(step.index)(timeline) == NOTHING)
    assert (
        next_scaling(waiting.index)
        .answer(timeline)
        .why.startswith("Waiting: 4 available, 4 needed")
    )


@pytest.mark.parametrize(
    ("name", "end"), [("rolling-default-5", "complete"), ("quota-refuses", "4 ")]
)
def test_at_the_end_nothing_moves(name, end):
    timeline = recorded(name)
    answer = next_scaling(len(timeline.steps) - 1).answer(timeline)
    assert answer.value == NOTHING
    assert end in answer.why


def test_a_question_about_a_step_that_is_not_there():
    with pytest.raises(ValueError, match="after: 999: this timeline has the steps 0 to"):
        next_scaling(999)(recorded("recreate-5"))


def test_a_question_has_the_words_of_its_docstring():
    assert str(questions.most_pods.__doc__).startswith("The most pods on screen")
    assert (questions.most_pods.unit, questions.rollout_seconds.unit) == ("pods", "seconds")
