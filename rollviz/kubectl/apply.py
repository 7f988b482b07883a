"""``kubectl apply``'s three-way merge, for the fields that a Deployment has.

Three JSON objects meet: what was applied last time (``original``, kept in an annotation), the
file now (``modified``), and what the API server has (``current``). What the file says is set;
what the file said before and no longer says is removed; what others set, and the file never
spoke of, stays. Lists whose elements have a key of their own are merged element by element.

Mirrors ``CreateThreeWayMergePatch`` in ``apimachinery/pkg/util/strategicpatch``, with the merge
keys of the Deployment's Go types.

>>> three_way({"replicas": 2}, {"paused": True}, {"replicas": 3, "minReadySeconds": 5})
{'minReadySeconds': 5, 'paused': True}
"""

from __future__ import annotations

from typing import Any

from rollviz.kubectl.jsonpath import plain_text
from rollviz.kubectl.text import to_json
from rollviz.objects import LAST_APPLIED, Json

MERGE_KEYS = {
    "containers": "name",
    "env": "name",
    "hostAliases": "ip",
    "imagePullSecrets": "name",
    "initContainers": "name",
    "ports": "containerPort",
    "topologySpreadConstraints": "topologyKey",
    "volumeDevices": "devicePath",
    "volumeMounts": "mountPath",
    "volumes": "name",
}
"""Lists that are merged, by field, and the key that tells their elements apart (``patchMergeKey``).
All other lists are replaced as a whole."""

RETAIN_KEYS = ("strategy", "volumes")
"""Unions (``retainKeys``): of these, only what the file says is kept once it says anything."""


class PatchError(ValueError):
    """A list that can't be merged, in kubectl's words."""


def three_way(original: Json | None, modified: Json, current: Json) -> Json:
    """What applying ``modified`` makes of ``current``, as API JSON; nothing is changed in place.

    kubectl says ``unchanged`` where that equals ``current``. A union in which the file names
    only its type comes out without the API's defaults, so it is ``configured`` again and again,
    with nothing different afterwards: kubectl does that too.

    Raises:
        PatchError: the elements of a list are not what they are told apart by.
    """
    return _merge_maps(original or {}, modified, current)


def _merge_maps(original: Json, modified: Json, current: Json) -> Json:
    merged = {k: v for k, v in current.items() if k in modified or k not in original}
    for key, value in modified.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge(key, original.get(key), value, current.get(key))
    return merged


def _merge(key: str, original: Any, modified: Any, current: Any) -> Any:
    if isinstance(modified, dict):
        original = original if isinstance(original, dict) else {}
        current = current if isinstance(current, dict) else {}
        merged = _merge_maps(original, modified, current)
        return _retained(merged, modified) if key in RETAIN_KEYS else merged
    if isinstance(modified, list) and key in MERGE_KEYS:
        return _merge_lists(key, original or [], modified, current or [])
    return modified


def _retained(merged: Json, modified: Json) -> Json:
    return {key: value for key, value in merged.items() if key in modified}


def _merge_lists(key: str, original: list[Json], modified: list[Json], current: list[Json]) -> Any:
    """The file's elements in its order, then those that it never knew."""
    by = MERGE_KEYS[key]
    if not current:
        return modified
    if not all(isinstance(element, dict) for element in modified):
        lists = f"[{plain_text(current)} {plain_text(modified)}]"
        raise PatchError(f"list element types are not identical: {lists}")
    for element in modified:
        if by not in element:
            words = f"does not contain declared merge key: {by}"
            raise PatchError(f"map: {plain_text(element)} {words}")
    was, has = ({e.get(by): e for e in elements} for elements in (original, current))
    named = [e.get(by) for e in modified]
    merged = [
        _merge_element(key, was.get(name, {}), element, has.get(name, {}))
        for name, element in zip(named, modified, strict=True)
    ]
    return merged + [e for name, e in has.items() if name not in named and name not in was]


def _merge_element(key: str, original: Json, modified: Json, current: Json) -> Json:
    merged = _merge_maps(original, modified, current)
    return _retained(merged, modified) if key in RETAIN_KEYS else merged


# --- the patch that kubectl sends, and shows where it is refused ----------------------------------


def patch(original: Json, modified: Json, current: Json) -> Json:
    """What is sent to have the same effect as :func:`three_way`: a strategic merge patch.

    >>> patch({"replicas": 2}, {"paused": True}, {"replicas": 3, "minReadySeconds": 5})
    {'replicas': None, 'paused': True}
    """
    removed = _diff_maps(original, modified, removals=True)
    return _joined(removed, _diff_maps(current, modified, removals=False))


def _joined(below: Json, above: Json) -> Json:
    joined = {**below, **above}
    for key in below.keys() & above.keys():
        if isinstance(below[key], dict) and isinstance(above[key], dict):
            joined[key] = _joined(below[key], above[key])
    return joined


def _diff_maps(before: Json, after: Json, *, removals: bool, retain: bool = False) -> Json:
    """Either what was taken out, or what was added and changed (``diffMaps``)."""
    changes: Json = {}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            inner = _diff_maps(old, value, removals=removals, retain=key in RETAIN_KEYS)
            changes |= {key: inner} if inner else {}
        elif isinstance(value, list) and isinstance(old, list) and old and key in MERGE_KEYS:
            changes |= _diff_lists(key, old, value, removals)
        elif not removals and (key not in before or old != value):
            changes[key] = value
    gone = [key for key in before if key not in after]
    if removals:
        changes |= dict.fromkeys(gone)
    if retain and (changes or gone):
        changes["$retainKeys"] = sorted(after)
    return changes


def _diff_lists(field: str, before: list[Json], after: list[Json], removals: bool) -> Json:
    """Elements are told apart by their key; those that changed come with it, and their order."""
    by = MERGE_KEYS[field]
    old, new = ({e.get(by): e for e in elements} for elements in (before, after))
    changed = []
    for key, element in new.items():
        retain = field in RETAIN_KEYS
        inner = _diff_maps(old.get(key, {}), element, removals=removals, retain=retain)
        changed += [{by: key, **inner}] if inner and (key in old or not removals) else []
    if removals:
        changed += [{by: key, "$patch": "delete"} for key in old if key not in new]
    changes: Json = {field: changed} if changed else {}
    if changed or list(old) != list(new):
        changes[f"$setElementOrder/{field}"] = [{by: key} for key in new]
    return changes


def with_last_applied(item: Json) -> Json:
    """A file's object with itself in the annotation that the next apply compares with.

    kubectl writes the annotations' map even where the file has none.
    """
    annotations = {
        key: "" if value is None else value
        for key, value in (item["metadata"].get("annotations") or {}).items()
        if key != LAST_APPLIED
    }
    plain = {**item, "metadata": {**item["metadata"], "annotations": annotations}}
    annotations = {**annotations, LAST_APPLIED: f"{to_json(plain)}\n"}
    return {**plain, "metadata": {**plain["metadata"], "annotations": annotations}}
