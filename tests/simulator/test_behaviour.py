"""What a real cluster does in cases that were not recorded, each as a little story.

Why it must be so is in Kubernetes' own controllers; the arithmetic is worked in the comments.
"""

from itertools import pairwise

import pytest

from rollviz.controller import hash as hashes
from rollviz.controller import sync as sync_go
from rollviz.objects import REVISION
from rollviz.rows import rows_of
from tests.simulator.playing import (
    apply,
    begun,
    image,
    kubectl,
    lowest_available,
    play,
    progress,
    sizes,
    web,
)

PAUSE, RESUME = "rollout pause deployment/web", "rollout resume deployment/web"
UNDO = "rollout undo deployment/web"
BROKEN = {
    "nginx:unready": "NeverReady",
    "nginx:nowhere": "ImagePullBackOff",
    "nginx:crash": "CrashLoopBackOff",
}


def states(run):
    """How many pods are in which state at the end."""
    found: dict[str, int] = {}
    for pod in run.cluster.snapshot.pods.values():
        found[pod.state] = found.get(pod.state, 0) + 1
    return found


def revisions(run):
    """The revisions that rollout history shows."""
    return sorted(rs.revision for rs in run.cluster.snapshot.replica_sets.values())


# --- updates that come before the last one is done ------------------------------------------------


def test_several_rollovers():
    """Each update drops what the one before has not got ready; the newest takes it all over."""
    run = play(web(6, 2, 0), image(2), image(3, wait=0.3), image(4, wait=0.3))
    # 8 may exist: 6 of the oldest, 2 of the first update, so nothing for those that follow but in
    # their place: 8 - 6 - 0 = 2 unready ones of the update before may go at once.
    assert sizes(run)[:8] == [
        (1, 0, 6),
        (2, 0, 2),
        (3, 0, 0),
        (2, 2, 0),
        (3, 0, 2),
        (4, 0, 0),
        (3, 2, 0),
        (4, 0, 2),
    ]
    assert (progress(run), revisions(run)) == (("True", "NewReplicaSetAvailable"), [1, 2, 3, 4])
    assert lowest_available(run, begun(run, 1)) == 6


def test_undo_in_mid_rollout():
    """The old ReplicaSet is the new one again: it grows back under the next revision."""
    run = play(web(4, 1, 0), image(2), kubectl(UNDO, wait=0.9))
    assert sizes(run) == [
        (1, 0, 4),
        (2, 0, 1),
        (1, 4, 3),
        (2, 1, 2),
        (1, 3, 3),
        (2, 2, 1),
        (1, 3, 4),
        (2, 1, 0),
    ]
    assert revisions(run) == [2, 3]
    assert lowest_available(run, begun(run, 1)) == 4


def test_several_edits_while_paused_make_one_rollout():
    run = play(
        web(3),
        kubectl(PAUSE),
        image(2, wait=0.5),
        image(3, wait=0.5),
        kubectl(RESUME, wait=0.5),
    )
    assert revisions(run) == [1, 2], "the update in between never got a ReplicaSet"
    assert {pod.image for pod in run.cluster.snapshot.pods.values()} == {"nginx:3"}
    assert sizes(run)[1][0:2] == (2, 0)
    assert sizes(run, since=begun(run, 1))[0] == (2, 0, 1), "nothing moved while it was paused"


def test_a_rollout_paused_in_the_middle_stays_there_and_goes_on():
    run = play(web(4, 1, 0), image(2), kubectl(PAUSE, wait=0.3), kubectl(RESUME, after="quiet 2"))
    paused = sizes(run, since=begun(run, 2))
    assert paused[0] == (1, 4, 3)
    timeline = run.timeline
    before = timeline.at(begun(run, 3))
    assert sorted(rs.spec.replicas for rs in before.replica_sets.values()) == [1, 4]


# --- sizes ----------------------------------------------------------------------------------------


def test_scaling_down_in_mid_rollout_is_proportional():
    """10 to 4, ceiling 5: 8 old and 5 new are 13, so 8 go: 5/13 of each, rounded, stays."""
    run = play(web(10), image(2), kubectl("scale deployment/web --replicas=4", wait=0.4))
    assert sizes(run)[:6] == [(1, 0, 10), (2, 0, 3), (1, 10, 8), (2, 3, 5), (1, 8, 3), (2, 5, 2)]
    assert run.cluster.deployment("web").status.available_replicas == 4


def test_a_surge_over_100_percent_makes_no_more_than_are_wanted():
    run = play(web(3, "200%", 0), image(2))
    assert sizes(run)[:2] == [(1, 0, 3), (2, 0, 3)]
    assert lowest_available(run, begun(run, 1)) == 3


def test_both_knobs_resolving_to_0():
    """0% of 3 and 10% of 3 are 0 and 0.3, so one pod may be missing, lest nothing ever moves."""
    run = play(web(3, "0%", "10%"), image(2))
    assert sizes(run)[1:5] == [(2, 0, 0), (1, 3, 2), (2, 0, 1), (1, 2, 1)]
    assert lowest_available(run, begun(run, 1)) == 2


def test_no_replicas():
    run = play(web(0), image(2), kubectl("scale deployment/web --replicas=2"))
    assert sizes(run) == [(1, 0, 0), (2, 0, 0), (2, 0, 2)]
    assert progress(run) == ("True", "NewReplicaSetAvailable")


def test_down_to_nothing_and_up_again():
    run = play(
        web(3),
        kubectl("scale deployment/web --replicas=0"),
        kubectl("scale deployment/web --replicas=2"),
    )
    assert sizes(run) == [(1, 0, 3), (1, 3, 0), (1, 0, 2)]


def test_image_and_replicas_in_one_apply():
    run = play(web(4), apply(web(6, image="nginx:2")))
    # Scaling goes first: no rollout in a pass in which the size changed.
    assert sizes(run)[:3] == [(1, 0, 4), (1, 4, 6), (2, 0, 2)]


# --- pods that fail -------------------------------------------------------------------------------


def test_an_image_that_runs_unready_and_then_a_good_one():
    """The broken pods go first: 7 - 4 - 0 = 3 at once, before any good one is ready."""
    run = play(web(5), image("unready"), image(2, after="quiet 2"), images=BROKEN)
    assert sizes(run, since=begun(run, 2))[:3] == [(3, 0, 0), (2, 3, 0), (3, 0, 3)]
    assert lowest_available(run, begun(run, 1)) == 4
    assert {pod.image for pod in run.cluster.snapshot.pods.values()} == {"nginx:2"}


def test_a_missing_image_stops_a_rollout_at_its_floor():
    run = play(web(5), image("nowhere"), until="quiet 30", images=BROKEN)
    assert sizes(run)[1:] == [(2, 0, 2), (1, 5, 4), (2, 2, 3)]
    assert states(run) == {"Ready": 4, "ImagePullBackOff": 3}


def test_a_crash_loop_backs_off_more_and_more():
    run = play(web(1), image("crash"), until="quiet 100", images=BROKEN)
    ends = [
        (change.t, change.object.status.message)
        for change in run.timeline.changes
        if change.object.kind == "Pod" and change.object.status.reason == "CrashLoopBackOff"
    ]
    waits = [message.split()[1] for _, message in ends]
    assert waits == ["10s", "20s", "40s", "1m20s", "2m40s"][: len(waits)]
    assert len(waits) >= 4
    # A second of running, and the wait before it.
    gaps = [round(later - sooner) for (sooner, _), (later, _) in pairwise(ends)]
    assert gaps == [11, 21, 41, 81][: len(gaps)]
    assert lowest_available(run, begun(run, 1)) == 1


def test_a_deadline_passes_and_a_good_image_makes_it_good_again():
    spec = {"progressDeadlineSeconds": 3}
    run = play(
        web(3, **spec),
        image("nowhere"),
        image(2, after="quiet 10"),
        until="complete",
        images=BROKEN,
    )
    reasons = [
        row["conditions"]["Progressing"][1]
        for row in rows_of(run.timeline)["status"]
        if "Progressing" in row["conditions"]
    ]
    assert "ProgressDeadlineExceeded" in reasons
    assert reasons[-1] == "NewReplicaSetAvailable"


# --- where pods go --------------------------------------------------------------------------------


def test_pods_that_do_not_fit_are_pending_and_a_surge_that_does_not_fit_is_no_surge():
    """Two nodes of 2 CPUs hold 4 pods; the new pods get the room of the old ones."""
    run = play(web(4, 1, 1, cpu="1"), image(2), nodes=2, cpu_per_node=2)
    assert sizes(run)[1:4] == [(2, 0, 1), (1, 4, 3), (2, 1, 2)]
    most = max(
        sum(pod.spec.node_name is not None for pod in run.timeline.after(n).pods.values())
        for n in range(len(run.timeline) + 1)
    )
    assert most == 4
    assert progress(run) == ("True", "NewReplicaSetAvailable")


def test_a_surge_that_does_not_fit_and_no_pod_to_spare_is_a_standstill():
    run = play(web(4, 1, 0, cpu="1"), image(2), nodes=2, cpu_per_node=2, until="quiet 5")
    assert sizes(run) == [(1, 0, 4), (2, 0, 1)]
    assert states(run) == {"Ready": 4, "Pending": 1}
    waiting = next(pod for pod in run.cluster.snapshot.pods.values() if pod.state == "Pending")
    assert (waiting.status.reason, waiting.status.message) == (
        "Unschedulable",
        "0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: "
        "0/2 nodes are available: 2 No preemption victims found for incoming pod.",
    )


@pytest.mark.parametrize(
    ("nodes", "life"),
    [
        (1, [("Pending", False), ("Terminating", False), ("Gone", False)]),
        (2, [("Pending", True), ("Ready", True), ("Terminating", True), ("Gone", True)]),
    ],
    ids=["one without a node goes at once", "one on a node has time to end"],
)
def test_every_deleted_pod_is_marked_as_terminating_first(nodes, life):
    """The API server marks a pod that it lets no kubelet end, too, before it deletes it."""
    run = play(
        web(2, cpu="1"),
        kubectl("scale deployment/web --replicas=1", after="quiet 1"),
        nodes=nodes,
        cpu_per_node=1,
        until="quiet 3",
    )
    rows = rows_of(run.timeline)["pods"]
    gone = next(row["pod"] for row in rows if row["state"] == "Gone")
    seen = [(row["state"], row["scheduled"]) for row in rows if row["pod"] == gone]
    assert [step for step in seen if step[0] != "ContainerCreating"][-len(life) :] == life
    times = [row["t"] for row in rows if row["pod"] == gone][-2:]
    assert (times[0] == times[1]) is (nodes == 1)


def test_a_pod_larger_than_any_node():
    run = play(web(1, cpu="3"), nodes=2, cpu_per_node=2, until="quiet 5")
    (pod,) = run.cluster.snapshot.pods.values()
    assert pod.status.message.endswith("2 Preemption is not helpful for scheduling.")


def test_half_a_cpu_each():
    run = play(web(8, cpu="500m"), nodes=2, cpu_per_node=2)
    on = [pod.spec.node_name for pod in run.cluster.snapshot.pods.values()]
    assert (on.count("node-1"), on.count("node-2")) == (4, 4)


def test_room_that_frees_goes_to_whom_it_fits():
    """A large pod waits for more room than one small one leaves."""
    large, small = web(1, cpu="2"), web(2, cpu="1")
    large["metadata"]["name"] = "large"
    large["spec"]["selector"]["matchLabels"] = {"app": "large"}
    large["spec"]["template"]["metadata"]["labels"] = {"app": "large"}
    run = play(
        small,
        kubectl("create -f deployment.yaml", after="quiet 1") | {"manifest": large},
        kubectl("scale deployment/web --replicas=1", after="quiet 1"),
        kubectl("scale deployment/web --replicas=0", after="quiet 1"),
        nodes=1,
        cpu_per_node=2,
    )
    pods = [
        pod for pod in run.cluster.snapshot.pods.values() if pod.replica_set.startswith("large")
    ]
    assert [pod.state for pod in pods] == ["Ready"]
    ready = next(
        change.t
        for change in run.timeline.changes
        if change.object.kind == "Pod"
        and change.object.replica_set.startswith("large")
        and change.object.status.ready
    )
    assert ready > begun(run, 3)


def test_a_node_that_goes_away():
    """Noticed after 50 s; 300 s later its pods are given up, and others made in their place."""
    run = play(web(6), {"fail_node": "node-2", "after": "complete"}, until="quiet 400")
    failed = min(c.t for c in run.timeline.changes if c.t > 40)
    available = [
        (row["t"], row["availableReplicas"])
        for row in rows_of(run.timeline)["status"]
        if row["t"] >= failed
    ]
    assert available[0][1] < 6
    assert available[-1][1] == 6
    assert 300 <= available[-1][0] - available[0][0] < 303
    assert states(run) == {"Ready": 6, "Terminating": 2}, "nobody is there to end those two"
    assert sizes(run) == [(1, 0, 6)], "the Deployment controller had nothing to do"


def test_pods_deleted_by_hand_come_back():
    run = play(web(3), kubectl("delete pods -l app=web"))
    assert states(run) == {"Ready": 3}
    assert sizes(run) == [(1, 0, 3)]
    # The replacements do not wait for the old pods to be gone.
    names = [c.object.name for c in run.timeline.changes if c.object.kind == "Pod"]
    assert len(set(names)) == 6


# --- revisions ------------------------------------------------------------------------------------


def test_a_restart_is_a_rollout_of_the_same_image():
    run = play(web(2), kubectl("rollout restart deployment/web"))
    assert revisions(run) == [1, 2]
    assert {pod.image for pod in run.cluster.snapshot.pods.values()} == {"nginx:1"}


def test_history_limit_0_keeps_none_and_there_is_nothing_to_undo_to():
    run = play(web(2, revisionHistoryLimit=0), image(2), kubectl(UNDO))
    assert sizes(run)[-1] == (1, "deleted")
    assert run.timeline.commands[-1].exit_code == 1
    assert "no rollout history found" in run.timeline.commands[-1].stderr


def test_undo_twice_goes_back_and_forth():
    run = play(web(2), image(2), kubectl(UNDO), kubectl(UNDO))
    assert revisions(run) == [3, 4]
    assert {pod.image for pod in run.cluster.snapshot.pods.values()} == {"nginx:2"}
    (newest,) = [rs for rs in run.cluster.snapshot.replica_sets.values() if rs.revision == 4]
    assert newest.revision_history == (2,)


def test_undo_to_a_revision_that_vanished():
    """An undo gives the old ReplicaSet a new number, and the old number is gone."""
    run = play(web(2), image(2), kubectl(UNDO), kubectl(f"{UNDO} --to-revision=1"))
    refused = run.timeline.commands[-1]
    assert refused.exit_code == 1
    assert "unable to find specified revision 1 in history" in refused.stderr


# --- strategies -----------------------------------------------------------------------------------


def test_a_change_of_strategy_and_image_in_one_apply():
    run = play(web(3), apply(web(3, image="nginx:2", strategy="Recreate")))
    assert sizes(run) == [(1, 0, 3), (1, 3, 0), (2, 0, 3)]
    assert lowest_available(run, begun(run, 1)) == 0


def test_back_to_rolling_update():
    run = play(web(3, strategy="Recreate"), apply(web(3, 1, 0, image="nginx:2")))
    assert sizes(run)[:3] == [(1, 0, 3), (2, 0, 1), (1, 3, 2)]
    assert lowest_available(run, begun(run, 1)) == 3


def test_recreate_waits_for_the_slowest_pod_to_end():
    run = play(web(3, strategy="Recreate"), image(2), ends=(0.5, 4.0))
    took = [row["t"] for row in rows_of(run.timeline)["scaling"]]
    assert 4.0 < took[2] - took[1] < 4.2


def test_an_update_of_a_recreate_that_waits_skips_the_one_in_between():
    run = play(web(3, strategy="Recreate"), image(2), image(3, wait=0.2))
    assert sizes(run) == [(1, 0, 3), (1, 3, 0), (2, 0, 3)]
    assert {pod.image for pod in run.cluster.snapshot.pods.values()} == {"nginx:3"}


# --- names that are taken, limits -----------------------------------------------------------------


def test_two_templates_of_one_hash_are_told_apart_by_the_collision_count(monkeypatch):
    def colliding(template, collision_count=None):
        return (
            "bcdfg" if collision_count is None else hashes.compute_hash(template, collision_count)
        )

    monkeypatch.setattr(sync_go, "compute_hash", colliding)
    run = play(web(2), image(2), image(3))
    status = run.cluster.deployment("web").status
    assert status.collision_count == 1
    assert revisions(run) == [1, 2, 3]
    assert {pod.image for pod in run.cluster.snapshot.pods.values()} == {"nginx:3"}


def test_a_deployment_deleted_and_applied_again_does_not_get_the_old_pods():
    run = play(
        web(2),
        kubectl("delete deployment web"),
        kubectl("apply -f deployment.yaml", wait=0),
        ends=(9,),
    )
    assert sizes(run) == [(1, 0, 2), (1, "deleted"), (2, 0, 2)]
    assert states(run) == {"Ready": 2}
    assert run.cluster.deployment("web").metadata.annotations[REVISION] == "1"


def test_a_quota_makes_a_rollout_wait_for_pods_to_be_gone():
    """4 may exist, terminating ones included: the new pod is refused until an old one is gone."""
    run = play(web(4, 1, 1), image(2), until="quiet 2", quota_pods=4)
    refused = [
        event for event in run.cluster.snapshot.events.values() if event.reason == "FailedCreate"
    ]
    assert refused
    assert (
        "exceeded quota: pods, requested: pods=1, used: pods=4, limited: pods=4"
        in refused[0].message
    )
    most = max(len(run.timeline.after(n).pods) for n in range(len(run.timeline) + 1))
    assert most == 4


# --- time -----------------------------------------------------------------------------------------


def test_min_ready_seconds_holds_a_rollout_back():
    run = play(web(2, 1, 0, minReadySeconds=5), image(2))
    downs = [row for row in rows_of(run.timeline)["scaling"] if row["replicaSet"] == 1][1:]
    assert 5 <= downs[0]["t"] - begun(run, 1) < 7


@pytest.mark.parametrize("seconds", [0, 3])
def test_min_ready_seconds_may_change_between_rollouts(seconds):
    run = play(web(2, minReadySeconds=1), apply(web(2, minReadySeconds=seconds), after="complete"))
    (rs,) = run.cluster.snapshot.replica_sets.values()
    assert rs.spec.min_ready_seconds == seconds
    assert sizes(run) == [(1, 0, 2)], "no rollout: the template is the same"


def test_a_grace_period_cuts_a_long_end_short():
    manifest = web(1, strategy="Recreate")
    manifest["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 2
    run = play(manifest, image(2), ends=(60,))
    took = [row["t"] for row in rows_of(run.timeline)["scaling"]]
    assert 2.0 < took[2] - took[1] < 2.2


# --- several things at once -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manifest", "steps", "given", "expected"),
    [
        pytest.param(
            web(10, 3, 2),
            [
                image("nowhere"),
                kubectl(PAUSE, after="quiet 1"),
                kubectl("scale deployment/web --replicas=20", after="quiet 1"),
            ],
            {"until": "quiet 2"},
            # 13 become 23: 8 * 23 / 13 = 14.15, 5 * 23 / 13 = 8.85.
            [(1, 0, 10), (2, 0, 3), (1, 10, 8), (2, 3, 5), (1, 8, 14), (2, 5, 9)],
            id="scaled up while paused",
        ),
        pytest.param(
            web(10, 3, 2),
            [image("nowhere"), kubectl("scale deployment/web --replicas=4", after="quiet 1")],
            {"until": "quiet 2"},
            # 13 become 7: 4.31 and 2.69. Then the rollout goes on: 7 - 2 - 3 = 2 old ones may go,
            # and 1 more new one may come.
            [
                (1, 0, 10),
                (2, 0, 3),
                (1, 10, 8),
                (2, 3, 5),
                (1, 8, 4),
                (2, 5, 3),
                (1, 4, 2),
                (2, 3, 4),
            ],
            id="scaled down while it is stuck",
        ),
        pytest.param(
            web(6, 2, 0),
            [
                image("nowhere"),
                kubectl("scale deployment/web --replicas=0", after="quiet 1"),
                image(3, after="quiet 2"),
                kubectl("scale deployment/web --replicas=3", after="quiet 1"),
            ],
            {},
            [(1, 0, 6), (2, 0, 2), (1, 6, 0), (2, 2, 0), (3, 0, 0), (3, 0, 3)],
            id="scaled to 0, updated, and up again",
        ),
        pytest.param(
            web(4),
            [
                kubectl(PAUSE),
                image(2, wait=0.5),
                kubectl("scale deployment/web --replicas=6", wait=0.5),
                image(3, wait=0.5),
                kubectl(RESUME, after="quiet 2"),
            ],
            {},
            # Surge 2 and unavailable 1 of 6: 8 may be, 5 must be available.
            [
                (1, 0, 4),
                (1, 4, 6),
                (2, 0, 2),
                (1, 6, 5),
                (2, 2, 3),
                (1, 5, 4),
                (2, 3, 4),
                (1, 4, 3),
                (2, 4, 5),
                (1, 3, 2),
                (2, 5, 6),
                (1, 2, 1),
                (1, 1, 0),
            ],
            id="edited and scaled while paused",
        ),
        pytest.param(
            web(4, "150%", "50%"),
            [image(2)],
            {"startup": (0.6, 0.9, 1.2, 1.5)},
            # Up to 10 may be, but no more than 4 are wanted: 8 - 2 - 4 = 2 old ones may go.
            [(1, 0, 4), (2, 0, 4), (1, 4, 2), (1, 2, 1), (1, 1, 0)],
            id="surge over 100%, half unavailable",
        ),
        pytest.param(
            web(3, strategy="Recreate"),
            [image("nowhere"), kubectl(UNDO, after="quiet 2")],
            {},
            # The undone ReplicaSet gets its revision first, and pods once the broken ones are gone.
            [(1, 0, 3), (1, 3, 0), (2, 0, 3), (1, 0, 0), (2, 3, 0), (1, 0, 3)],
            id="Recreate, a missing image, undone",
        ),
        pytest.param(
            web(4, strategy="Recreate"),
            [image(2), apply(web(4, 1, 0, image="nginx:3"), wait=0.3)],
            {"ends": (2.0,)},
            # RollingUpdate does not wait for the old pods to end: they are not counted.
            [(1, 0, 4), (1, 4, 0), (2, 0, 4)],
            id="from Recreate to RollingUpdate while old pods end",
        ),
        pytest.param(
            web(4, 1, 1),
            [image(2)],
            {"quota_pods": 5},
            [
                (1, 0, 4),
                (2, 0, 1),
                (1, 4, 3),
                (2, 1, 2),
                (1, 3, 2),
                (2, 2, 3),
                (1, 2, 1),
                (2, 3, 4),
                (1, 1, 0),
            ],
            id="a quota that counts the pods that end",
        ),
        pytest.param(
            web(1),
            [image(2), image(1), image(2)],
            {},
            # No third ReplicaSet: the old ones take turns, each time with a new revision.
            [
                (1, 0, 1),
                (2, 0, 1),
                (1, 1, 0),
                (1, 0, 0),
                (1, 0, 1),
                (2, 1, 0),
                (2, 0, 0),
                (2, 0, 1),
                (1, 1, 0),
            ],
            id="back and forth by image",
        ),
        pytest.param(
            web(2, revisionHistoryLimit=0),
            [image(2), image(3)],
            {},
            [
                (1, 0, 2),
                (2, 0, 1),
                (1, 2, 1),
                (2, 1, 2),
                (1, 1, 0),
                (1, "deleted"),
                (3, 0, 1),
                (2, 2, 1),
                (3, 1, 2),
                (2, 1, 0),
                (2, "deleted"),
            ],
            id="no history, twice",
        ),
    ],
)
@pytest.mark.parametrize("pace", [0.5, 1, 2], ids=["fast", "as recorded", "slow"])
def test_what_a_control_plane_decides_does_not_hang_on_its_pace(
    manifest, steps, given, expected, pace
):
    run = play(manifest, *steps, images=BROKEN, pace=pace, **given)
    assert sizes(run) == expected
    assert not run.unfinished
