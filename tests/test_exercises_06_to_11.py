"""Exercises of notebooks 06 to 11: what works is right, and a typical wrong answer is refused."""

import pytest

from rollviz.exercises import (
    live_cluster,
    rollback,
    the_knobs,
    under_the_hood,
    when_it_goes_wrong,
)
from rollviz.exercises.lecture import UPDATE
from rollviz.exercises.rollback import SECOND_UPDATE, UNDO


def knobs(surge, unavailable):
    return {"maxSurge": surge, "maxUnavailable": unavailable}


# --- 06 -------------------------------------------------------------------------------------------


def up(snapshot, pod):
    replica_set = snapshot.pods[pod].metadata.owner.name
    return [replica_set, snapshot.replica_sets[replica_set].metadata.owner.name]


def up_by_name(snapshot, pod):
    return pod.rsplit("-", 1)[0], pod.rsplit("-", 2)[0]


def new_size(wanted, may_be_added, pods, new_pods):
    return new_pods + min(max(0, wanted + may_be_added - pods), wanted - new_pods)


def new_size_that_shrinks(wanted, may_be_added, pods, new_pods):
    return min(wanted, new_pods + wanted + may_be_added - pods)


def new_size_without_a_ceiling(wanted, may_be_added, pods, new_pods):
    return min(wanted, new_pods + may_be_added)


def the_younger_first(pods):
    return sorted(pods, key=lambda pod: (pod["node"] is not None, pod["ready"], pod["age"]))


def the_oldest_first(pods):
    return sorted(pods, key=lambda pod: (pod["node"] is not None, pod["ready"], -pod["age"]))


def the_ready_first(pods):
    return sorted(pods, key=lambda pod: not pod["ready"])


# --- 07 -------------------------------------------------------------------------------------------


def to_and_fro(n):
    return ("nginx:1.9.1", "nginx:1.7.1")[n % 2], 2 + n


def rewound(n):
    return ("nginx:1.9.1", "nginx:1.7.1")[n % 2], (2, 1)[n % 2]


def further_back(n):
    return "nginx:1.9.1" if n == 0 else "nginx:1.7.1", 2 + n


# --- 08 -------------------------------------------------------------------------------------------

STATUS = "rollout status deployment/myapp-deployment --timeout=60s"


def deploy(kubectl, image):
    kubectl(f"set image deployment/myapp-deployment nginx={image}")
    if kubectl(STATUS):
        kubectl("rollout undo deployment/myapp-deployment")


def deploy_and_hope(kubectl, image):
    kubectl(f"set image deployment/myapp-deployment nginx={image}")
    kubectl(STATUS)


def deploy_and_undo(kubectl, image):
    kubectl(f"set image deployment/myapp-deployment nginx={image}")
    if kubectl(STATUS) == 0:
        kubectl("rollout undo deployment/myapp-deployment")


# --- 09 -------------------------------------------------------------------------------------------

PAUSE = "kubectl rollout pause deployment/myapp-deployment"
RESUME = "kubectl rollout resume deployment/myapp-deployment"
SCALE = "kubectl scale deployment/myapp-deployment --replicas=7"


# --- 11 -------------------------------------------------------------------------------------------


def ups_and_downs(timeline):
    ups = [step.scaling.up for step in timeline.steps if step.scaling]
    return sum(ups), len(ups) - sum(ups)


def ups_and_downs_of_all(timeline):
    return len(timeline.decisions), 0


def alarm(snapshot):
    return any(pod.state == "ImagePullBackOff" for pod in snapshot.pods.values())


def alarm_at_whatever_is_not_ready(snapshot):
    return any(pod.state != "Ready" for pod in snapshot.pods.values())


RIGHT = [
    (live_cluster.ups_and_downs, ups_and_downs),
    (live_cluster.alarm, alarm),
    (under_the_hood.up_the_stairs, up),
    (under_the_hood.up_the_stairs, up_by_name),
    (under_the_hood.the_way_up, new_size),
    (under_the_hood.who_goes_first, the_younger_first),
    (rollback.two_versions_back, f"{UNDO} --to-revision=1"),
    (rollback.two_versions_back, UPDATE.replace("1.9.1", "1.7.1")),
    (rollback.what_undos_do, to_and_fro),
    (rollback.back_without_a_dip, knobs(1, 0)),
    (rollback.back_without_a_dip, knobs("100%", "0%")),
    (when_it_goes_wrong.diagnosis, {"a": "never ready", "b": "quota", "c": "no room"}),
    (when_it_goes_wrong.on_a_full_node, knobs(0, 1)),
    (when_it_goes_wrong.on_a_full_node, knobs("25%", "25%")),
    (when_it_goes_wrong.pipeline, deploy),
    (the_knobs.shop, knobs(0, 2)),
    (the_knobs.shop, knobs(0, "25%")),
    (the_knobs.not_one_lost, 1.2),
    (the_knobs.once, [PAUSE, UPDATE, SECOND_UPDATE, SCALE, RESUME]),
    (the_knobs.once, [SCALE, PAUSE, UPDATE, SECOND_UPDATE, RESUME]),
]
WRONG = [
    (live_cluster.ups_and_downs, ups_and_downs_of_all, "Look at step.scaling"),
    (live_cluster.alarm, alarm_at_whatever_is_not_ready, "created: a wrong answer at"),
    (live_cluster.alarm, lambda _: False, "broken: a wrong answer at"),
    (under_the_hood.up_the_stairs, lambda _, pod: (pod, "myapp-deployment"), "owner is its"),
    (under_the_hood.up_the_stairs, lambda *_: 1 // 0, "raises ZeroDivisionError"),
    (under_the_hood.the_way_up, new_size_that_shrinks, "and the controller writes"),
    (under_the_hood.the_way_up, new_size_without_a_ceiling, "new_pods=2: 4, and the controller"),
    (under_the_hood.who_goes_first, the_oldest_first, "which goes first"),
    (under_the_hood.who_goes_first, the_ready_first, "which goes first"),
    (under_the_hood.who_goes_first, lambda pods: pods[:1], "must return all the pods"),
    (rollback.two_versions_back, UNDO, "the pods run nginx:1.9.1"),
    (rollback.two_versions_back, f"{UNDO} --to-revision=0", "the pods run nginx:1.9.1"),
    (rollback.two_versions_back, f"{UNDO} --to-revision=5", "unable to find specified revision 5"),
    (rollback.two_versions_back, "kubectl rolback", 'unknown command "rolback"'),
    (rollback.two_versions_back, 1, "give a command line"),
    (rollback.what_undos_do, rewound, "after 1 undo it is ('nginx:1.7.1', 3)"),
    (rollback.what_undos_do, further_back, "after 2 undos it is ('nginx:1.9.1', 4)"),
    (rollback.back_without_a_dip, knobs("25%", "25%"), "the fewest are 4"),
    (rollback.back_without_a_dip, knobs(0, 0), "may not be 0 when `maxSurge` is 0"),
    (
        when_it_goes_wrong.diagnosis,
        {"a": "never ready", "b": "quota", "c": "quota"},
        "On which node is the new pod?",
    ),
    (when_it_goes_wrong.diagnosis, {"a": "bad luck", "b": "quota", "c": "quota"}, "missing image"),
    (when_it_goes_wrong.diagnosis, ["quota"], "give a dict"),
    (when_it_goes_wrong.on_a_full_node, knobs(1, 0), "it never gets through"),
    (when_it_goes_wrong.on_a_full_node, knobs(0, "100%"), "the fewest are 0"),
    (when_it_goes_wrong.pipeline, deploy_and_hope, "missing image: in the end nginx:1.9.1, stuck"),
    (when_it_goes_wrong.pipeline, deploy_and_undo, "good: in the end nginx:1.7.1"),
    (the_knobs.shop, knobs("25%", "25%"), "at most 10 pods: the most are 1"),
    (the_knobs.shop, knobs(2, 0), "nothing limits how many leave"),
    (the_knobs.shop, knobs(0, 1), "How many new pods start together?"),
    (the_knobs.shop, knobs(0, 4), "the fewest are 4"),
    (the_knobs.not_one_lost, 0.5, "requests are lost"),
    (the_knobs.not_one_lost, 2.0, "so does less"),
    (the_knobs.not_one_lost, "1.2", "give a number"),
    (the_knobs.once, [UPDATE, SECOND_UPDATE, SCALE], "nginx:1.9.1"),
    (the_knobs.once, [PAUSE, UPDATE, SECOND_UPDATE, SCALE], "Is it still paused?"),
    (the_knobs.once, [PAUSE, SECOND_UPDATE, SCALE, RESUME], "Set nginx:1.9.1 as well"),
    (the_knobs.once, ["kubectl undo"], "unknown command"),
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


def test_each_patient_is_stuck_with_the_old_pods_still_serving():
    for cluster in when_it_goes_wrong.stuck().values():
        (deployment,) = cluster.snapshot.deployments.values()
        assert deployment.status.available_replicas == 5
        assert deployment.status.updated_replicas < 5
