"""Each file beside its original: the same functions, under the same names, in the same order."""

import ast
import importlib
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("module", "functions"),
    [
        (
            "rolling",
            "rolloutRolling reconcileNewReplicaSet reconcileOldReplicaSets "
            "cleanupUnhealthyReplicas scaleDownOldReplicaSetsForRollingUpdate",
        ),
        (
            "recreate",
            "rolloutRecreate scaleDownOldReplicaSetsForRecreate oldPodsRunning "
            "scaleUpNewReplicaSetForRecreate",
        ),
        ("progress", "syncRolloutStatus getReplicaFailures requeueStuckDeployment"),
        (
            "sync",
            "syncStatusOnly sync checkPausedConditions getAllReplicaSetsAndSyncRevision "
            "getNewReplicaSet scale scaleReplicaSet cleanupDeployment syncDeploymentStatus "
            "calculateStatus isScalingEvent",
        ),
    ],
)
def test_functions_are_found_where_kubernetes_has_them(module, functions):
    path = importlib.import_module(f"rollviz.controller.{module}").__file__
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    ours = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    expected = {snake_case(name): name for name in functions.split()}
    assert [name for name in ours if name in expected] == list(expected)
    for name, go_name in expected.items():
        assert f"``{go_name}``" in ast.get_docstring(ours[name]), "it names its source"


def snake_case(name):
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
