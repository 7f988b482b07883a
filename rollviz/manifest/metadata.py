"""The rules for an object's metadata: ``ValidateObjectMeta``.

Managed fields are looked at for their types only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rollviz.manifest.defaults import encoded
from rollviz.manifest.errors import Cause, invalid, required, too_long
from rollviz.manifest.formats import (
    annotation_key,
    dns1123_label,
    dns1123_subdomain,
    qualified_name,
)
from rollviz.manifest.rules import Pod, labels
from rollviz.objects import Json

_ANNOTATIONS_LIMIT = 256 * 1024
_ORPHAN, _FOREGROUND = "orphan", "foregroundDeletion"
_FINALIZERS = ("kubernetes", _ORPHAN, _FOREGROUND)


def object_meta(metadata: Json) -> Iterable[Cause]:
    """What is wrong with a new object's metadata; a name was generated where one is."""
    name, prefix = metadata.get("name") or "", metadata.get("generateName") or ""
    for words in dns1123_subdomain(_with_suffix(prefix)) if prefix else ():
        yield invalid("metadata.generateName", prefix, words)
    if not name:
        yield required("metadata.name", "name or generateName is required")
    for words in dns1123_subdomain(name) if name else ():
        yield invalid("metadata.name", name, words)
    for words in dns1123_label(metadata["namespace"]):
        yield invalid("metadata.namespace", metadata["namespace"], words)
    yield from _labels_and_annotations(metadata)
    yield from _owner_references(metadata.get("ownerReferences") or (), "metadata.ownerReferences")
    yield from _finalizers(metadata.get("finalizers") or (), "metadata.finalizers")


def object_meta_update(new: Json, old: Json) -> Iterable[Cause]:
    """``ValidateObjectMetaUpdate``: an object keeps its name and namespace."""
    for field in ("name", "namespace"):
        if new.get(field) != old.get(field):
            yield invalid(f"metadata.{field}", new.get(field) or "", "field is immutable")
    yield from _labels_and_annotations(new)


def _labels_and_annotations(metadata: Json) -> Iterable[Cause]:
    yield from labels(metadata.get("labels"), "metadata.labels", Pod())
    yield from annotation_map(metadata.get("annotations"), "metadata.annotations")


def _with_suffix(prefix: str) -> str:
    """A name's beginning as it is checked: its last dash is covered (``maskTrailingDash``)."""
    return prefix[:-2] + "a" if len(prefix) > 1 and prefix.endswith("-") else prefix


def annotation_map(value: Json | None, path: str) -> Iterable[Cause]:
    """``ValidateAnnotations``: every key, and the size of all together."""
    for key in value or ():
        yield from (invalid(path, key, words) for words in annotation_key(key))
    size = sum(len(text.encode()) for pair in (value or {}).items() for text in pair)
    if size > _ANNOTATIONS_LIMIT:
        yield too_long(path, _ANNOTATIONS_LIMIT)


def _owner_references(references: Any, path: str) -> Iterable[Cause]:
    """Who owns the object; one at most controls it. A field's path has no place in the list."""
    references = [encoded(reference, "OwnerReference") for reference in references]
    controller = ""
    for reference in references:
        version, kind = reference["apiVersion"], reference["kind"]
        if not version or version.count("/") > 1:
            yield invalid(f"{path}.apiVersion", version, "version must not be empty")
        for field in ("kind", "name", "uid"):
            if not reference[field]:
                yield invalid(f"{path}.{field}", reference[field], "must not be empty")
        if (version, kind) == ("v1", "Event"):
            yield invalid(path, reference, "/v1, Kind=Event is disallowed from being an owner")
        if reference.get("controller"):
            this = f"{kind}/{reference['name']}"
            if controller:
                words = 'Only one reference can have Controller set to true. Found "true" in'
                words = f"{words} references for {controller} and {this}"
                yield invalid(path, references, words)
            controller = controller or this


def _finalizers(names: Any, path: str) -> Iterable[Cause]:
    for name in names:
        yield from (invalid(path, name, words) for words in qualified_name(name))
    if _ORPHAN in names and _FOREGROUND in names:
        words = f"finalizer {_ORPHAN} and {_FOREGROUND} cannot be both set"
        yield invalid(path, list(names), words)
    for i, name in enumerate(names):
        if "/" not in name and name not in _FINALIZERS:
            words = "name is neither a standard finalizer name nor is it fully qualified"
            yield invalid(f"{path}[{i}]", name, words)
