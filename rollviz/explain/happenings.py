"""What happened to pods and conditions, and what there is to wait for then."""

from __future__ import annotations

from collections.abc import Callable

from rollviz.explain.edits import edited
from rollviz.explain.scalings import scaled
from rollviz.explain.scene import Scene
from rollviz.explain.waiting import waiting
from rollviz.explain.words import be, capital, every, number, plural, pods, shortened
from rollviz.objects import Condition, Deployment, Pod, ReplicaSet

_CRASHES = ("CrashLoopBackOff", "Error", "RunContainerError", "OOMKilled")
_PULLS = ("ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull")


def start(scene: Scene) -> str:
    """Before the first change, or what was found when somebody began to watch."""
    found = scene.after.snapshot.deployments
    if not found:
        return "Nothing has happened yet."
    return " ".join(
        f"{name}: {d.status.available_replicas} of {d.spec.replicas} pods available."
        for name, d in found.items()
    )


def revision(scene: Scene) -> str:
    """An old ReplicaSet becomes the newest revision, as after an undo."""
    replica_set = scene.change.object
    assert isinstance(replica_set, ReplicaSet)
    old = scene.before.snapshot.replica_sets.get(replica_set.name)
    image, now = replica_set.spec.template.image, replica_set.revision
    if old is None or not old.revision:
        return f"The ReplicaSet of {image} is now revision {now}."
    return (
        f"The ReplicaSet of {image} was revision {old.revision} and is now revision {now}: it "
        f"takes the next number, and {old.revision} leaves the history."
    )


def ready(scene: Scene) -> str:
    """Pods became ready."""
    n, replica_set = _concerned(scene)
    if replica_set is None:
        return f"{_these(scene)} {be(n)} ready."
    wanted = replica_set.spec.replicas
    if replica_set.name == scene.new and scene.deployment:
        wanted = scene.deployment.spec.replicas
    text = f"{_these(scene)} {be(n)} ready: {scene.after.ready[replica_set.name]} of {wanted}."
    wait = replica_set.spec.min_ready_seconds
    if wait:
        return f"{text} Available only after {wait} s of being ready (minReadySeconds)."
    filling = scene.next is None or "max_scaled_down" not in scene.next.numbers
    return text if filling else _and_waiting(scene, text)


def available(scene: Scene) -> str:
    """Pods were ready for minReadySeconds."""
    replica_set = scene.change.object
    assert isinstance(replica_set, ReplicaSet)
    old = scene.before.snapshot.replica_sets.get(replica_set.name)
    now = scene.replica_set(replica_set.name) or replica_set
    n = now.status.available_replicas - (old.status.available_replicas if old else 0)
    text = (
        f"{capital(pods(n, scene.age(replica_set.name)))} {be(n)} available: ready for "
        f"{replica_set.spec.min_ready_seconds} s (minReadySeconds)."
    )
    return _and_waiting(scene, text)


def unready(scene: Scene) -> str:
    """Pods stopped being ready, and were not asked to."""
    n, _ = _concerned(scene)
    return _and_waiting(
        scene, f"{_these(scene)} {be(n)} no longer ready, and {plural(n, 'get')} no requests."
    )


def failing(scene: Scene) -> str:
    """Pods' containers cannot start, or do not stay up."""
    n, _ = _concerned(scene)
    last = _last_of(scene)
    reason = last.status.reason if last else ""
    if reason in _PULLS:
        what = f"cannot pull {'its' if n == 1 else 'their'} image"
    elif reason in _CRASHES:
        what = f"{plural(n, 'keep')} crashing"
    elif last and last.status.phase == "Failed":
        what = f"{'has' if n == 1 else 'have'} failed"
    else:
        what = "cannot start"
    because = f" ({reason})" if reason else ""
    return _and_waiting(scene, f"{_these(scene)} {what}{because}.")


def unschedulable(scene: Scene) -> str:
    """Pods fit on no node."""
    n, _ = _concerned(scene)
    fit = f"{plural(n, 'fit')} on no node and {plural(n, 'stay')} Pending"
    return _and_waiting(scene, f"{_these(scene)} {fit}.")


def restarted(scene: Scene) -> str:
    """Pods' containers were started again by their node."""
    last = _last_of(scene)
    count = last.status.restart_count if last else 0
    n, _ = _concerned(scene)
    again = f"{plural(n, 'start')} again after a crash: restart {count}"
    return _and_waiting(scene, f"{_these(scene)} {again}.")


def deleted(scene: Scene) -> str:
    """Pods were deleted by hand or evicted, not taken by their ReplicaSet."""
    n, replica_set = _concerned(scene)
    text = f"{_these(scene)} {be(n)} deleted, and not by {'its' if n == 1 else 'their'} ReplicaSet"
    if replica_set is None:
        return f"{text}."
    return f"{text}, which still wants {replica_set.spec.replicas}: it makes {_more(n)}."


def _more(n: int) -> str:
    return "another" if n == 1 else f"{number(n)} more"


def gone(scene: Scene) -> str:
    """Pods that were terminating are no more."""
    n, replica_set = _concerned(scene)
    left = scene.after.terminating[replica_set.name] if replica_set else 0
    still = f", {number(left)} still terminating" if left else ""
    return _and_waiting(scene, f"{_these(scene)} {be(n)} gone{still}.")


def condition(scene: Scene) -> str:
    """The rollout is complete, late, or refused pods."""
    new = scene.change.object
    assert isinstance(new, Deployment)
    old = scene.before.snapshot.deployments.get(new.name, new)
    was, now = old.status.condition("Progressing"), new.status.condition("Progressing")
    if now and now.reason != (was.reason if was else ""):
        if now.reason == "NewReplicaSetAvailable":
            return _complete(scene, new)
        if now.reason == "ProgressDeadlineExceeded":
            return _late(new)
    return _refused(new.status.condition("ReplicaFailure"))


def _complete(scene: Scene, deployment: Deployment) -> str:
    replicas, image = deployment.spec.replicas, deployment.spec.template.image
    terminating = sum(scene.after.terminating[rs.name] for rs in scene.replica_sets)
    text = f"{every(replicas)} {plural(replicas, 'run')} {image} and {be(replicas)} available"
    text = f"Rollout complete: {text}."
    if not replicas:
        text = "Rollout complete: no pods are wanted, and none are left."
    if terminating:
        text += f" {capital(pods(terminating, 'old'))} {be(terminating)} still terminating."
    return text


def _late(deployment: Deployment) -> str:
    available = deployment.status.available_replicas
    serving = f"{pods(available)} {plural(available, 'keep')} serving"
    return (
        f"No progress for {deployment.spec.progress_deadline_seconds} s: the deadline has passed. "
        f"That is only reported; nothing is rolled back, and {serving}."
    )


def _refused(failure: Condition | None) -> str:
    if failure is None:
        return "The ReplicaSet may create its pods again."
    why = failure.message.partition("forbidden: ")[2] or failure.message
    return f"The ReplicaSet is refused a pod, and tries again and again: {shortened(why, 120)}."


def _concerned(scene: Scene) -> tuple[int, ReplicaSet | None]:
    """How many pods the step is about, and their ReplicaSet."""
    pod = scene.change.object
    assert isinstance(pod, Pod)
    return len(scene.step.objects), scene.replica_set(pod.replica_set)


def _these(scene: Scene) -> str:
    n, replica_set = _concerned(scene)
    return capital(pods(n, scene.age(replica_set.name) if replica_set else ""))


def _last_of(scene: Scene) -> Pod | None:
    """The last of the step's pods, as it is afterwards."""
    return scene.after.snapshot.pods.get(scene.step.objects[-1])


def _and_waiting(scene: Scene, text: str) -> str:
    return f"{text} {waiting(scene)}".rstrip()


SENTENCES: dict[str, Callable[[Scene], str]] = {
    "start": start,
    "edited": edited,
    "scaled": scaled,
    "revision": revision,
    "ready": ready,
    "available": available,
    "unready": unready,
    "failing": failing,
    "unschedulable": unschedulable,
    "restarted": restarted,
    "deleted": deleted,
    "gone": gone,
    "condition": condition,
}
"""The sentence for every kind of step."""
