"""What kubectl says when it can't: every refusal, word for word; never an exception."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollviz import kubectl
from rollviz.kubectl import View
from rollviz.kubectl.completion import complete
from rollviz.simulator import Cluster, PodBehaviour

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
"""
FILES = {
    "web.yaml": MANIFEST,
    "other-namespace.yaml": MANIFEST.replace("{name: web}", "{name: web, namespace: shop}"),
    "typo-there.yaml": MANIFEST.replace("{name: web}", "{name: web, namespace: shop}").replace(
        "replicas:", "replica:"
    ),
    "one-and-a-half.yaml": MANIFEST.replace("{name: web}", "{name: api}") + "---\na: [\n",
    "other-selector.yaml": MANIFEST.replace("app: web", "app: shop"),
    "negative.yaml": MANIFEST.replace("replicas: 2", "replicas: -2"),
    "service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n",
}


EMPTY_SELECTOR = (
    'The Deployment "web" is invalid: spec.selector: Invalid value: {}: '
    "empty selector is invalid for deployment\n"
)


@cache
def _rolled_out() -> Cluster:
    cluster = Cluster(pods=PodBehaviour(images={"nginx:broken": "ImagePullBackOff"}))
    kubectl.run("create -f web.yaml", cluster, FILES)
    cluster.run_for(10)
    return cluster


@pytest.fixture
def cluster() -> Cluster:
    """A Deployment ``web`` of two ready pods."""
    return _rolled_out().fork()


USAGE = "\nSee 'kubectl {0} --help' for usage.\n"
RESOURCES = (
    "error: one or more resources must be specified as <resource> <name> or <resource>/<name>\n"
)
ONE_FORM = (
    "error: there is no need to specify a resource type as a separate argument when passing "
    "arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of "
    "'kubectl get resource resource/<resource_name>'\n"
)

NO_RESOURCE = (
    "error: You must provide one or more resources by argument or filename.\n"
    "Example resource specifications include:\n   '-f rsrc.yaml'\n"
    "   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'\n"
)

ERRORS = {
    # which objects
    "get pods nope": 'Error from server (NotFound): pods "nope" not found\n',
    "get deploy/nope": 'Error from server (NotFound): deployments.apps "nope" not found\n',
    "get nope": 'error: the server doesn\'t have a resource type "nope"\n',
    "get deploy/web pods": ONE_FORM,
    "get a/b/c": "error: arguments in resource/name form may not have more than one slash\n",
    "get /web": "error: arguments in resource/name form must have a single resource and name\n",
    "get deploy web -l app=web": "error: name cannot be provided when a selector is specified\n",
    "get pods -l !!": 'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that '
    'match label selector "!!", field selector "": unable to parse requirement: '
    "found '!', expected: identifier\n",
    "get pods,rs -w": "error: you may only specify a single resource type\n",
    "describe pod nope": 'Error from server (NotFound): pods "nope" not found\n',
    "describe node node-1": "error: rollviz describes deployments, replicasets, pods, not nodes\n",
    "delete deploy": "error: resource(s) were provided, but no name was specified\n",
    "delete": NO_RESOURCE,
    "delete node node-1": "error: rollviz deletes deployments, replicasets and pods, not nodes\n",
    # flags
    "get pods --wide": "error: unknown flag: --wide" + USAGE.format("get"),
    "get pods -x": "error: unknown shorthand flag: 'x' in -x" + USAGE.format("get"),
    "get pods -o": "error: flag needs an argument: 'o' in -o" + USAGE.format("get"),
    "scale deploy/web --replicas": "error: flag needs an argument: --replicas"
    + USAGE.format("scale"),
    "scale deploy/web --replicas=two": 'error: invalid argument "two" for "--replicas" flag: '
    'strconv.ParseInt: parsing "two": invalid syntax' + USAGE.format("scale"),
    "rollout status deploy/web -w=no": 'error: invalid argument "no" for "-w, --watch" flag: '
    'strconv.ParseBool: parsing "no": invalid syntax' + USAGE.format("rollout status"),
    "rollout status deploy/web --timeout=2": 'error: invalid argument "2" for "--timeout" flag: '
    'time: missing unit in duration "2"' + USAGE.format("rollout status"),
    "rollout status deploy/web --timeout=soon": 'error: invalid argument "soon" for "--timeout" '
    'flag: time: invalid duration "soon"' + USAGE.format("rollout status"),
    "scale deploy/web --replicas=1 --dry-run=maybe": "error: Invalid dry-run value (maybe). Must "
    'be "none", "server", or "client".\n',
    "get pods -o table": "error: unable to match a printer suitable for the output format "
    '"table", allowed formats are: custom-columns,custom-columns-file,go-template,go-template-file,'
    "json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml\n",
    "get pods -o kyaml": "error: rollviz has no -o kyaml. It has: custom-columns, json, jsonpath, "
    "jsonpath-as-json, name, wide, yaml\n",
    "delete deploy web --raw=/": 'error: rollviz has no --raw for "kubectl delete"\n',
    "get pods -o jsonpath=": "error: template format specified but no template given\n",
    "get pods -o jsonpath={.a": "error: error parsing jsonpath {.a, unclosed action\n",
    "get pods --sort-by=.nope -o name": "error: couldn't find any field with path "
    '"{.nope}" in the list of objects\n',
    'get "pods': 'error: No closing quotation in this command line: kubectl get "pods\n',
    # set image
    "set image deploy/web": "error: at least one image update is required\n",
    "set image": NO_RESOURCE,
    "set image nginx=nginx:2": NO_RESOURCE,
    "set image deploy nginx=nginx:2": "error: resource(s) were provided, but no name was "
    "specified\n",
    "set image deploy/web nginx=a *=b": "error: all containers are already specified by *, but saw "
    "more than one container_name=container_image pairs\n",
    "set image deploy/web nginx=a deploy/web": "error: all resources must be specified before "
    "image changes: deploy/web\n",
    "set image deploy/web nginx-": "error: invalid image format: nginx-\n",
    # scale
    "scale deploy/web": 'error: required flag(s) "replicas" not set\n',
    "scale --replicas=1": NO_RESOURCE,
    "scale deploy/web --replicas=1 --current-replicas=-2": "error: The --current-replicas must "
    "specify an integer of -1 or greater\n",
    "scale deploy/web --replicas=1 --current-replicas=7": "error: Expected replicas to be 7, was "
    "2\n",
    "scale rs --all --replicas=1": "error: rollviz changes Deployments only: replicasets belong to "
    "controllers, and can be read here\n",
    # annotate
    "annotate": RESOURCES,
    "annotate deploy/web": "error: at least one annotation update is required\n",
    "annotate deploy/web a=b a-": "error: can not both modify and remove the following "
    "annotation(s) in the same command: a\n",
    "annotate deploy/web deployment.kubernetes.io/revision=9": "error: --overwrite is false but "
    "found the following declared annotation(s): 'deployment.kubernetes.io/revision' already has "
    "a value (1)\n",
    # rollout
    "rollout history deploy/web --revision=-1": "error: revision must be a positive integer: -1\n",
    "rollout status deploy/web --revision=4": "error: desired revision (4) is different from the "
    "running revision (1)\n",
    "rollout undo": "error: required resource not specified\n",
    "rollout undo deploy/web --to-revision=-3": "error: unable to find specified revision -3 in "
    "history\n",
    "rollout status node/node-1": "error: no status viewer has been implemented for Node\n",
    "rollout history node/node-1": 'error: error retrieving history for "Node", no visitor method '
    "exists for { Node}\n",
    "rollout undo node/node-1": 'error: error retrieving rollbacker for "Node", no visitor method '
    "exists for { Node}\n",
    "rollout pause node/node-1": 'error: nodes "node-1" pausing is not supported\n',
    "rollout resume node/node-1": 'error: nodes "node-1" resuming is not supported\n',
    "rollout restart node/node-1": 'error: nodes "node-1" restarting is not supported\n',
    # files
    "apply": "error: must specify one of -f and -k\n",
    "apply -f nope.yaml": 'error: the path "nope.yaml" does not exist\n',
    "delete -f nope.yaml": 'error: the path "nope.yaml" does not exist\n',
    "get pods -f web.yaml": "error: when paths, URLs, or stdin is provided as input, you may not "
    "specify resource arguments as well\n",
    "create deployment web": 'error: required flag(s) "image" not set\n',
    "create service web": 'error: rollviz has no "kubectl create service"\n',
    "apply -f other-namespace.yaml": "Error from server (NotFound): error when creating "
    '"other-namespace.yaml": namespaces "shop" not found\n',
    "apply -f typo-there.yaml": "Error from server (BadRequest): error when creating "
    '"typo-there.yaml": Deployment in version "v1" cannot be handled as a Deployment: strict '
    'decoding error: unknown field "spec.replica"\n',
    "apply -f other-namespace.yaml -n default": "error: the namespace from the provided object "
    '"shop" does not match the namespace "default". You must pass \'--namespace=shop\' to perform '
    "this operation.\n",
    "create -f negative.yaml": 'The Deployment "web" is invalid: spec.replicas: Invalid value: -2: '
    "must be greater than or equal to 0\n",
    # explain
    "explain": 'error: You must specify the type of resource to explain. Use "kubectl '
    'api-resources" for a complete list of supported resources.\n',
    "explain deploy spec": "error: We accept only this format: explain RESOURCE\n",
    "explain pods": "error: rollviz explains deployments, not pods\n",
    "explain deploy.spec.template.spec.containers.image": "error: rollviz does not explain "
    "deployment.spec.template.spec.containers\n",
    "apply view-last-applied deploy/web": 'error: rollviz has no "kubectl apply '
    'view-last-applied". It knows: apply\n',
    "apply -k .": 'error: rollviz has no -k for "kubectl apply"\n',
    "apply -f web.yaml -n kube-system": "error: rollviz keeps Deployments in one namespace: "
    "default, not kube-system\n",
    "apply -f nodir/": 'error: the path "nodir/" does not exist\n',
    "delete deploy web --cascade=orphan": "error: rollviz has no --cascade=orphan: what was owned "
    "goes too\n",
}


@pytest.mark.parametrize("line", ERRORS)
def test_a_refusal_is_in_kubectls_words(line, cluster):
    before = len(cluster.timeline)
    answer = kubectl.run(f"kubectl {line}", cluster, FILES)
    assert (answer.exit_code, answer.stdout, answer.stderr) == (1, "", ERRORS[line])
    assert len(cluster.timeline) == before


def test_a_selector_that_changed_is_refused_after_the_warning(cluster):
    answer = kubectl.run("apply -f other-selector.yaml", cluster, FILES)
    warning, error = answer.stderr.splitlines()
    assert warning.startswith("Warning: resource deployments/web is missing the kubectl")
    assert error.endswith(
        'spec.selector: Invalid value: {"matchLabels":{"app":"shop"}}: field is immutable'
    )


def test_a_field_that_there_is_not_is_refused_in_an_update_too(cluster):
    files = {"typo.yaml": MANIFEST.replace("replicas: 2", "replica: 3")}
    answer = kubectl.run("apply -f typo.yaml", cluster, files)
    assert answer.stderr.splitlines()[-1] == (
        'for: "typo.yaml": error when patching "typo.yaml": Deployment in version '
        '"v1" cannot be handled as a Deployment: strict decoding error: unknown field '
        '"spec.replica"'
    )


def test_nothing_to_get_is_told_and_no_error(cluster):
    answer = kubectl.run("get deploy", Cluster())
    assert answer == kubectl.Answer(0, "", "No resources found in default namespace.\n")
    assert kubectl.run("get deploy -n shop", cluster).stderr == (
        "No resources found in shop namespace.\n"
    )
    assert kubectl.run("get deploy -A", Cluster()).stderr == "No resources found\n"


def test_what_is_there_is_shown_beside_what_is_not(cluster):
    answer = kubectl.run("get deploy web nope", cluster)
    assert answer.stdout.splitlines()[1].startswith("web ")
    assert answer.stderr == 'Error from server (NotFound): deployments.apps "nope" not found\n'
    assert answer.exit_code == 1
    for output in ("", "-o yaml"):
        ignoring = kubectl.run(f"get deploy nope --ignore-not-found {output}", cluster)
        assert ignoring == kubectl.Answer(0)


def test_containers_that_are_there_are_set_beside_one_that_is_not(cluster):
    answer = kubectl.run("set image deploy/web nope=x nginx=nginx:2", cluster)
    assert answer.stdout == "deployment.apps/web image updated\n"
    assert answer.stderr == 'error: unable to find container named "nope"\n'
    assert cluster.deployment("web").spec.template.image == "nginx:2"


# --- commands that there are not -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "meant"),
    [("rolout undo", "rollout"), ("aply -f x", "apply"), ("ls pods", "get"), ("desc", "describe")],
)
def test_a_typo_is_told_what_may_have_been_meant(line, meant, cluster):
    answer = kubectl.run(f"kubectl {line}", cluster)
    typed = line.split()[0]
    head = f'error: unknown command "{typed}" for "kubectl"\n\nDid you mean this?\n'
    assert answer.stderr.startswith(head)
    assert f"\t{meant}\n" in answer.stderr
    assert answer.known == tuple(kubectl.COMMANDS)


def test_a_command_of_kubectl_that_is_not_here_lists_those_that_are(cluster):
    answer = kubectl.run("kubectl logs web-1", cluster)
    assert answer.stderr.startswith('error: rollviz has no "kubectl logs". It knows: annotate, ')
    assert all(name in answer.stderr for name in answer.known)
    answer = kubectl.run("kubectl set env deploy/web A=1", cluster)
    assert answer.stderr == 'error: rollviz has no "kubectl set env". It knows: set image\n'
    assert kubectl.run("rollout back deploy/web", cluster).known == tuple(
        name for name in kubectl.COMMANDS if name.startswith("rollout ")
    )


@pytest.mark.parametrize(
    "line",
    ["scale deploy/web --replicas=1", "rollout undo deploy/web", "apply -f web.yaml"],
)
def test_a_view_can_only_be_read(line, cluster):
    refused = "error: this is a view of what happened: only reading commands work here\n"
    assert kubectl.answer(line, View.of(cluster)) == kubectl.Answer(1, "", refused)


# --- whatever is typed ---------------------------------------------------------------------------

VOCABULARY = (
    "kubectl deploy/web deploy web pods po,rs all nginx=nginx:2 *=nginx:broken a=b a- =x -- - -o -f"
    " yaml name wide jsonpath={ jsonpath={.a} -l app=web !x -n default -A -w -h --watch=false"
    " --timeout=1s --revision=1 --to-revision=1 --replicas=3 --current-replicas=2 --dry-run"
    " --dry-run=client --record --all --sort-by={ --sort-by=.metadata.name web.yaml negative.yaml"
    " service.yaml deploy.spec.strategy /x x/ , . --wait=false --overwrite --no-headers"
)
WORDS = st.sampled_from(VOCABULARY.split()) | st.text(max_size=5)


@settings(deadline=None)
@given(st.sampled_from([*kubectl.COMMANDS, "rollout", ""]), st.lists(WORDS, max_size=5))
def test_any_command_line_gets_an_answer(verb, words):
    cluster = _rolled_out().fork()
    line = " ".join(["kubectl", verb, *words])
    answer = kubectl.run(line, cluster, FILES)
    assert answer.exit_code in ((0, 1, 2) if verb == "diff" else (0, 1))
    assert all(word for word in complete(line, View.of(cluster)))


@settings(deadline=None)
@given(st.sampled_from(["get", "describe", "rollout history", "explain"]), st.lists(WORDS))
def test_reading_changes_nothing(verb, words):
    cluster = _rolled_out()
    words = [word for word in words if not (word.startswith("-") and "w" in word)]
    before = (cluster.now, len(cluster.timeline))
    kubectl.run(" ".join([verb, *words]), cluster, FILES)
    assert (cluster.now, len(cluster.timeline)) == before


NULLS = {
    "field": ("  replicas: 2\n", "  replicas: 2\n  replica:\n", ""),
    "in a list": ('image: "nginx:1.27"', 'image: "nginx:1.27", env: [{name: A, valu: }]', ""),
    "label": ("matchLabels: {app: web}", "matchLabels: {app: }", EMPTY_SELECTOR),
    "item": ("name: nginx", "name: nginx, command: [~]", ""),
}


@pytest.mark.parametrize(("old", "new", "stderr"), NULLS.values(), ids=NULLS)
def test_apply_leaves_out_keys_without_a_value(old: str, new: str, stderr: str) -> None:
    files = {"web.yaml": MANIFEST.replace(old, new)}
    answer = kubectl.run("apply --dry-run=server -f web.yaml", Cluster(), files)
    assert (answer.exit_code, answer.stderr) == (1 if stderr else 0, stderr)


def test_create_sends_keys_without_a_value() -> None:
    files = {"web.yaml": MANIFEST.replace("  replicas: 2\n", "  replica:\n")}
    answer = kubectl.run("create -f web.yaml", Cluster(), files)
    assert answer.stderr.endswith('strict decoding error: unknown field "spec.replica"\n')


def test_what_comes_before_a_mistake_in_a_file_is_applied(cluster: Cluster) -> None:
    answer = kubectl.run("apply -f one-and-a-half.yaml", cluster, FILES)
    assert (answer.exit_code, answer.stdout) == (1, "deployment.apps/api created\n")
    assert answer.stderr == (
        "error: error parsing one-and-a-half.yaml: error converting YAML to JSON: yaml: line 1: "
        "did not find expected node content\n"
    )


FOO = "apiVersion: x/v1\nkind: Foo\nmetadata: {name: a}\n"
NO_FOO = (
    'resource mapping not found for name: "a" namespace: "" from "all.yaml": '
    'no matches for kind "Foo" in version "x/v1"\nensure CRDs are installed first\n'
)
NEGATIVE = (
    'Error from server (Invalid): error when creating "all.yaml": Deployment.apps "web" is '
    "invalid: spec.replicas: Invalid value: -2: must be greater than or equal to 0\n"
)
SEVERAL = {
    "unknown kind first": ("apply", [FOO, MANIFEST], f"error: {NO_FOO}"),
    "apply reads first": ("apply", [FOO, FILES["negative.yaml"]], NO_FOO + NEGATIVE),
    "create as it reads": ("create", [FOO, FILES["negative.yaml"]], NEGATIVE + NO_FOO),
    "wrong metadata first": (
        "apply",
        [MANIFEST.replace("name: web}", "name: 5}"), MANIFEST],
        'error: unable to decode "all.yaml": json: cannot unmarshal number into Go struct field '
        "ObjectMeta.metadata.name of type string\n",
    ),
    "no kind first": (
        "apply",
        ["a: b\n", MANIFEST],
        'error: error validating "all.yaml": error validating data: [apiVersion not set, kind not '
        "set]; if you choose to ignore these errors, turn validation off with --validate=false\n",
    ),
}


@pytest.mark.parametrize(("verb", "texts", "stderr"), SEVERAL.values(), ids=SEVERAL)
def test_kubectl_goes_on_after_some_mistakes(verb: str, texts: list[str], stderr: str) -> None:
    answer = kubectl.run(f"{verb} -f all.yaml", Cluster(), {"all.yaml": "---\n".join(texts)})
    created = texts[-1] == MANIFEST and "validating" not in stderr
    stdout = "deployment.apps/web created\n" if created else ""
    assert (answer.exit_code, answer.stdout, answer.stderr) == (1, stdout, stderr)


def test_an_annotation_without_a_value_is_empty() -> None:
    text = MANIFEST.replace("{name: web}", "{name: web, annotations: {a: , b: c}}")
    cluster = Cluster()
    kubectl.run("apply -f web.yaml", cluster, {"web.yaml": text})
    annotations = cluster.deployment("web").metadata.annotations
    assert (annotations["a"], annotations["b"]) == ("", "c")
