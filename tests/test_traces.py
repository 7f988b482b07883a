"""The simulator against a real cluster: every recorded rollout, replayed and compared.

A recording is what a Kubernetes 1.36 control plane and kubectl 1.37 did (tests/data/traces). What
must agree exactly: every change of a ReplicaSet's size, the Deployment's last status, its events,
what each pod went through, and what kubectl printed. Times agree within half a second, counted from
the start of the command before, since a real kubectl takes its own time to come back.
"""

import json
import re
from collections import Counter, defaultdict
from functools import cache

import pytest

from rollviz import scenario
from tests.recorded import DATA, TRACES


@cache
def trace(name):
    return json.loads((DATA / "traces" / f"{name}.json").read_text(encoding="utf-8"))


@cache
def replayed(name):
    run = scenario.run(scenario.parse(trace(name)))
    assert not run.unfinished, run.unfinished
    return run.to_json()


def without_time(rows):
    return [{key: value for key, value in row.items() if key != "t"} for row in rows]


def without_names(text):
    """Text without what no two clusters share: hashes, ages, dates, namespaces, column widths."""
    text = re.sub(r"(myapp-deployment)-[a-z0-9]{6,10}\b(-[a-z0-9]{5}\b)?", r"\1-HASH", text)
    text = re.sub(r"pod-template-hash[=:] ?\S+", "pod-template-hash=HASH", text)
    text = re.sub(r"\b(\d+m)?\d+s\b", "AGE", text)
    text = re.sub(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", "DATE", text)
    text = re.sub(r"(Namespace: +)\S+", r"\1default", text)
    return [re.sub(r" +", " ", line).rstrip() for line in text.splitlines()]


@pytest.mark.parametrize("name", TRACES)
def test_scaling_is_what_was_recorded(name):
    recorded = trace(name)["recorded"]["scaling"]
    assert without_time(replayed(name)["scaling"]) == without_time(recorded)


@pytest.mark.parametrize("name", TRACES)
def test_last_status_is_what_was_recorded(name):
    recorded = trace(name)["recorded"]["status"]
    assert without_time(replayed(name)["status"])[-1] == without_time(recorded)[-1]


@pytest.mark.parametrize("name", TRACES)
def test_events_are_what_was_recorded(name):
    def rows(events):
        return [(e["reason"], without_names(e["message"]), e["count"]) for e in events]

    assert rows(replayed(name)["events"]) == rows(trace(name)["recorded"]["events"])


@pytest.mark.parametrize("name", TRACES)
def test_every_kind_of_pod_life_is_what_was_recorded(name):
    """How many pods of each ReplicaSet went through which states; which pod is chance."""

    def lives(rows):
        states, replica_sets = defaultdict(list), {}
        for row in rows:
            state = row["state"], row["scheduled"]
            if states[row["pod"]][-1:] != [state]:
                states[row["pod"]].append(state)
            replica_sets[row["pod"]] = row["replicaSet"]
        return Counter((replica_sets[pod], tuple(life)) for pod, life in states.items())

    assert lives(replayed(name)["pods"]) == lives(trace(name)["recorded"]["pods"])


@pytest.mark.parametrize("name", TRACES)
def test_times_are_within_half_a_second_of_the_recorded_ones(name):
    def since_command(kind, rows):
        begun = [command["t"] for command in rows["commands"]]
        return [row["t"] - max(t for t in begun if t <= row["t"]) for row in rows[kind]]

    recorded, got = trace(name)["recorded"], replayed(name)
    for kind in ("scaling", "events"):
        apart = zip(since_command(kind, got), since_command(kind, recorded), strict=True)
        assert max(abs(a - b) for a, b in apart) < 0.5, kind


@pytest.mark.parametrize("name", TRACES)
def test_commands_answer_as_recorded(name):
    def answers(commands):
        return [
            (c["run"], c["exit_code"], without_names(c["stdout"]), without_names(c["stderr"]))
            for c in commands
        ]

    assert answers(replayed(name)["commands"]) == answers(trace(name)["recorded"]["commands"])


@pytest.mark.parametrize("name", TRACES)
def test_kubectl_prints_at_the_end_what_was_recorded(name):
    def printed(commands):
        # ReplicaSets are listed by name, and so by hash: their order is chance.
        return [(c["run"], sorted(without_names(c["stdout"]))) for c in commands]

    assert printed(replayed(name)["final"]) == printed(trace(name)["recorded"]["final"])


def test_the_same_scenario_gives_the_same_timeline_to_the_byte(tmp_path):
    for name in ("rollover", "quota-refuses"):
        saved = []
        for attempt in range(2):
            path = tmp_path / f"{name}-{attempt}.jsonl"
            scenario.run(scenario.parse(trace(name))).timeline.save(path)
            saved.append(path.read_bytes())
        assert saved[0] == saved[1]
