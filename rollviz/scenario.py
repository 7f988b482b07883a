"""A scenario: a manifest, a cluster, how its pods behave, and the kubectl commands that are run.

Scenario files are YAML or JSON in the form of the recordings in ``tests/data/traces``::

    manifest: deployment.yaml        # a path beside the scenario file, or the manifest itself
    cluster: {nodes: 3, cpu_per_node: 64}
    pods: {startup_seconds: [0.6, 0.9], termination_seconds: [0.5]}
    steps:
      - run: kubectl apply -f deployment.yaml
      - run: kubectl set image deployment/myapp-deployment nginx=nginx:1.9.1
        after: complete
    until: complete

:func:`run` plays one on a simulated cluster; :func:`simulate` does both in one call.
"""

from __future__ import annotations

import re
import reprlib
import shlex
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from rollviz import manifest as manifests
from rollviz.manifest.goyaml import Loader
from rollviz.objects import Deployment, Event, Json
from rollviz.rows import rows_of
from rollviz.simulator import (
    FAILURES,
    MOST_REPLICAS,
    ApiError,
    Cluster,
    Latency,
    PodBehaviour,
)
from rollviz.timeline import Command, Timeline

if TYPE_CHECKING:
    from rollviz.kubectl import Answer, Line

COMPLETE_SECONDS = 0.7
"""``after: complete`` means that the rollout is complete and was for so long: that is how the
recordings were made, and it keeps one update clear of the next on screen."""

LIMIT_SECONDS = 3600.0
"""No wait takes longer than this, in virtual seconds."""


MOST, MOST_NODES = 999_999_999, 5000
"""The largest numbers in a scenario. Kubernetes supports no more nodes than that either."""


class ScenarioError(ValueError):
    """A scenario that cannot be played: says which file, line and field, and what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done to the cluster.

    Attributes:
        run: a kubectl command line, or "" where ``fail_node`` is given.
        wait: seconds after the step before was begun, or None.
        after: ``complete`` or ``quiet S``, or "".
        manifest: the manifest file as changed before the command, or None for unchanged.
        fail_node: the name of a node that loses its power, or "".
    """

    run: str = ""
    wait: float | None = None
    after: str = ""
    manifest: Json | None = None
    fail_node: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that a simulated rollout depends on: the same scenario, the same timeline."""

    manifest: Json
    steps: Sequence[Step]
    pods: PodBehaviour = field(default_factory=PodBehaviour)
    cluster: Mapping[str, Any] = field(default_factory=dict)
    until: str = "complete"
    latency: Latency = field(default_factory=Latency)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """A scenario that was played: its timeline, and the cluster as it stands at the end.

    ``unfinished`` says what the cluster was still waiting for when ``until`` could not be
    reached, else "".
    """

    scenario: Scenario
    cluster: Cluster
    unfinished: str = ""

    @property
    def timeline(self) -> Timeline:
        """What happened."""
        return self.cluster.timeline

    def to_json(self) -> Json:
        """What happened as rows, in the format of ``recorded`` in a recorded trace."""
        from rollviz import kubectl

        rows = rows_of(self.timeline)
        lines = [line.format(name=self.name) for line in FINAL_COMMANDS]
        rows["final"] = [
            {"run": line, "stdout": kubectl.run(line, self.cluster).stdout} for line in lines
        ]
        return rows

    @property
    def name(self) -> str:
        """The Deployment's name."""
        made = next(iter(self.cluster.snapshot.deployments), "")  # where it has a generateName
        return str(self.scenario.manifest["metadata"].get("name") or made)


FINAL_COMMANDS = (
    "kubectl rollout history deployment/{name}",
    "kubectl get deployments",
    "kubectl get replicasets -o wide",
    "kubectl describe deployment {name}",
)
"""What a recording asks at its end."""


def simulate(
    manifest: str | Path | Json,
    *commands: str,
    startup_seconds: Sequence[float] = (2.0,),
    termination_seconds: Sequence[float] = (1.0,),
    images: Mapping[str, str | Sequence[float]] | None = None,
    nodes: int = 3,
    seed: int = 0,
) -> Timeline:
    """Apply a manifest, run kubectl commands each after the one before has rolled out.

    Args:
        manifest: a file's path, its YAML text, or the manifest as a dict.
        commands: kubectl command lines. One that starts with a number of seconds and a colon
            (``"3: kubectl rollout undo ..."``) does not wait for the rollout, but so long.
        startup_seconds: from scheduled to Ready, for the n-th pod of each ReplicaSet, cycled.
        termination_seconds: from deleted to gone, likewise.
        images: images that are broken (``{"nginx:nope": "ImagePullBackOff"}``) or take their
            own startup seconds.
        nodes: how many nodes the cluster has.
        seed: for the names, which Kubernetes leaves to chance.

    Returns:
        The timeline, up to where nothing moves any more.

    Raises:
        ManifestError: the manifest is not one that the API server takes.
        ScenarioError: a number or an image's failure is not one that a scenario file may hold,
            or a quote in a command is not closed.
    """
    given = manifests.checked(manifest)
    steps = [Step("kubectl apply -f deployment.yaml"), *map(_simulated_step, commands)]
    times = {"startup_seconds": startup_seconds, "termination_seconds": termination_seconds}
    behaviour, cluster = _pods({**times, "images": images}), _cluster({"nodes": nodes})
    return run(Scenario(given, steps, behaviour, cluster, "settled", seed=seed)).timeline


def what_if(cluster: Cluster, *commands: str) -> Timeline:
    r"""What commands would come to on a cluster, which itself stays as it is.

    >>> cluster = Cluster()
    >>> what_if(cluster, "kubectl get pods").commands[-1].stderr
    'No resources found in default namespace.\n'
    >>> cluster.timeline.commands
    []

    Args:
        cluster: a simulated cluster; a fork of it does the work.
        commands: kubectl command lines, timed as for :func:`simulate`; the first runs at once.

    Returns:
        The timeline of the cluster up to now, and on to where nothing moves any more. A command
        that kubectl refuses is in it, with kubectl's words.
    """
    twin = cluster.fork()
    steps = [_simulated_step(command) for command in commands]
    carry_out(twin, [replace(steps[0], after=""), *steps[1:]] if steps else [])
    wait_for(twin, "settled")
    return twin.timeline


def _simulated_step(command: str) -> Step:
    timed = re.match(r"\s*(\d{1,9}(?:\.\d+)?)\s*:\s*(.*)", command)
    if timed:
        return Step(timed[2], wait=float(timed[1]))
    return Step(command, after="settled")


# --- playing one --------------------------------------------------------------------------------


def run(scenario: Scenario, progress: Callable[[int, int], None] | None = None) -> Run:
    """Play a scenario from its start to its ``until``.

    Args:
        scenario: what to play.
        progress: called with (steps done, steps in all) before each step.

    Raises:
        ScenarioError: as :func:`carry_out`.
    """
    cluster = Cluster(
        pods=scenario.pods, latency=scenario.latency, seed=scenario.seed, **scenario.cluster
    )
    carry_out(cluster, scenario.steps, scenario.manifest, progress)
    reached = wait_for(cluster, scenario.until)
    return Run(scenario, cluster, "" if reached else waiting(cluster))


def carry_out(
    cluster: Cluster,
    steps: Sequence[Step],
    manifest: Json | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Do to a cluster what the steps say; ``manifest`` as for :func:`run_command`.

    Raises:
        ScenarioError: a step waits for something that can never happen, fails a node that is
            not there, or has a command with a quote that is not closed.
    """
    began = cluster.now
    for number, step in enumerate(steps):
        if progress:
            progress(number, len(steps))
        manifest = step.manifest or manifest
        if step.wait is not None:
            cluster.run_to(max(cluster.now, began + step.wait))
        elif step.after and not wait_for(cluster, step.after):
            raise ScenarioError(
                f"steps[{number}].after: {step.after}: can never happen: {waiting(cluster)}: "
                f"use 'quiet 1' or a wait in seconds"
            )
        began = cluster.now
        if step.fail_node:
            _fail_node(cluster, step.fail_node, number)
        else:
            run_command(cluster, step.run, manifest)


def _fail_node(cluster: Cluster, name: str, number: int) -> None:
    try:
        cluster.fail_node(name)
    except ApiError as error:
        known = reprlib.repr(list(cluster.nodes))
        raise ScenarioError(f"steps[{number}].fail_node: {error}: name one of {known}") from None


def run_command(cluster: Cluster, line: str, manifest: Json | None = None) -> Command:
    """Run one kubectl command line and note it in the timeline.

    ``manifest`` is what every file name in the line stands for.

    Raises:
        ScenarioError: a quote in the line is not closed. What kubectl refuses is an answer.
    """
    from rollviz import kubectl

    words = command_words(line)
    files = dict.fromkeys(_file_names(words), manifest) if manifest else {}
    return kubectl.last(noted(cluster, line, kubectl.stream(shlex.join(words), cluster, files)))


def noted(
    cluster: Cluster, line: str, pieces: Generator[Line, None, Answer]
) -> Generator[Line, None, Command]:
    """What :func:`rollviz.kubectl.stream` gives on a cluster, noted in the timeline at its end.

    The first piece comes after the time that kubectl takes to start. The command is noted as
    ``line``, and returned; one that is broken off is not noted.
    """
    began = cluster.now
    cluster.run_for(cluster.latency.kubectl)
    answer = yield from pieces
    command = Command(began, line, answer.exit_code, answer.stdout, answer.stderr, cluster.now)
    cluster.timeline.commands.append(command)
    return command


def command_words(line: str) -> list[str]:
    """A command line's words; an unquoted value of several words stays one, as recorded.

    >>> command_words("kubectl annotate deploy/web kubernetes.io/change-cause=image 1.28")[-1]
    'kubernetes.io/change-cause=image 1.28'
    """
    words: list[str] = []
    for word in _shell_words(line):
        value = words and "annotate" in words and "=" in words[-1] and words[-1][0] != "-"
        if value and "=" not in word and not word.startswith("-"):
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words


def _shell_words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        raise ScenarioError(f"{line!r}: a quote in it is not closed: close it") from None


def _file_names(words: Sequence[str]) -> list[str]:
    following = [b for a, b in pairwise(words) if a in ("-f", "--filename")]
    joined = [w.partition("=")[2] for w in words if w.startswith(("-f=", "--filename="))]
    return following + joined


def wait_for(cluster: Cluster, condition: str) -> bool:
    """Let time pass until ``complete``, ``quiet S`` or ``settled`` (complete, or stuck for good).

    Returns whether it came true within :data:`LIMIT_SECONDS`.
    """
    if condition == "complete":
        return wait_complete(cluster)
    if condition == "settled":
        return wait_complete(cluster) or True
    return wait_quiet(cluster, float(condition.split()[1]))


def wait_complete(cluster: Cluster) -> bool:
    """Let time pass until every Deployment is complete, and stays so for a moment."""
    end = cluster.now + LIMIT_SECONDS
    while cluster.run_until(complete, limit=end - cluster.now):
        since = cluster.now
        if not cluster.run_until(lambda c: not complete(c), limit=COMPLETE_SECONDS):
            cluster.run_to(since + COMPLETE_SECONDS)
            return True
    return False


def wait_quiet(cluster: Cluster, seconds: float) -> bool:
    """Let time pass until nothing but Events has changed for so many seconds."""
    end = cluster.now + LIMIT_SECONDS
    while True:
        due = cluster.next_event()
        quiet_at = max(last_change(cluster.timeline), cluster.now - seconds) + seconds
        if due is None or due > quiet_at:
            cluster.run_to(quiet_at)
            return True
        if due > end:
            return False
        cluster.run_to(due)


def last_change(timeline: Timeline) -> float:
    """When anything but an Event last changed, or a command was last answered, in seconds."""
    t = timeline.commands[-1].end if timeline.commands else 0.0
    for change in reversed(timeline.changes):
        if not isinstance(change.object, Event):
            return max(t, change.t)
    return t


def complete(cluster: Cluster) -> bool:
    """Whether every Deployment is rolled out: all counters at their target, nothing terminating."""
    snapshot = cluster.snapshot
    return all(map(deployment_complete, snapshot.deployments.values())) and not any(
        pod.terminating for pod in snapshot.pods.values()
    )


def deployment_complete(deployment: Deployment) -> bool:
    """Whether this Deployment's counters are at their target and current."""
    wanted, status = deployment.spec.replicas, deployment.status
    return (
        status.updated_replicas == wanted
        and status.available_replicas == wanted
        and status.ready_replicas == wanted
        and status.replicas == wanted
        and not status.terminating_replicas
        and status.observed_generation >= deployment.metadata.generation
    )


def waiting(cluster: Cluster) -> str:
    """What keeps the Deployments from being complete, in words."""
    for deployment in cluster.snapshot.deployments.values():
        if deployment_complete(deployment):
            continue
        status, wanted = deployment.status, deployment.spec.replicas
        states: dict[str, int] = {}
        for pod in cluster.snapshot.pods.values():
            if pod.state != "Ready":
                states[pod.state] = states.get(pod.state, 0) + 1
        stuck = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        return (
            f"deployment {deployment.name} has {status.updated_replicas} of {wanted} pods updated "
            f"and {status.available_replicas} available"
            + (f" ({stuck})" if stuck else "")
            + (", and it is paused" if deployment.spec.paused else "")
        )
    return "there is no Deployment" if not cluster.snapshot.deployments else "nothing"


# --- reading one --------------------------------------------------------------------------------


def load(path: str | Path) -> Scenario:
    """Read a scenario file (YAML or JSON).

    Raises:
        ScenarioError: the file is missing, cannot be read, or a field is wrong, a manifest that
            the API server refuses included; names file, line and field.
    """
    path = Path(path)
    node, given = _read(path)
    try:
        return parse(given, beside=path.parent)
    except ScenarioError as error:
        raise ScenarioError(_located(path, node, str(error))) from None


def located(path: str | Path, error: str) -> str:
    """An error that begins with a field of this scenario file, with file and line before it."""
    return _located(Path(path), _read(Path(path))[0], error)


def _located(path: Path, node: yaml.Node | None, error: str) -> str:
    line = _line_of(node, error.partition(":")[0])
    return f"{path}: line {line}: {error}" if line else f"{path}: {error}"


def _read(path: Path) -> tuple[yaml.Node | None, Any]:
    """The file as YAML nodes, which know their lines, and as what they stand for."""
    try:
        loader = Loader(path.read_text(encoding="utf-8-sig"))
        node = loader.get_single_node()
        return node, loader.construct_document(node) if node else None
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror}: give the path of a scenario") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path}: not text in UTF-8: save it as such") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ScenarioError(f"{path}: {line}not YAML or JSON: {problem}: correct it") from None
    except RecursionError:
        raise ScenarioError(f"{path}: nested too deeply: take some of it out") from None


def parse(given: Any, *, beside: Path | None = None) -> Scenario:
    """Make a scenario of parsed YAML or JSON; a manifest's path is looked up ``beside``.

    Raises:
        ScenarioError: a field is wrong; its message starts with the field's path.
    """
    fields = _mapping(given, "scenario", _SCENARIO_FIELDS)
    if "manifest" not in fields:
        raise ScenarioError("manifest: is missing: give a Deployment or a file's path")
    steps = fields.get("steps", [{"run": "kubectl apply -f deployment.yaml"}])
    if not isinstance(steps, list) or not steps:
        raise ScenarioError("steps: must be a list with at least one step: - run: kubectl ...")
    return Scenario(
        manifest=_manifest(fields["manifest"], "manifest", beside),
        steps=[_step(step, f"steps[{n}]", beside) for n, step in enumerate(steps)],
        pods=_pods(fields.get("pods") or {}),
        cluster=_cluster(fields.get("cluster") or {}),
        until=_condition(fields.get("until", "complete"), "until"),
        seed=_number(fields.get("seed", 0), "seed", whole=True),
    )


_SCENARIO_FIELDS = (
    "id",
    "about",
    "manifest",
    "cluster",
    "pods",
    "steps",
    "until",
    "seed",
    "recorded",
)


def _mapping(given: Any, where: str, known: Sequence[str]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ScenarioError(f"{where}: must be a mapping with {', '.join(known)}")
    for key in given:
        if key not in known:
            prefix = "" if where == "scenario" else f"{where}."
            raise ScenarioError(f"{prefix}{key}: unknown: known are {', '.join(known)}")
    return given


def _manifest(given: Any, where: str, beside: Path | None) -> Json:
    if not isinstance(given, dict | str):
        raise ScenarioError(f"{where}: must be a Deployment or the path of a file that has one")
    try:
        source = given if isinstance(given, dict) else (beside or Path()) / given
        manifest = manifests.checked(source, name=where)
    except manifests.ManifestError as error:
        named = "" if isinstance(given, dict) else f"{where}: "
        raise ScenarioError(f"{named}{error}") from error
    _number(manifest["spec"].get("replicas", 1), f"{where}.spec.replicas", most=MOST_REPLICAS)
    return manifest


def _step(given: Any, where: str, beside: Path | None) -> Step:
    fields = _mapping(given, where, ("run", "wait", "after", "manifest", "fail_node"))
    command, node = fields.get("run", ""), fields.get("fail_node", "")
    if bool(command) == bool(node):
        raise ScenarioError(f"{where}.run: give either run or fail_node")
    if not isinstance(command, str) or (command and command.split()[:1] != ["kubectl"]):
        raise ScenarioError(f"{where}.run: {command!r}: must be a command that starts with kubectl")
    if command:
        _check_command(command, f"{where}.run")
    if not isinstance(node, str):
        raise ScenarioError(f"{where}.fail_node: {node!r}: must be the name of a node")
    if "wait" in fields and "after" in fields:
        raise ScenarioError(f"{where}.wait: give either wait or after")
    wait, after, manifest = (fields.get(key) for key in ("wait", "after", "manifest"))
    return Step(
        command,
        None if wait is None else _number(wait, f"{where}.wait", most=LIMIT_SECONDS),
        "" if after is None else _condition(after, f"{where}.after"),
        None if manifest is None else _manifest(manifest, f"{where}.manifest", beside),
        node,
    )


def _check_command(line: str, where: str) -> None:
    from rollviz import kubectl

    try:
        kubectl.check(shlex.join(command_words(line)))
    except ScenarioError as error:
        raise ScenarioError(f"{where}: {error}") from None
    except kubectl.KubectlError as error:
        problem = str(error).partition("\n")[0]
        known = f": known are {', '.join(error.known)}" if error.known else ""
        raise ScenarioError(f"{where}: {line!r}: {problem}{known}") from None


def _condition(given: Any, where: str) -> str:
    if isinstance(given, str) and re.fullmatch(r"complete|settled|quiet \d{1,9}(\.\d+)?", given):
        return given
    raise ScenarioError(
        f"{where}: {given!r}: must be 'complete', 'settled' or 'quiet SECONDS', as in 'quiet 1.5'"
    )


def _pods(given: Any) -> PodBehaviour:
    fields = _mapping(given, "pods", ("startup_seconds", "termination_seconds", "images"))
    images = fields.get("images") or {}
    if not isinstance(images, Mapping):
        raise ScenarioError("pods.images: must map an image to how it fails")
    for image, behaviour in images.items():
        if behaviour not in FAILURES and not isinstance(behaviour, list | tuple):
            known = ", ".join(FAILURES)
            raise ScenarioError(
                f"pods.images.{image}: {behaviour!r}: must be {known}, or startup seconds"
            )
    times = {
        name: _times(fields[name], f"pods.{name}")
        for name in ("startup_seconds", "termination_seconds")
        if name in fields
    }
    images = {
        image: value if isinstance(value, str) else _times(value, f"pods.images.{image}")
        for image, value in images.items()
    }
    return PodBehaviour(**times, images=images)


def _times(given: Any, where: str) -> tuple[float, ...]:
    if not isinstance(given, list | tuple) or not given:
        raise ScenarioError(f"{where}: must be a list of seconds, as in [0.6, 0.9]")
    return tuple(_number(value, f"{where}[{n}]") for n, value in enumerate(given))


def _cluster(given: Any) -> dict[str, Any]:
    fields = _mapping(given, "cluster", ("nodes", "cpu_per_node", "quota_pods"))
    kept: dict[str, Any] = {}
    for name, value in fields.items():
        if value is not None:
            whole, most = name != "cpu_per_node", MOST_NODES if name == "nodes" else MOST
            kept[name] = _number(value, f"cluster.{name}", whole=whole, most=most)
    return kept


def _number(given: Any, where: str, *, whole: bool = False, most: float = MOST) -> Any:
    number = isinstance(given, int if whole else int | float) and not isinstance(given, bool)
    if not number or not 0 <= given <= most:
        kind = "a whole number" if whole else "a number"
        raise ScenarioError(f"{where}: {reprlib.repr(given)}: must be {kind} from 0 to {most:.0f}")
    return given if whole else float(given)


def _line_of(node: yaml.Node | None, field_path: str) -> int | None:
    """The line on which a field like ``steps[1].after`` stands, or that of its nearest parent."""
    line = None
    for part in re.findall(r"[^.\[\]]+", field_path):
        if isinstance(node, yaml.MappingNode):
            found = [(k, v) for k, v in node.value if k.value == part]
            if not found:
                return line
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
            node = node.value[int(part)]
            line = node.start_mark.line + 1
        else:
            return line
    return line
