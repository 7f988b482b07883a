"""kubectl's reading commands: tables, documents, waiting; and the text they are set in."""

import json
import re
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest

from rollviz import kubectl, timeline
from rollviz.kubectl import View
from rollviz.kubectl.arguments import READERS, duration
from rollviz.kubectl.containers import qos_class
from rollviz.kubectl.jsonpath import JsonPath, JsonPathError
from rollviz.kubectl.output import to_yaml
from rollviz.kubectl.resources import POD
from rollviz.kubectl.rollouts import status_of
from rollviz.kubectl.selectors import parse
from rollviz.kubectl.tables import pod_status, table_of
from rollviz.kubectl.text import format_selector, human_duration, tabbed, to_json
from rollviz.objects import Condition, DeploymentStatus
from rollviz.simulator import Cluster, PodBehaviour

DATA = Path(__file__).parent / "data"
MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
"""


def started(**behaviour) -> Cluster:
    """A Deployment ``web`` of three pods, created a moment ago."""
    cluster = Cluster(pods=PodBehaviour(**behaviour))
    kubectl.run("create -f web.yaml", cluster, {"web.yaml": MANIFEST})
    return cluster


@pytest.fixture
def cluster() -> Cluster:
    """Three ready pods."""
    made = started(startup_seconds=(1.0, 2.0, 3.0))
    made.run_for(10)
    return made


# --- rollout status ------------------------------------------------------------------------------


def test_status_streams_with_virtual_time():
    cluster = started(startup_seconds=(1.0, 2.0, 3.0))
    pieces = kubectl.stream("rollout status deploy/web", cluster)
    first = next(pieces)
    assert first.text == "Waiting for deployment spec update to be observed...\n"
    assert cluster.now == 0.0
    seen = [first, *pieces]
    assert [piece.t for piece in seen] == sorted(piece.t for piece in seen)
    assert seen[-1].text == 'deployment "web" successfully rolled out\n'
    assert seen[-1].t == cluster.now == pytest.approx(3, abs=0.3)


def test_status_ends_at_its_timeout():
    cluster = started(startup_seconds=(90.0,))
    answer = kubectl.run("rollout status deploy/web --timeout=20s", cluster)
    assert answer.stderr == "error: timed out waiting for the condition\n"
    assert cluster.now == 20


def test_status_can_look_once():
    cluster = started()
    answer = kubectl.run("rollout status deploy/web --watch=false", cluster)
    assert answer.stdout.count("\n") == 1
    assert cluster.now == 0


def test_status_of_what_can_never_finish_says_what_it_waits_for(cluster):
    kubectl.run("set image deploy/web nginx=nginx:2", cluster)
    cluster.run_for(0.5)
    kubectl.run("rollout pause deploy/web", cluster)
    began = cluster.now
    answer = kubectl.run("rollout status deploy/web", cluster)
    assert answer.exit_code == 1
    assert answer.stderr.endswith(
        'where kubectl would go on waiting: Waiting for deployment "web" rollout to finish: 1 out '
        "of 3 new replicas have been updated... (it is paused: kubectl rollout resume "
        "deployment/web)\n"
    )
    assert cluster.now < began + 90


def test_status_of_a_broken_image_fails_at_the_deadline():
    cluster = started(images={"nginx:1.27": "ImagePullBackOff"})
    answer = kubectl.run("rollout status deploy/web", cluster)
    assert answer.stderr == 'error: deployment "web" exceeded its progress deadline\n'
    assert cluster.now == pytest.approx(600, abs=2)


def test_status_ends_when_the_deployment_is_deleted(cluster):
    kubectl.run("set image deploy/web nginx=nginx:2", cluster)
    pieces = kubectl.stream("rollout status deploy/web", cluster)
    next(pieces)
    kubectl.run("delete deploy web", cluster)
    assert list(pieces)[-1].text == "error: object has been deleted\n"


def test_status_of_a_recording_that_ends_early():
    log = timeline.load(DATA / "watch" / "bad-image-deadline.jsonl.gz").until(2.0)
    answer = kubectl.answer("rollout status deploy/myapp-deployment", View.at(log, 2.0))
    assert answer.stderr == (
        "error: what is known of this rollout ends here, and it is not finished\n"
    )


DEADLINE = Condition("Progressing", "False", "ProgressDeadlineExceeded")


@pytest.mark.parametrize(
    ("status", "says"),
    [
        pytest.param(DeploymentStatus(0), "spec update to be observed...", id="unobserved"),
        pytest.param(
            DeploymentStatus(0, conditions=(DEADLINE,)), "observed...", id="deadline of old"
        ),
        pytest.param(DeploymentStatus(9, 5, 2), "2 out of 3 new replicas", id="updating"),
        pytest.param(DeploymentStatus(9, 5, 3), "2 old replicas are pending", id="old ones left"),
        pytest.param(DeploymentStatus(9, 3, 3), "0 of 3 updated replicas are", id="not available"),
        pytest.param(DeploymentStatus(9, 3, 3, 3, 3), "successfully rolled out", id="done"),
    ],
)
def test_status_words(status, says, cluster):
    deployment = replace(cluster.deployment("web"), status=status)
    assert says in status_of(deployment).text
    assert status_of(deployment).done is (says == "successfully rolled out")


# --- get -w --------------------------------------------------------------------------------------


def test_watching_a_cluster_follows_it_until_nothing_is_due():
    cluster = started(startup_seconds=(1.0, 2.0, 3.0))
    text = kubectl.run("get deploy -w", cluster).stdout.splitlines()
    assert text[:2] == [
        "NAME   READY   UP-TO-DATE   AVAILABLE   AGE",
        "web    0/3     0            0           0s",
    ]
    assert text[-1] == "web    3/3     3            3           3s"
    assert cluster.now == pytest.approx(3, abs=0.3)


def test_watched_lines_keep_the_widths_that_there_were():
    cluster = started()
    text = kubectl.run("get pods -w", cluster).stdout
    statuses = [line.index("0/1") for line in text.splitlines() if "0/1" in line]
    assert len(set(statuses)) == 1
    creating = text.index("ContainerCreating   0")
    assert "Running             0" in text[creating:]


def test_watching_a_recording_goes_to_its_end():
    log = timeline.load(DATA / "watch" / "rolling-one-replica.jsonl.gz")
    answer = kubectl.answer("get rs -w --no-headers", View.at(log, 1.3))
    sizes = [" ".join(line.split()[1:4]) for line in answer.stdout.splitlines()]
    assert [size for size, _ in groupby(sizes)] == [
        *("1 1 1", "1 0 0", "1 1 0", "1 1 1"),
        *("0 1 1", "0 0 0"),
    ]


def test_only_what_is_watched_is_shown(cluster):
    name = min(cluster.snapshot.pods)
    kubectl.run(f"delete pod {name} --wait=false", cluster)
    lines = kubectl.run(f"get pod {name} -w -o name", cluster).stdout.splitlines()
    assert set(lines) == {f"pod/{name}"}
    only = kubectl.run("get pods -w --watch-only -l app=other", cluster)
    assert only == kubectl.Answer(0)


# --- get and describe ----------------------------------------------------------------------------


def test_get_by_several_kinds_and_namespaces(cluster):
    text = kubectl.run("get deploy,rs -A --no-headers", cluster).stdout
    assert [line.split()[:2] for line in text.splitlines()] == [
        ["default", "deployment.apps/web"],
        ["default", f"replicaset.apps/{min(cluster.snapshot.replica_sets)}"],
    ]


def test_labels_can_be_shown_and_selected(cluster):
    text = kubectl.run("get pods --show-labels -l app=web,pod-template-hash", cluster).stdout
    lines = text.splitlines()
    assert lines[0].endswith("   LABELS")
    assert all("app=web,pod-template-hash=" in line for line in lines[1:])
    assert len(lines) == 4


def test_get_sorted_by_a_field(cluster):
    kubectl.run("set image deploy/web nginx=nginx:2", cluster)
    cluster.run_for(20)
    text = kubectl.run("get rs --sort-by=.spec.replicas -o name", cluster).stdout
    sizes = [cluster.snapshot.replica_sets[n.split("/")[1]].spec.replicas for n in text.split()]
    assert sizes == [0, 3]


def test_one_object_is_a_document_and_several_are_a_list(cluster):
    one = json.loads(kubectl.run("get deploy web -o json", cluster).stdout)
    several = json.loads(kubectl.run("get deploy -o json", cluster).stdout)
    assert several == {
        "apiVersion": "v1",
        "items": [one],
        "kind": "List",
        "metadata": {"resourceVersion": ""},
    }
    assert int(one["metadata"]["resourceVersion"]) <= len(cluster.timeline)


def test_events_tell_last_seen_and_where_from(cluster):
    head, *rows = kubectl.run("get events -o wide", cluster).stdout.splitlines()
    columns = "LAST SEEN TYPE REASON OBJECT SUBOBJECT SOURCE MESSAGE FIRST SEEN COUNT NAME"
    assert " ".join(head.split()) == columns
    assert any(re.search("deployment-controller +Scaled up replica set web-", r) for r in rows)
    assert any(re.search("default-scheduler, default-scheduler-vm +Success", r) for r in rows)


def test_nodes_that_are_down_are_not_ready(cluster):
    cluster.fail_node("node-2")
    cluster.run_for(60)
    text = kubectl.run("get nodes --no-headers", cluster).stdout
    assert [line.split()[1] for line in text.splitlines()] == ["Ready", "NotReady", "Ready"]


def test_describe_takes_the_beginning_of_names(cluster):
    text = kubectl.run("describe pod web-", cluster).stdout
    assert text.count("Name:") == 3
    assert "Events:" not in text
    one = kubectl.run(f"describe pod {min(cluster.snapshot.pods)}", cluster).stdout
    assert "\nEvents:" in one


FULL_POD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
      annotations: {note: "two\\nlines"}
    spec:
      nodeSelector: {disk: ssd}
      tolerations: [{key: gpu, operator: Exists, effect: NoSchedule}]
      volumes: [{name: html, configMap: {name: pages}}]
      containers:
      - name: nginx
        image: nginx:1.27
        args: ["-g", "daemon off;"]
        ports: [{containerPort: 80, name: http}, {containerPort: 443}]
        resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}
        readinessProbe: {httpGet: {path: /ready, port: http}, periodSeconds: 5}
        env:
        - {name: MODE, value: fast}
        - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        volumeMounts: [{name: html, mountPath: /srv, readOnly: true}]
"""

FULL_TEMPLATE = """\
Pod Template:
  Labels:       app=web
                pod-template-hash=HASH
  Annotations:  note:
                  two
                  lines
  Containers:
   nginx:
    Image:       nginx:1.27
    Ports:       80/TCP (http), 443/TCP
    Host Ports:  0/TCP (http), 0/TCP
    Args:
      -g
      daemon off;
    Limits:
      memory:  64Mi
    Requests:
      cpu:      100m
      memory:   64Mi
    Readiness:  http-get http://:http/ready delay=0s timeout=1s period=5s successThreshold=1 \
failureThreshold=3
    Environment:
      MODE:  fast
      POD:    (v1:metadata.name)
    Mounts:
      /srv from html (ro)
  Volumes:
   html:
    Type:          ConfigMap (a volume populated by a ConfigMap)
    Name:          pages
    Optional:      false
  Node-Selectors:  disk=ssd
  Tolerations:     gpu:NoSchedule op=Exists
"""


def test_describe_lays_a_full_template_out():
    cluster = Cluster()
    kubectl.run("create -f web.yaml", cluster, {"web.yaml": FULL_POD})
    cluster.run_for(5)
    text = kubectl.run("describe rs", cluster).stdout
    hash_ = next(iter(cluster.snapshot.replica_sets.values())).pod_template_hash
    template = text[text.index("Pod Template:") : text.index("Events:")]
    assert template == FULL_TEMPLATE.replace("HASH", hash_)


def test_text_from_a_cluster_cannot_steer_the_terminal(cluster):
    kubectl.run("annotate deploy/web note=$'\\x1b[2J'", cluster)
    cause = "kubernetes.io/change-cause='\x1b[31mred'"
    kubectl.run(f"annotate deploy/web {cause}", cluster)
    cluster.run_for(1)
    for line in ("describe deploy web", "rollout history deploy/web"):
        assert "\x1b" not in kubectl.run(line, cluster).stdout


# --- the STATUS column ---------------------------------------------------------------------------


def pod(phase="Running", deleted=False, reason="", **container):
    metadata = {"name": "p", **({"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleted else {})}
    status = {"phase": phase, "reason": reason, "containerStatuses": [container]}
    return {"metadata": metadata, "spec": {"containers": [{"name": "c"}]}, "status": status}


@pytest.mark.parametrize(
    ("item", "word"),
    [
        (pod("Pending"), "Pending"),
        (pod(state={"running": {}}), "Running"),
        (pod(state={"waiting": {"reason": "CrashLoopBackOff"}}), "CrashLoopBackOff"),
        (pod(state={"terminated": {"reason": "Error"}}), "Error"),
        (pod(state={"terminated": {"exitCode": 3}}), "ExitCode:3"),
        (pod(state={"terminated": {"signal": 9}}), "Signal:9"),
        (pod("Failed", reason="Evicted"), "Evicted"),
        (pod(deleted=True, state={"running": {}}), "Terminating"),
        (pod(deleted=True, reason="NodeLost"), "Unknown"),
        (pod("Succeeded", deleted=True, state={"terminated": {"reason": "Done"}}), "Done"),
        (pod(ready=True, state={"running": {}}), "Running"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_pods_status_in_one_word(item, word):
    assert pod_status(item) == word


def test_restarts_tell_how_long_ago():
    end = {"terminated": {"finishedAt": "2026-01-01T00:00:00Z"}}
    item = pod(ready=True, state={"running": {}}, restartCount=2, lastState=end)
    midnight = 1767225600.0
    cells = table_of(POD, False).row(item, midnight + 42, wide=False)
    assert cells[1:4] == ["1/1", "Running", "2 (42s ago)"]


# --- words and numbers ---------------------------------------------------------------------------

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-2, "<invalid>"),
        (-1.9, "0s"),
        (-0.5, "0s"),
        (0, "0s"),
        (119.9, "119s"),
        (2 * MINUTE, "2m"),
        (2 * MINUTE + 1, "2m1s"),
        (10 * MINUTE + 59, "10m"),
        (3 * HOUR - 1, "179m"),
        (3 * HOUR, "3h"),
        (7 * HOUR + 59 * MINUTE, "7h59m"),
        (8 * HOUR + 59 * MINUTE, "8h"),
        (2 * DAY, "2d"),
        (2 * DAY + 5 * HOUR, "2d5h"),
        (8 * DAY + 5 * HOUR, "8d"),
        (2 * 365 * DAY - 1, "729d"),
        (2 * 365 * DAY, "2y"),
        (2 * 365 * DAY + DAY, "2y1d"),
        (9 * 365 * DAY + DAY, "9y"),
    ],
)
def test_durations_are_in_two_or_three_figures(seconds, text):
    assert human_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [("3", 3), ("-3", -3), ("+3", 3), ("0x1F", 31), ("017", 15), ("0b11", 3), ("1_000", 1000)],
)
def test_gos_integers(text, number):
    assert READERS["int"](text) == number


@pytest.mark.parametrize("text", ["", "08", "1__0", "3.0", " 1", "0x", "two"])
def test_what_is_no_integer_in_go(text):
    with pytest.raises(ValueError, match="invalid syntax"):
        READERS["int"](text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("2s", 2), ("1m30s", 90), ("1.5h", 5400), ("250ms", 0.25), ("-1s", -1)],
)
def test_gos_durations(text, seconds):
    assert duration(text) == pytest.approx(seconds)


def test_a_column_ends_where_a_line_has_none():
    assert tabbed("a\tb\nlonger\tc\n\nx\ty\n") == "a       b\nlonger  c\n\nx  y\n"


@pytest.mark.parametrize(
    ("text", "yaml"),
    [
        ("nginx:1.27", "nginx:1.27"),
        ("25%", "25%"),
        ("1", '"1"'),
        ("0.4", '"0.4"'),
        ("true", '"true"'),
        ("", '""'),
        ("2026-11-23T01:31:41Z", '"2026-11-23T01:31:41Z"'),
        ("0.6,0.9", "0.6,0.9"),
        ('ReplicaSet "web" has', 'ReplicaSet "web" has'),
        ("* all", "'* all'"),
        ("a: b", "'a: b'"),
        ("y", '"y"'),
        ("1e3", '"1e3"'),
        ("0o17", '"0o17"'),
        ("2026-1-1", '"2026-1-1"'),
        ("*", "'*'"),
        ("\U0001f600", '"\\U0001F600"'),
        ("two\nlines\n", "|\n  two\n  lines"),
        ("two\nlines", "|-\n  two\n  lines"),
    ],
)
def test_yaml_strings_are_quoted_as_gos_are(text, yaml):
    assert to_yaml({"key": text}) == f"key: {yaml}\n"


def test_json_is_escaped_as_gos_is():
    assert to_json({"b": "<&>", "a": [1, None]}) == '{"a":[1,null],"b":"\\u003c\\u0026\\u003e"}'


LIST = {
    "items": [
        {"name": "a", "n": 1, "in": [{"type": "A", "ok": "True"}, {"type": "B", "ok": "False"}]},
        {"name": "b", "n": 2, "labels": {"k8s.io/app": "x"}},
    ]
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{.items[0].name}", "a"),
        ("{.items[-1].name}", "b"),
        ("{.items[*].name}", "a b"),
        ("{.items[*].n}", "1 2"),
        ("{$.items[1].labels}", '{"k8s.io/app":"x"}'),
        (r"{.items[1].labels.k8s\.io/app}", "x"),
        (r"{.items[1].labels['k8s\.io/app']}", "x"),
        ("{.items[1].labels['k8s.io/app']}", ""),
        ("{.items[0:1].name}", "a"),
        ("{.items[::2].name}", "a"),
        ("{.items[-1:].name}", "b"),
        ("{.items[0,1].name}", "a b"),
        ("{.items[*]['name','n']}", "a b 1 2"),
        ("{..type}", "A B"),
        ("{.items[?(@.n>1)].name}", "b"),
        ("{.items[0].in[?(@.type=='A')].ok}{true}{1}", "Truetrue1"),
        ("{.items[1].labels.*}", "x"),
        ('{.items[0].in[?(@.type=="B")].ok}', "False"),
        ("{.items[0].in[?(@.type!='B')].ok}", "True"),
        ("{.items[?(@.labels)].name}", "b"),
        ('{range .items[*]}{.name}={.n}{"\\n"}{end}', "a=1\nb=2\n"),
        ('{range .items[*]}{range .in[*]}{.ok}{"\\t"}{end}{end}', "True\tFalse\t"),
        ("n: {.items[0].n}, {.nope}", "n: 1, "),
    ],
)
def test_jsonpath(template, text):
    assert JsonPath(template).printed(LIST) == text


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{.a", "unclosed action"),
        ("{.a[b]}", "invalid array index b"),
        ("{.a[0}", "unterminated array"),
        ("{{.a}}", "unrecognized character in action: U+007B '{'"),
        ('{"a}', "unterminated quoted string"),
        ("{.a[?(@.b==1]}", "unterminated filter"),
        ("{.a[?(@.b)}", "unclosed array expect ]"),
        ("{1.2.3}", "cannot parse number 1.2.3"),
        ("{....a}", "invalid multiple recursive descent"),
    ],
)
def test_jsonpath_that_cannot_be_read(template, why):
    with pytest.raises(JsonPathError, match=re.escape(why)):
        JsonPath(template)


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{.items[7].name}", "array index out of bounds: index 7, length 2"),
        ("{.items[1:0].name}", "starting index 1 is greater than ending index 0"),
        ("{.items[0:2:0].name}", "step must be > 0"),
        ("{.items[0].in.type[0]}{end}", "not in range, nothing to end"),
        ("{.items[0].name[0]}", "string is not array or slice"),
        ("{.items[0].n[?(@.a)]}", "1 is not array or slice and cannot be filtered"),
        ("{name}", "unrecognized identifier name"),
        ("{.items[?(@.n==x)]}", "unrecognized identifier x"),
        ('{.items[?(@.n=="x")]}', "incompatible types for comparison"),
        ("{.items[?(@.n~1)]}{.items[?(@.n=!1)]}", "unrecognized filter operator =!"),
    ],
)
def test_jsonpath_that_does_not_fit(template, why):
    with pytest.raises(JsonPathError, match=re.escape(why)):
        JsonPath(template).printed(LIST)


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("app=web", True),
        ("app==web,env=prod", True),
        ("app!=web", False),
        ("nope!=web", True),
        ("env in (test, prod)", True),
        ("env notin (test,prod)", False),
        ("app", True),
        ("!app", False),
        ("!nope, app=web", True),
        ("", True),
    ],
)
def test_selectors(selector, matches):
    assert parse(selector)({"app": "web", "env": "prod"}) is matches


@pytest.mark.parametrize(
    ("selector", "why"),
    [
        ("status.phase", "invalid selector: 'status.phase'; can't understand 'status.phase'"),
        ("status.hostIP=x", "field label not supported: status.hostIP"),
    ],
)
def test_a_field_selector_that_the_api_server_refuses(selector, why, cluster):
    answer = kubectl.run(f"get pods --field-selector={selector}", cluster)
    assert answer == kubectl.Answer(
        1,
        "",
        'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label '
        f'selector "", field selector "{selector}": {why}\n',
    )


def test_other_kinds_are_selected_by_name_alone(cluster):
    answer = kubectl.run("get rs --field-selector=spec.replicas=2", cluster)
    assert answer.stderr.partition('"spec.replicas"')[2] == (
        ' is not a known field selector: only "metadata.name", "metadata.namespace"\n'
    )


def test_kinds_that_only_a_real_cluster_has_are_named(cluster):
    known = "pods, services, deployments, replicasets, events, nodes"
    assert kubectl.run("get ns", cluster).stderr == f"error: rollviz has no ns. It has: {known}\n"


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        (None, "<none>"),
        ({"matchLabels": {"b": "2", "a": "1"}}, "a=1,b=2"),
        (
            {"matchExpressions": [{"key": "a", "operator": "In", "values": ["y", "x"]}]},
            "a in (x,y)",
        ),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["x"]}]}, "a notin (x)"),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, "a"),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, "!a"),
    ],
)
def test_selectors_in_a_cell(selector, text):
    assert format_selector(selector) == text


@pytest.mark.parametrize(
    ("resources", "word"),
    [
        ([{}], "BestEffort"),
        ([{"requests": {"cpu": "1"}}], "Burstable"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}}], "Guaranteed"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}}, {}], "Burstable"),
        ([{"requests": {"cpu": "1"}, "limits": {"cpu": "2", "memory": "1Gi"}}], "Burstable"),
    ],
)
def test_quality_of_service(resources, word):
    assert qos_class({"containers": [{"resources": r} for r in resources]}) == word


# --- explain, help, version ----------------------------------------------------------------------


def test_explain_a_field_and_the_fields_in_it():
    text = kubectl.run("explain deploy.spec.strategy", Cluster()).stdout
    assert text.startswith("GROUP:      apps\nKIND:       Deployment\nVERSION:    v1\n\n")
    assert "FIELD: strategy <DeploymentStrategy>\n" in text
    assert "  rollingUpdate\t<RollingUpdateDeployment>\n" in text
    assert "  enum: Recreate, RollingUpdate\n" in text
    assert all(len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("name", kubectl.COMMANDS)
def test_every_command_has_help(name):
    answer = kubectl.run(f"kubectl {name} --help", Cluster())
    assert answer.exit_code == 0
    assert answer.stdout.startswith(f"  kubectl {name}  ")


def test_a_group_alone_shows_its_commands_and_fails():
    answer = kubectl.run("kubectl rollout", Cluster())
    assert answer.exit_code == 1
    assert answer.stdout.count("kubectl rollout ") == 6
    assert kubectl.run("kubectl", Cluster()).stdout.count("\n") == len(kubectl.COMMANDS)


def test_version():
    assert kubectl.run("version", Cluster()).stdout == (
        "Client Version: v1.37.1\nKustomize Version: v5.8.1\nServer Version: v1.36.2\n"
    )
