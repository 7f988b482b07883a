"""kubectl's changing commands: what they do to the cluster, and what they leave alone."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rollviz import kubectl
from rollviz.kubectl.apply import three_way, with_last_applied
from rollviz.objects import CHANGE_CAUSE, LAST_APPLIED
from rollviz.simulator import Cluster, PodBehaviour

WEB = yaml.safe_load("""
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web, tier: front}
spec:
  replicas: 2
  minReadySeconds: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: nginx, image: "nginx:1.27", env: [{name: A, value: a}, {name: B, value: b}]}
      - {name: log, image: "fluentd:1"}
""")


def changed(**paths):
    """The manifest with other values at ``spec__replicas``-like paths; None removes."""
    item = json.loads(json.dumps(WEB))
    for path, value in paths.items():
        *parents, last = [int(p) if p.isdigit() else p for p in path.split("__")]
        place = item
        for parent in parents:
            place = place[parent]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return item


@pytest.fixture
def cluster() -> Cluster:
    """The manifest applied, and rolled out."""
    made = Cluster(pods=PodBehaviour(startup_seconds=(0.5,), termination_seconds=(0.5,)))
    assert apply(made, WEB).stdout == "deployment.apps/web created\n"
    made.run_for(5)
    return made


def apply(cluster, item, flags=""):
    return kubectl.run(f"kubectl apply -f web.yaml {flags}", cluster, {"web.yaml": item})


def web(cluster):
    return cluster.snapshot.deployments["web"]


# --- apply ---------------------------------------------------------------------------------------

NGINX = "spec__template__spec__containers__0"


@pytest.mark.parametrize(
    ("item", "word"),
    [
        pytest.param(WEB, "unchanged", id="the same file"),
        pytest.param(changed(spec__replicas=3), "configured", id="other replicas"),
        pytest.param(changed(metadata__labels={"app": "web"}), "configured", id="a label less"),
        pytest.param(changed(spec__minReadySeconds=None), "configured", id="a field less"),
        pytest.param(
            changed(spec__strategy={"type": "RollingUpdate"}), "configured", id="strategy by type"
        ),
        pytest.param(
            changed(spec__strategy={"rollingUpdate": {"maxSurge": "25%"}}),
            "configured",
            id="strategy without its type",
        ),
        pytest.param(
            changed(spec__revisionHistoryLimit=10), "configured", id="a default spelt out"
        ),
    ],
)
def test_apply_says_whether_it_sent_anything(cluster, item, word):
    assert apply(cluster, item).stdout == f"deployment.apps/web {word}\n"


def test_what_the_file_never_spoke_of_is_left_alone(cluster):
    silent = changed(spec__replicas=None)
    assert apply(cluster, silent).stdout == "deployment.apps/web configured\n"
    assert web(cluster).spec.replicas == 1, "the file said 2 before: taking it out is the default"
    kubectl.run("scale deploy/web --replicas=7", cluster)
    apply(cluster, {**silent, "metadata": {**silent["metadata"], "labels": {"app": "web"}}})
    assert web(cluster).spec.replicas == 7
    assert web(cluster).metadata.labels == {"app": "web"}


def test_what_the_file_says_wins_over_other_commands(cluster):
    kubectl.run("set image deploy/web nginx=nginx:9 log=fluentd:9", cluster)
    kubectl.run("scale deploy/web --replicas=7", cluster)
    apply(cluster, WEB)
    assert web(cluster).spec.template.images == ("nginx:1.27", "fluentd:1")
    assert web(cluster).spec.replicas == 2


def test_annotations_of_others_survive_an_apply(cluster):
    kubectl.run("annotate deploy/web kubernetes.io/change-cause=mine", cluster)
    apply(cluster, changed(spec__replicas=4))
    assert web(cluster).metadata.annotations[CHANGE_CAUSE] == "mine"


def test_list_elements_are_merged_by_their_key(cluster):
    one_less = changed(**{f"{NGINX}__env": [{"name": "B", "value": "c"}]})
    apply(cluster, one_less)
    nginx, log = web(cluster).spec.template.containers
    assert nginx["env"] == [{"name": "B", "value": "c"}]
    assert nginx["imagePullPolicy"] == log["imagePullPolicy"] == "IfNotPresent"
    containers = one_less["spec"]["template"]["spec"]["containers"][:1]
    apply(cluster, changed(spec__template__spec__containers=containers))
    assert [c["name"] for c in web(cluster).spec.template.containers] == ["nginx"]


def test_another_strategy_drops_what_belonged_to_the_old_one(cluster):
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3}}
    apply(cluster, changed(spec__strategy=rolling))
    assert web(cluster).spec.strategy.max_surge == 3
    answer = apply(cluster, changed(spec__strategy={"type": "Recreate"}))
    assert answer == kubectl.Answer(0, "deployment.apps/web configured\n")
    assert web(cluster).to_api()["spec"]["strategy"] == {"type": "Recreate"}


def test_the_file_is_kept_as_kubectl_keeps_it(cluster):
    kept = web(cluster).metadata.annotations[LAST_APPLIED]
    assert kept.startswith('{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"annotations":')
    assert kept.endswith("}\n")
    assert json.loads(kept)["metadata"] == {
        "annotations": {},
        "labels": {"app": "web", "tier": "front"},
        "name": "web",
        "namespace": "default",
    }


def test_create_keeps_no_file_unless_told_to():
    for flag, kept in (("", False), ("--save-config", True)):
        made = Cluster()
        kubectl.run(f"create -f web.yaml {flag}", made, {"web.yaml": WEB})
        assert (LAST_APPLIED in web(made).metadata.annotations) is kept


def test_documents_beside_the_deployment_are_left_out_aloud():
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n---\n" + yaml.safe_dump(WEB)
    answer = kubectl.run("apply -f all.yaml", Cluster(), {"all.yaml": service})
    assert answer.stdout == "deployment.apps/web created\n"
    assert answer.stderr == "rollviz has Deployments only: service/web is left out\n"


def test_files_are_read_from_where_the_notebook_lies(tmp_path, monkeypatch, cluster):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deployment-definition.yml").write_text(yaml.safe_dump(changed(spec__replicas=5)))
    kubectl.run("apply -f deployment-definition.yml", cluster)
    assert web(cluster).spec.replicas == 5


VALUES = st.recursive(
    st.integers(0, 2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
MAPS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


@given(MAPS, MAPS, MAPS)
def test_a_three_way_merge_is_what_it_says(original, modified, current):
    merged = three_way(original, modified, current)
    assert three_way(modified, modified, merged) == merged, "applying again changes nothing"
    for key in {*original, *modified, *current}:
        if key not in modified:
            kept = key in current and key not in original
            assert merged.get(key) == (current[key] if kept else None)
        elif not isinstance(modified[key], dict):
            assert merged[key] == modified[key]


def test_applying_what_was_applied_compares_equal_with_the_annotation_in_it():
    once = with_last_applied(WEB)
    assert with_last_applied(once) == once


# --- dry runs, --record, -o ----------------------------------------------------------------------

EDITS = [
    "set image deploy/web nginx=nginx:2",
    "scale deploy/web --replicas=9",
    "annotate deploy/web a=b",
    "delete deploy/web",
]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize(("how", "said"), [("client", "(dry run)"), ("server", "(server dry run)")])
def test_a_dry_run_says_so_and_does_nothing(edit, how, said, cluster):
    before = len(cluster.timeline)
    answer = kubectl.run(f"{edit} --dry-run={how}", cluster)
    assert answer.stdout.endswith(f" {said}\n")
    assert len(cluster.timeline) == before
    apply(cluster, changed(spec__replicas=9), f"--dry-run={how}")
    assert len(cluster.timeline) == before


@pytest.mark.parametrize(
    "line",
    ["set image deployment/web nginx=nginx:2", "scale deployment/web --replicas=9"],
)
def test_record_writes_the_command_line_down(line, cluster):
    answer = kubectl.run(f"kubectl {line} --record", cluster)
    assert answer.stderr.startswith("Flag --record has been deprecated")
    assert web(cluster).metadata.annotations[CHANGE_CAUSE] == f"kubectl {line} --record=true"


def test_a_changed_object_can_be_printed(cluster):
    line = "scale deploy/web --replicas=9 -o jsonpath={.spec.replicas}"
    assert kubectl.run(line, cluster).stdout == "9"
    assert kubectl.run("scale deploy/web --replicas=9 -o name", cluster).stdout == (
        "deployment.apps/web\n"
    )


def test_record_is_kept_as_part_of_the_applied_file_and_goes_with_the_next(cluster):
    files = {"web.yaml": changed(spec__template__spec__containers__0__image="nginx:2")}
    kubectl.run("apply -f web.yaml --record", cluster, files)
    cluster.run_for(5)
    cause = "kubectl apply --filename=web.yaml --record=true"
    assert cause in web(cluster).metadata.annotations[LAST_APPLIED]
    apply(cluster, changed(spec__template__spec__containers__0__image="nginx:3"))
    cluster.run_for(5)
    history = kubectl.run("rollout history deploy/web", cluster).stdout
    assert history.splitlines()[2:5] == [
        "1         <none>",
        f"2         {cause}",
        "3         <none>",
    ]


def test_scale_records_in_a_change_of_its_own(cluster):
    before = web(cluster).metadata.generation
    kubectl.run("scale deploy/web --replicas=3 --record", cluster)
    assert web(cluster).metadata.generation == before + 2


# --- rollout -------------------------------------------------------------------------------------


def test_undo_to_what_is_running_is_skipped(cluster):
    kubectl.run("set image deploy/web nginx=nginx:2", cluster)
    cluster.run_for(5)
    answer = kubectl.run("rollout undo deploy/web --to-revision=2", cluster)
    assert answer.stdout == (
        "deployment.apps/web skipped rollback (current template already matches revision 2)\n"
    )


def test_several_deployments_at_once():
    pair = Cluster()
    for name in ("a", "b"):
        item = {**WEB, "metadata": {"name": name, "labels": {"team": "x"}}}
        kubectl.run("create -f f.yaml", pair, {"f.yaml": item})
    pair.run_for(10)
    kubectl.run("rollout pause deploy/b", pair)
    answer = kubectl.run("rollout pause deploy", pair)
    assert answer.stdout == "deployment.apps/a paused\n"
    assert answer.stderr == 'error: deployments.apps "b" is already paused\n'
    assert kubectl.run("rollout resume deploy -l team=x", pair).stdout.count(" resumed\n") == 2
    assert kubectl.run("scale deploy --all --replicas=1", pair).stdout.count(" scaled\n") == 2
    nothing = kubectl.run("rollout restart deploy -l team=y", pair)
    assert nothing == kubectl.Answer(0, "", "No resources found in default namespace.\n")


# --- delete --------------------------------------------------------------------------------------


def test_delete_pod_waits_until_it_is_gone(cluster):
    name = min(cluster.snapshot.pods)
    began = cluster.now
    answer = kubectl.run(f"delete pod {name}", cluster)
    assert answer.stdout == f'pod "{name}" deleted from default namespace\n'
    assert name not in cluster.snapshot.pods
    assert cluster.now == pytest.approx(began + 0.5, abs=0.1)


def test_delete_without_waiting_takes_no_time(cluster):
    began = cluster.now
    kubectl.run("delete pods --all --wait=false", cluster)
    assert cluster.now == began
    assert all(pod.terminating for pod in cluster.snapshot.pods.values())


def test_a_pod_that_is_forced_is_gone_at_once_and_one_with_grace_waits_no_longer(cluster):
    cluster.pods = PodBehaviour(termination_seconds=(20.0,))
    forced, hurried = sorted(cluster.snapshot.pods)
    began = cluster.now
    assert kubectl.run(f"delete pod {forced} --force", cluster).stdout == (
        f'pod "{forced}" force deleted from default namespace\n'
    )
    assert cluster.now == began
    answer = kubectl.run(f"delete pod {hurried} --grace-period=9 --timeout=2s", cluster)
    assert answer.stderr == f"error: timed out waiting for the condition on pods/{hurried}\n"
    assert cluster.now == began + 2
    cluster.run_for(7)
    assert hurried not in cluster.snapshot.pods


def test_a_replica_set_that_is_deleted_comes_back_with_new_pods(cluster):
    pods = set(cluster.snapshot.pods)
    name = next(iter(cluster.snapshot.replica_sets))
    kubectl.run(f"delete rs {name}", cluster)
    cluster.run_for(5)
    assert list(cluster.snapshot.replica_sets) == [name]
    assert len(cluster.snapshot.pods) == 2
    assert pods.isdisjoint(cluster.snapshot.pods)


def test_a_directory_stands_for_the_files_in_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "below").mkdir()
    for name in ("b.yaml", "a.json", "c.txt", "below/d.yml"):
        stem = name[-6:].strip("/")[0]
        item = {**WEB, "metadata": {"name": stem}}
        (tmp_path / name).write_text(json.dumps(item))
    flat, deep = (kubectl.run(f"create -f . {flag}", Cluster()).stdout for flag in ("", "-R"))
    assert flat == "deployment.apps/a created\ndeployment.apps/b created\n"
    assert deep.count(" created\n") == 3
    (tmp_path / "empty").mkdir()
    assert kubectl.run("apply -f empty", Cluster()).stderr == (
        "error: error reading [empty]: recognized file extensions are [.json .yaml .yml]\n"
    )


def test_delete_by_file_names_the_file_in_its_error(cluster):
    files = {"web.yaml": WEB}
    gone = kubectl.run("delete -f web.yaml", cluster, files)
    assert gone.stdout == 'deployment.apps "web" deleted from default namespace\n'
    again = kubectl.run("delete -f web.yaml", cluster, files)
    assert again.stderr == (
        'Error from server (NotFound): error when deleting "web.yaml": '
        'deployments.apps "web" not found\n'
    )
    ignoring = kubectl.run("delete -f web.yaml --ignore-not-found", cluster, files)
    assert ignoring == kubectl.Answer(0)
    assert kubectl.run("delete deploy --all", cluster).stdout == "No resources found\n"
