"""Secrets stay out; what differed still differs."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollviz.live.redact import DROPPED, new_mask, redact
from rollviz.objects import LAST_APPLIED, Deployment, ReplicaSet
from tests.recorded import recording

SECRET = "hunter2"


def deployment(value=SECRET, checksum="1"):
    request = {"httpHeaders": [{"name": "Authorization", "value": value}]}
    container = {
        "name": "web",
        "image": "web:1",
        "env": [
            {"name": "PASSWORD", "value": value},
            {"name": "FROM", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
            {"name": "EMPTY"},
        ],
        "readinessProbe": {"httpGet": request},
        "lifecycle": {"preStop": {"httpGet": request}},
    }
    manifest: dict[str, Any] = {
        "metadata": {
            "name": "web",
            "annotations": {
                "kubernetes.io/change-cause": "first",
                "deployment.kubernetes.io/revision": "1",
                "vault.example.com/token": SECRET,
                "plain": SECRET,
                "notkubernetes.io/x": SECRET,
            },
            "managedFields": [{"manager": "kubectl"}],
        },
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {
                    "labels": {"app": "web"},
                    "annotations": {
                        "checksum/config": checksum,
                        "kubectl.kubernetes.io/restartedAt": "2026-11-23T10:00:00Z",
                    },
                },
                "spec": {"containers": [container], "initContainers": [container]},
            },
        },
    }
    manifest = copy.deepcopy(manifest)
    manifest["metadata"]["annotations"][LAST_APPLIED] = json.dumps(manifest)
    return manifest


def test_no_secret_is_left_anywhere():
    assert SECRET not in json.dumps(redact(deployment(), new_mask()))


def test_a_pod_and_its_ephemeral_containers_too():
    containers = deployment()["spec"]["template"]["spec"]["containers"]
    pod = {"metadata": {"name": "web-1"}, "spec": {"ephemeralContainers": containers}}
    assert SECRET not in json.dumps(redact(pod, new_mask()))


def test_what_kubernetes_itself_wrote_is_left():
    clean = redact(deployment(), new_mask())
    assert set(clean["metadata"]["annotations"]) == {
        "kubernetes.io/change-cause",
        "deployment.kubernetes.io/revision",
        LAST_APPLIED,
    }
    assert clean["metadata"]["annotations"]["kubernetes.io/change-cause"] == "first"
    template = clean["spec"]["template"]
    assert set(template["metadata"]["annotations"]) == {
        "kubectl.kubernetes.io/restartedAt",
        DROPPED,
    }
    env = template["spec"]["containers"][0]["env"]
    assert [variable["name"] for variable in env] == ["PASSWORD", "FROM", "EMPTY"]
    assert env[1:] == deployment()["spec"]["template"]["spec"]["containers"][0]["env"][1:]
    assert "managedFields" not in clean["metadata"]


@pytest.mark.parametrize("change", [{"value": "other"}, {"checksum": "2"}])
def test_a_rollout_that_changes_only_what_is_left_out_is_still_one(change):
    mask = new_mask()
    before, after, again = (
        Deployment.from_api(redact(made, mask))
        for made in (deployment(), deployment(**change), deployment())
    )
    assert before.spec.template != after.spec.template
    assert before.spec.template == again.spec.template


def test_a_manifest_that_kubectl_did_not_write_is_left_out_whole():
    odd = {"metadata": {"name": "web", "annotations": {LAST_APPLIED: f"not JSON: {SECRET}"}}}
    assert SECRET not in json.dumps(redact(odd, new_mask()))


def test_a_digest_is_of_no_use_without_its_key():
    assert redact(deployment(), new_mask()) != redact(deployment(), new_mask())


@given(st.text(min_size=1), st.text(min_size=1))
def test_digests_differ_just_where_the_values_do(one, other):
    mask = new_mask()
    assert (mask(one) == mask(other)) == (one == other)


def test_a_recording_without_secrets_stays_as_it_is_but_for_its_annotations():
    for row in recording("rolling-default-5"):
        clean = redact(copy.deepcopy(row["object"]), new_mask())
        if row["kind"] == "ReplicaSet":
            before, after = map(ReplicaSet.from_api, (row["object"], clean))
            assert (before.spec.replicas, before.status) == (after.spec.replicas, after.status)
            assert before.revision == after.revision
