"""Deployment manifests: read, checked in the API server's words, and defaulted.

The whole way, from a file to a Deployment:

>>> web = deployment('''
... apiVersion: apps/v1
... kind: Deployment
... metadata: {name: web}
... spec:
...   selector: {matchLabels: {app: web}}
...   template:
...     metadata: {labels: {app: web}}
...     spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
... ''')
>>> web.name, web.spec.replicas, web.spec.strategy.max_surge
('web', 1, '25%')

and its parts: :func:`read` does what kubectl does with a file, :func:`check` what the API
server does with what it is sent, :func:`defaulted` what it stores. What is refused raises
:class:`ManifestError`, which knows the API server's answer and kubectl's words.
"""

from __future__ import annotations

import json as jsonlib
import re
import zlib
from difflib import get_close_matches
from typing import Any

from rollviz.manifest import deployments
from rollviz.manifest.decoding import DecodingError, decode
from rollviz.manifest.defaults import encoded, with_defaults
from rollviz.manifest.errors import Cause, ManifestError, quote
from rollviz.manifest.reading import (
    NO_SUCH_FILE,
    NOTHING_IN_IT,
    OTHER_KINDS,
    TYPE_META,
    Document,
    Source,
    documents,
    expected,
    file_name,
    not_asked_for,
    only_deployment,
    parse,
)
from rollviz.manifest.types import structs
from rollviz.manifest.warning_rules import deployment_warnings
from rollviz.objects import Deployment, Json

__all__ = [
    "NOTHING_IN_IT",
    "NO_SUCH_FILE",
    "Cause",
    "Document",
    "ManifestError",
    "Source",
    "check",
    "check_update",
    "checked",
    "defaulted",
    "deployment",
    "documents",
    "not_asked_for",
    "parse",
    "read",
    "warnings",
]

_SERVED = ("apps/v1", "Deployment")
_OLD_VERSIONS = {"extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"}
_SCHEME = "pkg/api/legacyscheme/scheme.go:30"
_OWN_FIELDS = {
    *("uid", "resourceVersion", "selfLink", "managedFields", "creationTimestamp"),
    *("deletionTimestamp", "deletionGracePeriodSeconds", "generation"),
}
_NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def read(source: Source, *, name: str = "deployment.yaml") -> Json:
    """One Deployment manifest as kubectl sends it: nothing checked but its kind and metadata.

    Args:
        source: a path, YAML text, or JSON that was parsed already. Documents of other kinds (a
            Service, say) may stand beside the Deployment, and are left out.
        name: what errors call the file where ``source`` is not a path.

    Raises:
        ManifestError: there is no such file, it is not YAML, it is empty, it has no Deployment
            or several, or kubectl refuses it before it asks the API server.

    >>> read({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 3.0}})["spec"]
    {'replicas': 3}
    """
    try:
        return only_deployment(documents(source, name=name))
    except ManifestError as error:
        error.file = file_name(source, name)
        raise


def check(json: Json) -> None:
    """Refuse what the API server refuses, in its words: ``POST`` with ``fieldValidation=Strict``.

    Raises:
        ManifestError: code 400 for JSON that does not fit the types of a Deployment, 422 with
            all ``causes`` for one that does and is not valid.

    >>> check({"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": "3"}})
    Traceback (most recent call last):
    rollviz.manifest.errors.ManifestError: Deployment in version "v1" cannot be handled as a \
Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of \
type int32
    """
    try:
        accepted = _accepted(json)
        causes = tuple(deployments.deployment(accepted))
        if causes:
            raise ManifestError.invalid(_name(accepted), causes)
    except ManifestError as error:
        error.not_asked_for = not_asked_for(json)
        raise


def check_update(old: Json, new: Json) -> None:
    """Refuse ``new`` in the place of ``old`` as the API server does: ``PUT``.

    Beside what :func:`check` refuses, the name, the namespace and the selector can't change.

    Raises:
        ManifestError: as :func:`check`.
    """
    causes = tuple(deployments.deployment_update(_accepted(new), _accepted(old)))
    if causes:
        raise ManifestError.invalid(_name(new), causes)


def defaulted(json: Json) -> Json:
    """The manifest with every default, as the API server stores it; without ``status``.

    ``json`` is one that :func:`check` accepts. What only the server sets (``uid`` and the like)
    is left out; a name is made of ``generateName`` where there is none.

    >>> spec = {"selector": {"matchLabels": {"app": "web"}}}
    >>> defaulted({"metadata": {"name": "web"}, "spec": spec})["spec"]["progressDeadlineSeconds"]
    600
    """
    stored = {**_accepted(json), "apiVersion": "apps/v1", "kind": "Deployment"}
    metadata = {k: v for k, v in stored["metadata"].items() if k not in _OWN_FIELDS}
    stored = encoded({**stored, "metadata": metadata}, "Deployment")
    return {key: stored[key] for key in ("apiVersion", "kind", "metadata", "spec")}


def deployment(source: Source, *, name: str = "deployment.yaml") -> Deployment:
    """The Deployment in a manifest, checked and with its defaults, not created yet.

    ``metadata.uid`` is "" and ``metadata.generation`` 1.

    Raises:
        ManifestError: as :func:`read` and :func:`check`.
    """
    return Deployment.from_api(defaulted(checked(source, name=name)))


def checked(source: Source, *, name: str = "deployment.yaml") -> Json:
    """As :func:`read`, of a manifest that the API server accepts.

    Raises:
        ManifestError: as :func:`read` and :func:`check`.
    """
    try:
        json = read(source, name=name)
        check(json)
    except ManifestError as error:
        error.file = file_name(source, name)
        raise
    return json


def warnings(json: Json) -> list[str]:
    """What the API server warns of and accepts all the same; ``json`` as for :func:`defaulted`.

    >>> warnings({"metadata": {"name": "web.a"}, "spec": {"selector": {}}})[0][:48]
    'metadata.name: this is used in Pod names and hos'
    """
    return list(deployment_warnings(_accepted(json)))


def _accepted(json: Json) -> Json:
    """The manifest decoded, with its defaults, and with a name where one is to be generated.

    Raises:
        ManifestError: it can't be decoded (400).
    """
    _check_kind(json)
    try:
        decoded = decode(json, "Deployment")
    except DecodingError as error:
        raise _bad_request(json, str(error), error.field, expected(error)) from None
    if decoded.unknown:
        listed = ", ".join(f"unknown field {quote(path)}" for path in decoded.unknown)
        field = decoded.unknown[0]
        raise _bad_request(json, f"strict decoding error: {listed}", field, _spelling(field))
    whole = with_defaults({"spec": {}, "metadata": {}, **decoded.json}, "Deployment")
    metadata = {**whole["metadata"]}
    metadata["namespace"] = metadata.get("namespace") or "default"
    if (prefix := metadata.get("generateName")) and not metadata.get("name"):
        metadata["name"] = _generated(json, prefix)
    return {**whole, "metadata": metadata}


def _check_kind(json: Json) -> None:
    """The API server takes a missing kind or version for a Deployment of ``apps/v1``."""
    _check_type_meta(json)
    version, kind = json.get("apiVersion") or _SERVED[0], json.get("kind") or _SERVED[1]
    if (version, kind) == _SERVED:
        return
    if kind in OTHER_KINDS.get(version, ()) or (version in _OLD_VERSIONS and kind == "Deployment"):
        words = f"the API version in the data ({version}) does not match the expected API version"
        message = f"{words} ({_SERVED[0]})"
        raise ManifestError(message, name=_name(json), field="apiVersion", fix=TYPE_META)
    words = (
        f'no kind {quote(kind)} is registered for version {quote(version)} in scheme "{_SCHEME}"'
    )
    field = "kind" if version == _SERVED[0] else "apiVersion"
    raise _bad_request(json, words, field, TYPE_META)


def _check_type_meta(json: Json) -> None:
    """``meta.Interpret``: the version and the kind are text, the version with one slash at most."""
    words = field = ""
    try:
        decode({k: json[k] for k in ("apiVersion", "kind") if k in json}, "")
    except DecodingError as error:
        words, field = f"couldn't get version/kind; json parse error: {error}", error.field
    if not words and (json.get("apiVersion") or "").count("/") > 1:
        words, field = f"unexpected GroupVersion string: {json['apiVersion']}", "apiVersion"
    if words:
        body = jsonlib.dumps(json, separators=(",", ":"), default=str)
        about = f"the object provided is unrecognized (must be of type Deployment): {words}"
        message = f"{about} ({body[:30]} ...)"
        raise ManifestError(message, name=_name(json), field=field, fix=TYPE_META)


def _bad_request(json: Json, words: str, field: str, fix: str) -> ManifestError:
    kind, version = json.get("kind") or "Deployment", json.get("apiVersion") or "v1"
    short = quote(version.rpartition("/")[2])
    about = f"{kind} in version {short} cannot be handled as a Deployment"
    return ManifestError(f"{about}: {words}", name=_name(json), field=field, fix=fix)


def _name(json: Json) -> str:
    metadata = json.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else ""


def _spelling(path: str) -> str:
    """The field that was perhaps meant."""
    *parents, name = re.sub(r"\[\d+\]", "", path).split(".")
    fields = _fields_at(parents)
    near = get_close_matches(name, fields, n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else "take it out, or check where it is indented"


def _fields_at(parents: list[str]) -> list[str]:
    """The JSON fields of the struct that a path leads to; none where a name has a dot in it."""
    fields = structs()["Deployment"]
    for name in parents:
        if name not in fields:
            return []
        fields = structs().get(fields[name].type.removeprefix("[]"), {})
    return list(fields)


def _generated(json: Any, prefix: str) -> str:
    """A name of ``generateName`` and five letters, as the API server makes it up; ours repeats."""
    number = zlib.crc32(jsonlib.dumps(json, sort_keys=True).encode())
    letters = []
    for _ in range(5):
        number, letter = divmod(number, len(_NAME_LETTERS))
        letters.append(_NAME_LETTERS[letter])
    return prefix[:58] + "".join(letters)
