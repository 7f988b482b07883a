"""Files and YAML text into plain JSON, and what kubectl refuses before it asks the API server."""

from __future__ import annotations

import json as jsonlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from rollviz.manifest.decoding import DecodingError, decode, plain
from rollviz.manifest.errors import ManifestError, quote
from rollviz.manifest.formats import path_segment
from rollviz.manifest.goyaml import Loader, NotJson
from rollviz.objects import Json

Source = str | Path | Json
"""A manifest: a path, YAML text, or JSON that was parsed already."""

OTHER_KINDS = {
    "v1": [
        *("ConfigMap", "Endpoints", "LimitRange", "List", "Namespace", "PersistentVolume"),
        *("PersistentVolumeClaim", "Pod", "ReplicationController", "ResourceQuota", "Secret"),
        *("Service", "ServiceAccount"),
    ],
    "apps/v1": ["ControllerRevision", "DaemonSet", "ReplicaSet", "StatefulSet"],
    "autoscaling/v1": ["HorizontalPodAutoscaler"],
    "autoscaling/v2": ["HorizontalPodAutoscaler"],
    "batch/v1": ["CronJob", "Job"],
    "networking.k8s.io/v1": ["Ingress", "IngressClass", "NetworkPolicy"],
    "policy/v1": ["PodDisruptionBudget"],
    "rbac.authorization.k8s.io/v1": ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
    "scheduling.k8s.io/v1": ["PriorityClass"],
}
"""Kinds that a cluster has and rollviz does not look into, by API version."""

_LIST = ("v1", "List")

_DEPLOYMENT = {("apps/v1", "Deployment"), ("apps/v1", "deployment")}
"""What kubectl takes for a Deployment: it finds a kind in small letters too, and the API server
does not."""

TYPE_META = 'write "apiVersion: apps/v1" and "kind: Deployment"'
"""What to do about a wrong kind."""

NO_SUCH_FILE, NOTHING_IN_IT = "no such file", "the file is empty"

_VALIDATION_OFF = "if you choose to ignore these errors, turn validation off with --validate=false"


class Document(NamedTuple):
    """One YAML document: its JSON, and what is odd about how it is written, a line each."""

    json: Json
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """``kind/name``, as kubectl lists it."""
        return f"{self.json['kind'].lower()}/{(self.json.get('metadata') or {}).get('name', '')}"

    @property
    def is_deployment(self) -> bool:
        """Whether it is what rollviz can run."""
        return (self.json["apiVersion"], self.json["kind"]) in _DEPLOYMENT

    def items(self) -> list[Document]:
        """Itself, or what a List holds."""
        json = self.json
        is_list = isinstance(json, dict) and (json.get("apiVersion"), json.get("kind")) == _LIST
        if not is_list or not isinstance(json.get("items"), list):
            return [self]
        return [found for item in json["items"] for found in Document(item).items()]

    def checked(self) -> Document:
        """The same with ``metadata``, which kubectl writes the namespace into.

        Raises:
            ManifestError: it is nothing that kubectl would send to the API server.
        """
        _check_client(self.json)
        return self._replace(json={**self.json, "metadata": self.json.get("metadata") or {}})


def parse(source: Source) -> list[Document]:
    """Every document in a manifest that is not empty, unchecked.

    Raises:
        ManifestError: there is no such file, it is not YAML, or nothing is in it.
    """
    return list(_parsed(source))


def _parsed(source: Source) -> Iterator[Document]:
    """As :func:`parse`, one by one: what comes before a mistake is there."""
    empty = True
    try:
        for document in _documents(source):
            empty = False
            yield document
    except RecursionError:
        words = "nested too deeply"
        raise ManifestError.refused(words, words, fix="write it out") from None
    if empty:
        words, fix = NOTHING_IN_IT, "write a Deployment into it"
        raise ManifestError.refused(words, "no objects passed to {verb}", fix=fix)


def _documents(source: Source) -> Iterator[Document]:
    if isinstance(source, dict):
        return iter([Document(plain(source))])
    path = _path(source)
    return _parse(_read(path) if path else str(source))


def documents(source: Source, *, name: str = "deployment.yaml") -> list[Document]:
    """Every object in a manifest, each with an ``apiVersion`` and a ``kind`` that clusters have.

    ``name`` is the file that errors name where ``source`` is not a path.

    Raises:
        ManifestError: as :func:`parse`, or kubectl refuses one of the objects by itself.
    """
    found: list[Document] = []
    errors: list[ManifestError] = []
    try:
        for item in (item for document in _parsed(source) for item in document.items()):
            _check_type_meta(item.json)
            try:
                found.append(item.checked())
            except ManifestError as error:  # after which kubectl reads on
                errors.append(error)
    except ManifestError as error:
        errors.append(error)
    if errors:
        first, *others = errors
        first.file, first.beside, first.others = file_name(source, name), found, others
        raise first
    return found


def only_deployment(found: list[Document]) -> Json:
    """The one Deployment among the documents; the others may be of any other kind.

    Raises:
        ManifestError: there is none, or there are several.
    """
    deployments = [document for document in found if document.is_deployment]
    names = ", ".join(document.name for document in deployments or found)
    if len(deployments) > 1:
        words = f"{len(deployments)} Deployments where one is wanted ({names})"
        raise ManifestError.refused(words, words, fix="give each a file of its own")
    if not deployments:
        words = f"there is no Deployment in it, only {names}"
        raise ManifestError.refused(words, words, field="kind", fix="add the Deployment to run")
    return deployments[0].json


def file_name(source: Source, name: str = "deployment.yaml") -> str:
    """What errors call the source: its path, or ``name``."""
    path = None if isinstance(source, dict) else _path(source)
    return str(path) if path else name


def _path(source: str | Path) -> Path | None:
    """Text of one line without a colon or bracket can only be a path."""
    if isinstance(source, Path):
        return source
    return None if not source.strip() or re.search(r"[\n{\[]|:\s|:$", source) else Path(source)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        client = f'the path "{path}" does not exist'
        raise ManifestError.refused(NO_SUCH_FILE, client, fix="check the name") from None
    except IsADirectoryError:
        words = "a directory, not a file"
        raise ManifestError.refused(words, words, fix="name the files in it") from None
    except UnicodeDecodeError as error:
        words = f"not text in UTF-8 (byte {error.start})"
        raise ManifestError.refused(words, words, fix="save it as UTF-8") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        words = (getattr(error, "strerror", None) or str(error)).lower()
        raise ManifestError.refused(words, words, fix="make it readable") from None


def _parse(text: str) -> Iterator[Document]:
    found = (_parse_one(chunk, first) for first, chunk in _chunks(text))
    return (document for document in found if document)


def _chunks(text: str) -> Iterator[tuple[int, str]]:
    """The documents of a file and the line each begins with: kubectl cuts before it parses."""
    first, lines = 0, list[str]()
    for number, line in enumerate(text.split("\n")):
        if not line.startswith("---"):
            lines.append(line)
            continue
        if (rest := line[3:].strip()) and rest[0] != "#":
            raise _no_separator(number, rest)
        if lines:
            yield first, "\n".join(lines) + "\n"
        # before any other line, it belongs to the document
        first, lines = (number + 1, []) if lines else (number, [line])
    yield first, "\n".join(lines)


def _no_separator(line: int, rest: str) -> ManifestError:
    words = f"line {line + 1}: not YAML: after --- only a comment may stand"
    client = f"error parsing {{file}}: invalid Yaml document separator: {rest}"
    return ManifestError.refused(words, client, fix="begin a new line")


def _parse_one(text: str, first: int) -> Document | None:
    """The one document in the text, which begins with line ``first`` of its file, from 0."""
    loader = Loader(text, first)
    try:
        json = loader.get_data() if loader.check_data() else None
        if text.lstrip().startswith("{"):
            loader.check_data()  # kubectl reads on only in JSON, and we never: that is to be told
    except yaml.YAMLError as error:
        raise _not_yaml(loader.in_goyamls_words(error), first) from None
    finally:
        loader.dispose()
    return None if json is None else Document(plain(json), tuple(loader.twice))


def _not_yaml(error: yaml.YAMLError, first: int) -> ManifestError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    where = f"line {first + mark.line + 1}: " if mark else ""
    line = mark.line if mark else 0
    scanned = isinstance(error, yaml.scanner.ScannerError)
    # go-yaml counts some errors from 0, and does not place those of its second pass
    constructed = isinstance(error, yaml.constructor.ConstructorError)
    place = f"line {line + scanned}: " if line and not constructed else ""
    client = error.client if isinstance(error, NotJson) else f"yaml: {place}{problem}"
    client = f"error parsing {{file}}: error converting YAML to JSON: {client}"
    words = f"{where}not YAML: {problem}"
    return ManifestError.refused(words, client, fix="correct the YAML there")


def _check_client(json: Any) -> None:
    """What kubectl looks at itself: the object's type, that of its metadata, and its kind."""
    _check_type_meta(json)
    try:
        decode({"metadata": json.get("metadata")}, "metadataOnlyObject")
    except DecodingError as error:
        client = f'unable to decode "{{file}}": {error}'
        fix = expected(error)
        raise ManifestError.refused(str(error), client, field=error.field, fix=fix) from None
    version, kind = json["apiVersion"], json["kind"]
    if not kind:
        body = jsonlib.dumps(json, separators=(",", ":"), ensure_ascii=False)
        client = f"unable to decode \"{{file}}\": Object 'Kind' is missing in '{body}'"
        raise ManifestError.refused("kind is empty", client, field="kind", fix=TYPE_META)
    if (version, kind) not in _DEPLOYMENT and kind not in OTHER_KINDS.get(version, ()):
        raise _no_such_kind(json)


def _check_type_meta(json: Any) -> None:
    if not isinstance(json, dict):
        words = "invalid object to validate"
        raise _invalid_data(
            words, "", "a manifest is a mapping with apiVersion, kind, metadata, spec"
        )
    wrong = []
    for field in ("apiVersion", "kind"):
        if json.get(field) is None:
            wrong.append((f"{field} not set", field))
        elif not isinstance(json[field], str):
            wrong.append((f"{field} isn't string type", field))
    if wrong:
        words = wrong[0][0] if len(wrong) == 1 else f"[{', '.join(w for w, _ in wrong)}]"
        raise _invalid_data(words, wrong[0][1], TYPE_META)
    if json["apiVersion"].count("/") > 1:
        words = f"unexpected GroupVersion string: {json['apiVersion']}"
        raise _invalid_data(words, "apiVersion", TYPE_META)


def _invalid_data(words: str, field: str, fix: str) -> ManifestError:
    client = f'error validating "{{file}}": error validating data: {words}; {_VALIDATION_OFF}'
    return ManifestError.refused(words, client, field=field, fix=fix)


def _no_such_kind(json: Json) -> ManifestError:
    metadata = json.get("metadata") or {}
    name, namespace = metadata.get("name") or "", metadata.get("namespace") or ""
    words = f"no matches for kind {quote(json['kind'])} in version {quote(json['apiVersion'])}"
    where = f"name: {quote(name)} namespace: {quote(namespace)}"
    about = f'resource mapping not found for {where} from "{{file}}"'
    client = f"{about}: {words}\nensure CRDs are installed first"
    field = "apiVersion" if json["kind"] == "Deployment" else "kind"
    return ManifestError.refused(words, client, field=field, fix=TYPE_META)


def not_asked_for(json: Json) -> str:
    """Why ``kubectl apply`` can't ask for an object by its name, which it does first; else "".

    >>> not_asked_for({"metadata": {"generateName": "web-"}})
    'from web-: cannot use generate name with apply'
    """
    metadata = json.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    texts = {key: value for key, value in metadata.items() if isinstance(value, str)}
    name, namespace = texts.get("name", ""), texts.get("namespace") or "default"
    if not name and (prefix := texts.get("generateName")):
        return f"from {prefix}: cannot use generate name with apply"
    words = ""
    if wrong := path_segment(namespace):
        words = f"invalid namespace {quote(namespace)}: [{' '.join(wrong)}]"
    elif not name:
        words = "resource name may not be empty"
    elif wrong := path_segment(name):
        words = f"invalid resource name {quote(name)}: [{' '.join(wrong)}]"
    return words and _NOT_RETRIEVED.format(name=name, namespace=namespace, file="{file}") + words


_NOT_RETRIEVED = """\
error when retrieving current configuration of:
Resource: "apps/v1, Resource=deployments", GroupVersionKind: "apps/v1, Kind=Deployment"
Name: "{name}", Namespace: "{namespace}"
from server for: "{file}": """


_WANTED = {
    "string": "text: put it in quotes",
    "bool": "true or false, without quotes",
    "int32": "a whole number that fits into 32 bits, without quotes",
    "int64": "a whole number, without quotes",
    "quantity": "an amount such as 500m or 1Gi",
    "time": "a time such as 2026-01-31T12:00:00Z",
}


def expected(error: DecodingError) -> str:
    """What should stand in the place of a value of the wrong type, for a person."""
    kind = error.expected
    shape = "a list" if kind.startswith("[]") else "a mapping (key: value)"
    return "write " + _WANTED.get(kind, shape)
