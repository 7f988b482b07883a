"""kubectl's words, against what a real kubectl printed."""

import json
import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from rollviz import kubectl, timeline
from rollviz.kubectl import View
from rollviz.simulator import Cluster, PodBehaviour

DATA = Path(__file__).parent / "data"
COMMANDS = json.loads((DATA / "commands.json").read_text())
MANIFESTS = json.loads((DATA / "manifests.json").read_text())["manifests"]
TRACES = {path.stem: json.loads(path.read_text()) for path in (DATA / "traces").glob("*.json")}


# --- the 64 recorded commands, on a simulated cluster --------------------------------------------

VARYING = [
    (r"\b(web-)[0-9a-z]{6,10}\b", r"\1HASH"),  # pod-template-hash
    (r"\b(pod-template-hash=)[0-9a-z]{6,10}\b", r"\1HASH"),
    (r"\b(web-HASH-)[0-9a-z]{5}\b", r"\1POD"),  # a pod's random suffix
    (r"\b10\.244\.\d+\.\d+\b", "IP"),
    (r"\b\d+[smh]\b", "AGE"),
    (r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"', "TIME"),
    (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", "TIME"),
    (r"(uid: )[0-9a-f-]{36}", r"\1UID"),
    (r'(resourceVersion: )"\d+"', r"\1VERSION"),
]


def settled(text: str) -> list[str]:
    """Lines without what varies: names with hashes also shift columns and rows about."""
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    if "HASH" not in text:
        return text.splitlines(keepends=True)
    lines = [re.sub("  +", "  ", line) for line in text.splitlines(keepends=True)]
    return sorted(lines) if text.startswith("NAME") else lines


@cache
def replayed() -> list[kubectl.Answer]:
    pods = PodBehaviour(**COMMANDS["pods"])
    cluster = Cluster(pods=pods, **COMMANDS["cluster"])
    answers = []
    for command in COMMANDS["commands"]:
        cluster.run_to(command["t"])
        files = {"deployment.yaml": COMMANDS["deployment.yaml"]}
        answers.append(kubectl.run(command["run"], cluster, files))
    return answers


@pytest.mark.parametrize(
    ("n", "command"),
    [pytest.param(n, c, id=f"{n}: {c['run']}") for n, c in enumerate(COMMANDS["commands"])],
)
def test_a_recorded_command_gets_the_recorded_answer(n, command):
    answer = replayed()[n]
    assert answer.stderr == command["stderr"]
    assert settled(answer.stdout) == settled(command["stdout"])
    assert answer.exit_code == command["exit_code"]


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_recorded_manifest_gets_the_recorded_answer(name):
    recorded = MANIFESTS[name]["kubectl"]
    files = {"deployment.yaml": MANIFESTS[name]["manifest"]}
    line = "kubectl apply --dry-run=server -f deployment.yaml"
    answer = kubectl.run(line, Cluster(), files)
    assert (answer.exit_code, answer.stdout) == (recorded["exit_code"], recorded["stdout"])
    assert answer.stderr == recorded["stderr"]


# --- recorded rollouts: the lens prints what kubectl printed, to the letter ----------------------


@cache
def recorded_log(trace: str) -> timeline.Timeline:
    return timeline.load(DATA / "watch" / f"{trace}.jsonl.gz")


FINALS = [
    pytest.param(name, final, id=f"{name}: {final['run']}")
    for name, trace in sorted(TRACES.items())
    for final in trace["recorded"]["final"]
]


@pytest.mark.parametrize(("trace", "final"), FINALS)
def test_the_end_of_a_recording_prints_as_kubectl_printed_it(trace, final):
    """The moment was not written down; ages tell it, so one within seconds must fit exactly."""
    log = recorded_log(trace)
    moments = (log.duration + tenth / 10 for tenth in range(80))
    printed = [kubectl.answer(final["run"], View.at(log, t)).stdout for t in moments]
    assert final["stdout"] in printed


KUBECTL_SECONDS = 0.1
"""A real kubectl takes so long before it asks the API server."""

READING = [
    pytest.param(name, command, id=f"{name}: {command['run']}")
    for name, trace in sorted(TRACES.items())
    for command in trace["recorded"]["commands"]
    if shlex.split(command["run"])[1:3] in (["get", "replicasets"], ["rollout", "history"])
    or shlex.split(command["run"])[1:3] == ["rollout", "status"]
]


@pytest.mark.parametrize(("trace", "command"), READING)
def test_a_reading_command_amid_a_recording_prints_as_kubectl_printed_it(trace, command):
    answer = kubectl.answer(
        command["run"], View.at(recorded_log(trace), command["t"] + KUBECTL_SECONDS)
    )
    assert answer.stdout == command["stdout"]
    assert (answer.exit_code, answer.stderr) == (command["exit_code"], command.get("stderr", ""))
