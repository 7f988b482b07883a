"""Manifests: what kubectl and the API server say to them, word for word.

Three sets of answers are held against ours: a recorded API server's and kubectl's
(``manifests.json``), those of Kubernetes' own validation code to hundreds of small changes of
one manifest (``refusals.json``), and kubectl's to files written in all kinds of ways
(``yaml.json``).
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rollviz import kubectl, manifest
from rollviz.manifest import ManifestError
from rollviz.manifest.quantity import Quantity
from rollviz.manifest.types import structs
from rollviz.objects import Json
from rollviz.simulator import Cluster

DATA = Path(__file__).parent / "data"
RECORDED = json.loads((DATA / "manifests.json").read_text())["manifests"]
REFUSALS = json.loads((DATA / "refusals.json").read_text())
FILES = json.loads((DATA / "yaml.json").read_text())["rows"]
GOOD: Json = REFUSALS["manifest"]


def changed(json: Any, changes: list[Any]) -> Any:
    """A copy with ``[path, value]`` set, and what is at ``[path]`` taken out."""
    whole = {"": copy.deepcopy(json)}
    for change in changes:
        path: list[Any] = ["", *change[0]]
        value, last = change[1:], path.pop()
        inside: Any = whole
        for step in path:
            inside = inside[step]
        if value:
            inside[last] = copy.deepcopy(value[0])
        else:
            del inside[last]
    return whole[""]


def good(**spec: Any) -> Json:
    """A manifest that is accepted, with other fields in its spec."""
    return {**GOOD, "spec": {**GOOD["spec"], **spec}}


def refusal(json: Json) -> ManifestError | None:
    try:
        manifest.check(json)
    except ManifestError as error:
        return error
    return None


def kubectl_apply(source: manifest.Source) -> str:
    """What ``kubectl apply --dry-run=server`` prints to stderr."""
    try:
        json = manifest.read(source)
        manifest.check(json)
    except ManifestError as error:
        return error.kubectl("apply") + "\n"
    return "".join(f"Warning: {warning}\n" for warning in manifest.warnings(json))


# --- held against a cluster ---------------------------------------------------------------------


@pytest.mark.parametrize("case", RECORDED)
def test_the_api_answers_as_recorded(case: str) -> None:
    recorded = RECORDED[case]["api"]
    error = refusal(RECORDED[case]["manifest"])
    if recorded["code"] == 201:
        assert error is None
        spec = manifest.defaulted(RECORDED[case]["manifest"])["spec"]
        assert {"code": 201, **{k: spec[k] for k in recorded if k != "code"}} == recorded
    else:
        assert error
        status = error.status()
        assert {key: status[key] for key in recorded} == recorded
        assert status.keys() - recorded.keys() == {"kind", "apiVersion", "metadata", "status"}


@pytest.mark.parametrize("case", RECORDED)
def test_kubectl_prints_as_recorded(case: str) -> None:
    recorded = RECORDED[case]["kubectl"]
    stderr = kubectl_apply(RECORDED[case]["manifest"])
    assert stderr == recorded["stderr"]
    assert bool(stderr) == bool(recorded["exit_code"])


@pytest.mark.parametrize("row", [pytest.param(r, id=r["id"][:60]) for r in REFUSALS["rows"]])
def test_kubernetes_own_validation_says_the_same(row: Json) -> None:
    json = changed(GOOD, row["set"])
    error = refusal(json)
    if row["code"] == 201:
        assert error is None
        assert manifest.defaulted(json)["spec"] == changed(REFUSALS["stored"], row["stored"])
        assert manifest.warnings(json) == row.get("warnings", [])
    else:
        assert error
        assert error.code == row["code"]
        assert [[cause.field, cause.message] for cause in error.causes] == row.get("causes", [])
        assert "message" not in row or error.message == row["message"]


@pytest.mark.parametrize("row", [pytest.param(row, id=row["id"]) for row in FILES])
def test_files_are_read_as_kubectl_reads_them(row: Json, tmp_path: Path) -> None:
    file = tmp_path / "deployment.yaml"
    file.write_text(row["yaml"], encoding="utf-8", newline="")
    assert kubectl_apply(file).replace(str(file), "deployment.yaml") == row["stderr"]


def test_what_is_stored_is_what_a_watch_delivers() -> None:
    recorded = json.loads((DATA / "commands.json").read_text())
    shown = next(r for r in recorded["commands"] if r["run"] == "kubectl get deploy web -o yaml")
    stored = manifest.defaulted(recorded["deployment.yaml"])
    assert stored["spec"] == manifest.read(shown["stdout"])["spec"]


# --- reading ------------------------------------------------------------------------------------


def test_yaml_text_a_path_and_parsed_json_are_the_same(tmp_path: Path) -> None:
    file = tmp_path / "web.yaml"
    file.write_text(json.dumps(GOOD))
    assert manifest.read(GOOD) == manifest.read(json.dumps(GOOD)) == manifest.read(file)
    assert manifest.read(str(file)) == manifest.read(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nope.yaml", "nope.yaml: no such file: check the name"),
        ("", "web.yaml: the file is empty: write a Deployment into it"),
        ("---\n# nothing\n", "web.yaml: the file is empty: write a Deployment into it"),
        (
            "a: [1\nb: 2",
            "web.yaml: line 2: not YAML: did not find expected ',' or ']': correct the YAML there",
        ),
        (
            "a: &a [*a]\n",
            "web.yaml: not YAML: anchor 'a' value contains itself: correct the YAML there",
        ),
        ("a: " + 2000 * "[" + 2000 * "]", "web.yaml: nested too deeply: write it out"),
        (
            "a: .inf\n",
            "web.yaml: not YAML: json: unsupported value: +Inf: correct the YAML there",
        ),
        (
            "- a\n",
            "web.yaml: invalid object to validate: "
            "a manifest is a mapping with apiVersion, kind, metadata, spec",
        ),
        (
            "kind: Deployment\n",
            "web.yaml: apiVersion: apiVersion not set: "
            'write "apiVersion: apps/v1" and "kind: Deployment"',
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n",
            "web.yaml: kind: there is no Deployment in it, only service/web: "
            "add the Deployment to run",
        ),
    ],
    ids=[
        "missing",
        "empty",
        "comments",
        "syntax",
        "circle",
        "deep",
        "infinite",
        "list",
        "version",
        "kind",
    ],
)
def test_what_cannot_be_read_is_one_line_with_file_and_fix(text: str, words: str) -> None:
    with pytest.raises(ManifestError) as caught:
        manifest.read(text, name="web.yaml")
    assert str(caught.value) == words


LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LAUGHS, "document contains excessive aliasing"),
        ("a: &x\n  b: *x\n", "anchor 'x' value contains itself"),
        ("a: &x 1\nb: *y\n", "unknown anchor 'y' referenced"),
        ("a: !!int abc\n", "cannot decode !!str `abc` as a !!int"),
        ("a: !!int 3.5\n", "cannot decode !!float `3.5` as a !!int"),
        ("a: !!float abc\n", "cannot decode !!str `abc` as a !!float"),
        ("a: !!bool 3\n", "cannot decode !!int `3` as a !!bool"),
        ("a: !!null abc\n", "cannot decode !!str `abc` as a !!null"),
        ("<<: 3\n", "map merge requires map or sequence of maps as the value"),
        ("a: \x01\n", "control characters are not allowed"),
        ("%YAML 1.2\n---\na: b\n", "found incompatible YAML document"),
        (f"{json.dumps(GOOD)}\n---\nc: [\n", "line 1: did not find expected node content"),
        (
            "a: {{ .Values.replicas }}\n",
            'invalid map key: map[interface {}]interface {}{".Values.replicas":interface {}(nil)}',
        ),
        ("{[a, 1, true]: b}\n", 'invalid map key: []interface {}{"a", 1, true}'),
    ],
    ids=lambda text: text[:20] if len(text) < 60 else "laughs",
)
def test_what_go_yaml_refuses_is_refused_in_its_words(text: str, words: str) -> None:
    with pytest.raises(ManifestError) as caught:
        manifest.documents(text)
    assert caught.value.kubectl("create", "web.yaml") == (
        f"error: error parsing web.yaml: error converting YAML to JSON: yaml: {words}"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: .inf\n", "error converting YAML to JSON: json: unsupported value: +Inf"),
        (
            "~: b\n",
            "error converting YAML to JSON: unsupported map key of type: %!s(<nil>), "
            'key: <nil>, value: "b"',
        ),
        ("a: b\n---c\n", "invalid Yaml document separator: c"),
        ("a: b\n--- {}\n", "invalid Yaml document separator: {}"),
    ],
    ids=["infinite", "null key", "text after the separator", "value after the separator"],
)
def test_what_kubectl_refuses_beside_yaml_is_refused_in_its_words(text: str, words: str) -> None:
    with pytest.raises(ManifestError) as caught:
        manifest.documents(text)
    assert caught.value.kubectl("create", "web.yaml") == f"error: error parsing web.yaml: {words}"


def test_a_line_is_that_of_the_file_for_a_person() -> None:
    with pytest.raises(ManifestError, match=r"^web\.yaml: line 3: not YAML"):
        manifest.documents(f"{json.dumps(GOOD)}\n---\nc: @\n", name="web.yaml")
    (_, document) = manifest.parse("a: b\n--- # the second\nc: d\nc: e\n")
    assert document.warnings == ('line 4: "c" is there twice, and the last one counts',)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("18446744073709551615", 18446744073709551615),
        ("99999999999999999999", 100000000000000000000),
        ("-9223372036854775809", -9223372036854775808),
        ("1e400", "1e400"),
    ],
)
def test_a_number_that_go_has_no_integer_for_is_a_float(text: str, number: Any) -> None:
    assert manifest.parse(f"a: {text}\n")[0].json == {"a": number}


METADATA = {
    "no name": ({}, '"", Namespace: "default"', "resource name may not be empty"),
    "slash": (
        {"name": "a/b%"},
        '"a/b%", Namespace: "default"',
        "invalid resource name \"a/b%\": [may not contain '/' may not contain '%']",
    ),
    "dots": (
        {"name": "..", "namespace": "shop"},
        '"..", Namespace: "shop"',
        "invalid resource name \"..\": [may not be '..']",
    ),
    "namespace": (
        {"name": "a/b", "namespace": "c/d"},
        '"a/b", Namespace: "c/d"',
        "invalid namespace \"c/d\": [may not contain '/']",
    ),
}


@pytest.mark.parametrize(("metadata", "named", "words"), METADATA.values(), ids=METADATA)
def test_apply_fails_where_it_cannot_ask_for_the_name(
    metadata: Json, named: str, words: str
) -> None:
    error = refusal({**GOOD, "metadata": metadata})
    assert error
    assert error.kubectl("apply") == (
        "error: error when retrieving current configuration of:\n"
        'Resource: "apps/v1, Resource=deployments", GroupVersionKind: "apps/v1, Kind=Deployment"\n'
        f"Name: {named}\n"
        f'from server for: "deployment.yaml": {words}'
    )
    assert error.kubectl("create").startswith("The Deployment")


def test_apply_takes_no_generated_name() -> None:
    accepted = {**GOOD, "metadata": {"generateName": "web-"}}
    manifest.check(accepted)
    words = "from web-: cannot use generate name with apply"
    assert manifest.not_asked_for(accepted) == words
    answer = kubectl.run("apply -f web.json", Cluster(), {"web.json": json.dumps(accepted)})
    assert (answer.exit_code, answer.stderr) == (1, f"error: {words}\n")


def test_a_kind_in_small_letters_is_refused_by_the_server() -> None:
    assert kubectl_apply({**GOOD, "kind": "deployment"}) == (
        'Error from server (BadRequest): error when creating "deployment.yaml": '
        'deployment in version "v1" cannot be handled as a Deployment: no kind "deployment" is '
        'registered for version "apps/v1" in scheme "pkg/api/legacyscheme/scheme.go:30"\n'
    )
    assert "no matches for kind" in kubectl_apply({**GOOD, "kind": "DEPLOYMENT"})


def test_an_empty_kind_is_missing() -> None:
    assert kubectl_apply({"apiVersion": "apps/v1", "kind": ""}) == (
        "error: unable to decode \"deployment.yaml\": Object 'Kind' is missing in "
        '\'{"apiVersion":"apps/v1","kind":""}\'\n'
    )


def test_a_tag_says_nothing_about_a_list_or_a_mapping() -> None:
    text = "a: !!int {b: c}\nb: !!bool [1]\nc: !!float 3\n"
    assert manifest.parse(text)[0].json == {"a": {"b": "c"}, "b": [1], "c": 3}


def test_a_list_is_what_is_in_it() -> None:
    whole = {"apiVersion": "v1", "kind": "List", "items": [GOOD, GOOD]}
    assert [found.json for found in manifest.documents(whole)] == [
        found.json for found in manifest.documents(GOOD) * 2
    ]


def test_other_kinds_may_stand_beside_the_deployment() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    text = f"{json.dumps(service)}\n---\n{json.dumps(GOOD)}\n"
    assert manifest.read(text) == manifest.read(GOOD)


def test_several_deployments_are_named() -> None:
    other = changed(GOOD, [[["metadata", "name"], "api"]])
    with pytest.raises(ManifestError) as caught:
        manifest.read(f"{json.dumps(GOOD)}\n---\n{json.dumps(other)}\n")
    words = "2 Deployments where one is wanted (deployment/web, deployment/api)"
    assert str(caught.value) == f"deployment.yaml: {words}: give each a file of its own"


def test_a_key_that_is_there_twice_counts_once_and_is_told() -> None:
    (document,) = manifest.documents("apiVersion: apps/v1\nkind: Deployment\nkind: Deployment\n")
    assert document.warnings == ('line 3: "kind" is there twice, and the last one counts',)


def test_a_deployment_is_checked_and_has_its_defaults() -> None:
    web = manifest.deployment(json.dumps(GOOD))
    assert (web.name, web.metadata.namespace, web.metadata.uid) == ("web", "default", "")
    assert (web.metadata.generation, web.spec.progress_deadline_seconds) == (1, 600)
    with pytest.raises(ManifestError, match=r"^deployment\.yaml: spec\.replicas: Invalid value"):
        manifest.deployment(good(replicas=-1))


# --- words for people ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "ending"),
    [
        ({"replcas": 3}, 'unknown field "spec.replcas": did you mean "replicas"?'),
        ({"zzz": 3}, 'unknown field "spec.zzz": take it out, or check where it is indented'),
        ({"replicas": "3"}, "write a whole number that fits into 32 bits, without quotes"),
        ({"paused": "no"}, "write true or false, without quotes"),
        ({"template": []}, "write a mapping (key: value)"),
        ({"selector": None}, "`selector` does not match template `labels`"),
    ],
    ids=["misspelt", "unknown", "number", "bool", "mapping", "selector"],
)
def test_a_refusal_says_what_to_do(spec: Json, ending: str) -> None:
    error = refusal(good(**spec))
    assert error
    assert error.lines()[-1].endswith(ending)


def test_every_cause_is_a_line() -> None:
    error = refusal(good(replicas=-1, selector=None))
    assert error
    assert [line.partition(": ")[0] for line in error.lines()] == [
        "spec.replicas",
        "spec.selector",
        "spec.template.metadata.labels",
    ]


# --- updates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([[["spec", "replicas"], 5]], None),
        ([[["spec", "selector", "matchExpressions"], []]], None),
        (
            [
                [["spec", "selector", "matchLabels", "a"], "1"],
                [["spec", "template", "metadata", "labels", "a"], "1"],
            ],
            'spec.selector: Invalid value: {"matchLabels":{"a":"1","app":"web"}}: '
            "field is immutable",
        ),
        (
            [[["metadata", "name"], "api"]],
            'metadata.name: Invalid value: "api": field is immutable',
        ),
        (
            [[["spec", "replicas"], -1]],
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
        ),
    ],
    ids=["replicas", "empty", "selector", "name", "invalid"],
)
def test_an_update_may_not_change_what_a_deployment_is(changes: Any, words: str | None) -> None:
    new = changed(GOOD, changes)
    if words is None:
        manifest.check_update(GOOD, new)
        return
    with pytest.raises(ManifestError) as caught:
        manifest.check_update(GOOD, new)
    assert [str(cause) for cause in caught.value.causes] == [words]


# --- quantities ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        *[
            ("0", "0"),
            ("1", "1"),
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1500m", "1500m"),
            (".5", "500m"),
        ],
        *[
            ("1024", "1024"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("0.5Ki", "512"),
            ("1e3", "1e3"),
        ],
        *[
            ("1000k", "1M"),
            ("-2", "-2"),
            ("1E", "1E"),
            ("100E6", "100e6"),
            ("1n", "1n"),
            ("0.1n", "1n"),
        ],
    ],
)
def test_a_quantity_has_one_canonical_form(text: str, canonical: str) -> None:
    assert str(Quantity.parse(text)) == canonical


@given(st.fractions(0, 10**15, max_denominator=10**9), st.sampled_from(["DecimalSI", "BinarySI"]))
def test_a_quantity_written_and_read_is_the_same(value: Any, style: str) -> None:
    rounded = Quantity(value, style).rounded_up(10**9)
    assert Quantity.parse(str(rounded)).value == rounded.value


# --- whatever comes -----------------------------------------------------------------------------


def every_path(json: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in it, its own included."""
    if isinstance(json, dict):
        inside: Any = json.items()
    else:
        inside = enumerate(json) if isinstance(json, list) else ()
    return [path, *(deeper for k, v in inside for deeper in every_path(v, (*path, k)))]


RICH = manifest.defaulted(
    changed(
        GOOD,
        [
            [["metadata", "labels"], {"app": "web"}],
            [["spec", "selector", "matchExpressions"], [{"key": "app", "operator": "Exists"}]],
            [["spec", "template", "spec", "volumes"], [{"name": "v", "configMap": {"name": "c"}}]],
            [
                ["spec", "template", "spec", "containers", 0],
                {
                    "name": "nginx",
                    "image": "nginx:1.27",
                    "ports": [{"containerPort": 80, "name": "http"}],
                    "env": [
                        {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
                    ],
                    "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "500m"}},
                    "volumeMounts": [{"name": "v", "mountPath": "/v"}],
                    "readinessProbe": {"httpGet": {"port": 80}},
                    "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
                },
            ],
        ],
    )
)
FIELDS = sorted({name for fields in structs().values() for name in fields})
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["web", "25%", "-1", "500m", "Always", "a b", "x" * 300])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=6,
)


@given(st.lists(st.tuples(st.sampled_from(every_path(RICH)), JSON), min_size=1, max_size=3))
def test_any_manifest_is_accepted_or_refused(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    json = copy.deepcopy(RICH)
    for path, value in changes:
        try:
            json = changed(json, [[list(path), value]])
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    try:
        deployment = manifest.deployment(json) if isinstance(json, dict) else None
    except ManifestError as error:
        assert error.lines()
        assert error.kubectl()
        return
    if deployment:
        again = manifest.defaulted(deployment.to_api())
        assert again["spec"] == manifest.defaulted(manifest.read(json))["spec"]


@given(JSON)
@example({"spec": {"no.such": {}}})
def test_any_json_is_answered(json: Any) -> None:
    try:
        manifest.check(json if isinstance(json, dict) else {"spec": json})
    except ManifestError as error:
        assert error.status()["message"] == error.message


@pytest.mark.parametrize(
    ("field", "words"),
    [('replic"as', r'"spec.replic\"as"'), ("minReadySeconds.x", '"spec.minReadySeconds.x"')],
    ids=["quoted", "below a number"],
)
def test_an_unknown_field_is_named_as_go_quotes_it(field: str, words: str) -> None:
    error = refusal(good(**{field: 1}))
    assert error
    assert error.message.endswith(f"strict decoding error: unknown field {words}")


def test_only_the_first_document_before_a_separator_counts() -> None:
    assert kubectl_apply(" apiVersion: apps/v1\nkind: Deployment\n") == (
        'error: error validating "deployment.yaml": error validating data: kind not set; '
        "if you choose to ignore these errors, turn validation off with --validate=false\n"
    )


def test_a_kind_is_named_as_go_quotes_it() -> None:
    stderr = kubectl_apply({**GOOD, "kind": "Deploy\\ment"})
    assert r'no matches for kind "Deploy\\ment" in version "apps/v1"' in stderr


@given(st.text(max_size=60))
@example("_")
@example("-0x_")
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(ManifestError):
        manifest.deployment(text + "\n")
