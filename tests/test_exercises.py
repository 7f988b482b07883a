"""Exercises: every answer that works is right, and a typical wrong one is told why it is not."""

from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from rollviz import manifest
from rollviz.exercises import (
    AnswerError,
    called,
    exercise,
    is_open,
    lecture,
    recreate,
    rolling_update,
    start_here,
    telling_apart,
    updating,
)


@exercise
def five_pods(replicas):
    """How many pods?"""
    yield replicas > 0, f"{replicas} is a number of pods", "Less than one is none."
    yield replicas == 5, f"{replicas} pods", "Look for replicas."


@exercise
def a_strategy(strategy):
    """A strategy that the API server takes."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": CONTAINERS}}
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": template}
    manifest.check({**HEAD, "spec": {**spec, "strategy": strategy}})
    yield True, "taken", ""


CONTAINERS = [{"name": "nginx", "image": "nginx:1"}]
HEAD = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}


def test_a_right_answer_says_what_was_found():
    assert five_pods.check(5).right
    assert repr(five_pods.check(5)) == "Right.\n  right  5 is a number of pods\n  right  5 pods"


def test_a_wrong_one_gets_the_hint_for_what_is_wrong_first():
    assert not five_pods.check(4).right
    assert repr(five_pods.check(4)).endswith("\n  wrong  4 pods\nHint: Look for replicas.")
    assert repr(five_pods.check(-1)).endswith("\nHint: Less than one is none.")


@pytest.mark.parametrize("answer", [..., {"maxSurge": ...}, [1, ...], {"a": {"b": [...]}}])
def test_dots_are_no_answer_yet(answer):
    assert is_open(answer)
    assert repr(five_pods.check(answer)) == "Open: put your answer where the dots are."
    assert not five_pods.check(answer).right


def test_what_the_api_server_refuses_is_shown_in_its_words():
    refused = a_strategy.check({"type": "Recreate", "rollingUpdate": {"maxSurge": 1}})
    assert not refused.right
    assert "spec.strategy.rollingUpdate: Forbidden" in repr(refused)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (5, "5 is no function: give the function's name, without ()"),
        (lambda n: 1 // n, "<lambda>(0) raises ZeroDivisionError("),
    ],
    ids=["no function", "one that raises"],
)
def test_a_function_that_cannot_be_called_says_why(function, words):
    with pytest.raises(AnswerError) as told:
        called(function, 0)
    assert words in str(told.value)


def test_a_function_is_called():
    assert called(max, 1, 2) == 2


def test_its_repr_is_the_question():
    assert repr(five_pods) == "<Exercise five_pods: How many pods?>"


def test_a_function_that_returns_dots_is_no_answer_yet():
    assert repr(rolling_update.rounding.check(lambda *_: ...)).startswith("Open")


# --- the exercises of the notebooks ---------------------------------------------------------------


def test_they_are_about_the_lectures_deployment():
    file = Path(__file__).parents[1] / "notebooks" / "manifests" / "deployment-definition.yml"
    assert yaml.safe_load(file.read_text("utf-8")) == lecture.MANIFEST


def rounded_to_nearest(replicas, surge, unavailable):
    return round(replicas * surge / 100), round(replicas * unavailable / 100)


def rounded_up_and_down(replicas, surge, unavailable):
    return -(-replicas * surge // 100), replicas * unavailable // 100


def rounded_as_kubernetes_does(replicas, surge, unavailable):
    surge, unavailable = rounded_up_and_down(replicas, surge, unavailable)
    return surge, unavailable if surge or unavailable else 1


def knobs(surge, unavailable):
    return {"maxSurge": surge, "maxUnavailable": unavailable}


def slowest_to_stop_and_quickest_to_start(startup, termination):
    return max(termination) + min(startup)


def edited(**spec):
    """The lecture's file with another spec; None takes a field out."""
    item = deepcopy(lecture.MANIFEST)
    image = spec.pop("image", None)
    if image:
        item["spec"]["template"]["spec"]["containers"][0]["image"] = image
    item["spec"] = {k: v for k, v in (item["spec"] | spec).items() if v is not None}
    return item


WITH_A_TIER = edited(image="nginx:1.9.1", replicas=8)
WITH_A_TIER["spec"]["template"]["metadata"]["labels"]["tier"] = "web"
OF_THE_TEMPLATE = {"image", "label of the pods", "environment variable", "grace period"}


def slowest_of_both(startup, termination):
    return max(termination) + max(startup)


def startup_alone(startup, termination):
    return min(startup)


AT_ONCE = {"type": "RollingUpdate", "rollingUpdate": knobs(0, "100%")}


def by_the_first_line(lines):
    return "Recreate" if lines[0].endswith("to 0") else "RollingUpdate"


def by_the_number_of_lines(lines):
    return "Recreate" if len(lines) == 2 else "RollingUpdate"


def largest_sum(resized):
    sizes = {name: before for name, before, _ in reversed(resized)}
    sums = [sum(sizes.values())]
    for name, _, after in resized:
        sizes[name] = after
        sums.append(sum(sizes.values()))
    return max(sums)


def largest_size(resized):
    return max(max(before, after) for _, before, after in resized)


SCALE = "kubectl scale deployment/myapp-deployment --replicas="
RIGHT = [
    (start_here.floor_and_ceiling, {"floor": 7, "ceiling": 12}),
    (start_here.three_pods, f"{SCALE}3"),
    (telling_apart.which_strategy, by_the_first_line),
    (telling_apart.most_asked_for, largest_sum),
    (updating.which_roll_out, OF_THE_TEMPLATE),
    (updating.catch_up, edited(image="nginx:1.9.1", replicas=8)),
    (recreate.never_two_versions, {"type": "Recreate"}),
    (recreate.silence, slowest_to_stop_and_quickest_to_start),
    (rolling_update.ten_at_all_times, knobs(1, 0)),
    (rolling_update.ten_at_all_times, knobs("20%", 0)),
    (rolling_update.ten_at_all_times, knobs("11%", "9%")),
    (rolling_update.quick_and_safe, knobs("100%", 0)),
    (rolling_update.quick_and_safe, knobs(4, 1)),
    (rolling_update.rounding, rounded_as_kubernetes_does),
]
WRONG = [
    (
        start_here.floor_and_ceiling,
        {"floor": 7, "ceiling": 11},
        "Look right of the band, where the",
    ),
    (start_here.floor_and_ceiling, {"floor": 6, "ceiling": 12}, "wrong  the floor at 6"),
    (start_here.floor_and_ceiling, 7, "give a dict"),
    (start_here.three_pods, f"{SCALE}4", "wrong  4 pods"),
    (start_here.three_pods, "kubectl get pods", "wrong  5 pods"),
    (start_here.three_pods, "kubectl scale deployment/myapp --replicas=3", "not found"),
    (start_here.three_pods, "scale", "give one command"),
    (telling_apart.which_strategy, by_the_number_of_lines, "1 replica, RollingUpdate: you say Rec"),
    (telling_apart.which_strategy, lambda lines: "recreate", "you say recreate"),
    (telling_apart.most_asked_for, largest_size, "5 replicas, RollingUpdate: you say 5, it is 7"),
    (telling_apart.most_asked_for, len, "5 replicas, Recreate: you say 2, it is 5"),
    (updating.which_roll_out, OF_THE_TEMPLATE | {"replicas"}, "wrong  replicas: you say a rollout"),
    (updating.which_roll_out, {"image"}, "wrong  grace period: you say no rollout"),
    (updating.which_roll_out, set(updating.EDITS), "wrong  strategy: you say a rollout"),
    (updating.which_roll_out, ["img"], "give a set of names out of these: image, "),
    (updating.catch_up, edited(replicas=8), "wrong  nginx:1.9.1 still runs: it is nginx:1.7.1"),
    (updating.catch_up, edited(image="nginx:1.9.1"), "wrong  still 8 pods: it is 5"),
    (updating.catch_up, edited(image="nginx:1.9.1", replicas=None), "still 8 pods: it is 1"),
    (
        updating.catch_up,
        edited(image="nginx:1.9.1", replicas=8, strategy={"type": "Recreate"}),
        "wrong  something else is changed",
    ),
    (updating.catch_up, WITH_A_TIER, "wrong  revision 2 still: it is 3"),
    (updating.catch_up, edited(replicas=-1), "must be greater than or equal to 0"),
    (recreate.never_two_versions, {"type": "RollingUpdate"}, "pods of both versions"),
    (recreate.never_two_versions, AT_ONCE, "pods of both versions"),
    (recreate.never_two_versions, {**AT_ONCE, "type": "Recreate"}, "may not be specified when"),
    (recreate.never_two_versions, "Recreate", "give a dict"),
    (recreate.silence, slowest_of_both, "7 s, and it was 3.1 s"),
    (recreate.silence, startup_alone, "2 s, and it was 22.1 s"),
    (rolling_update.ten_at_all_times, knobs("25%", "25%"), "the fewest are 8"),
    (rolling_update.ten_at_all_times, knobs("25%", 0), "the most are 13"),
    (rolling_update.ten_at_all_times, knobs(0, 0), "may not be 0 when `maxSurge` is 0"),
    (rolling_update.ten_at_all_times, knobs(0, 1), "the fewest are 9"),
    (rolling_update.ten_at_all_times, 2, "give a dict"),
    (rolling_update.quick_and_safe, knobs("25%", "25%"), "it took 5.4"),
    (rolling_update.quick_and_safe, knobs(0, "100%"), "the fewest are 0"),
    (
        rolling_update.rounding,
        rounded_to_nearest,
        "(5, 25, 25): (1, 1), and Kubernetes says (2, 1)",
    ),
    (rolling_update.rounding, rounded_up_and_down, "Kubernetes says (0, 1)"),
    (rolling_update.rounding, (2, 1), "is no function"),
]


@pytest.mark.parametrize(("exercise", "answer"), RIGHT)
def test_what_works_is_right(exercise, answer):
    verdict = exercise.check(answer)
    assert verdict.right, verdict


@pytest.mark.parametrize(("exercise", "answer", "words"), WRONG)
def test_what_is_typically_answered_wrong_is_refused(exercise, answer, words):
    verdict = exercise.check(answer)
    assert not verdict.right
    assert words in repr(verdict)


def test_the_look_alike_has_the_events_of_recreate():
    recreate_ = telling_apart.two_clusters()[0]
    third = telling_apart.look_alike()
    lines = telling_apart.lines_of_the_update
    assert lines(recreate_.timeline) == lines(third.timeline)
    assert third.snapshot.deployments["myapp-deployment"].spec.strategy.type == "RollingUpdate"
