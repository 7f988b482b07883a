"""The rules for where pods go: affinity, topology spread, tolerations.

They are those of ``pkg/apis/core/validation``; ``matchLabelKeys`` are looked at for their types
only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rollviz.manifest.errors import Cause, Word, duplicate, invalid, required
from rollviz.manifest.formats import dns1123_label, label_value, qualified_name
from rollviz.manifest.rules import (
    Pod,
    Rule,
    between,
    each,
    formatted,
    one_of,
    optional,
    struct,
    when_set,
)
from rollviz.manifest.selectors import label_selector, node_selector, node_term
from rollviz.objects import Json

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_WEIGHT = between(1, 100, "must be in the range 1-100")


def _not_empty(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    return () if value else (required(path, "can not be empty"),)


def _namespaces(term: Json, path: str, pod: Pod) -> Iterable[Cause]:
    for name in term.get("namespaces") or ():  # the path names neither the list nor the place
        yield from formatted(dns1123_label)(name, f"{path}.namespace", pod)


def _preference(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    return node_term(value or {}, path, any_value=True)


_POD_TERM = struct(
    ("labelSelector", label_selector),
    ("namespaceSelector", label_selector),
    _namespaces,
    ("topologyKey", _not_empty),
    ("topologyKey", formatted(qualified_name)),
)


def _weighted_term(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    return _POD_TERM(value or {}, path, pod)


_PODS = struct(
    (_REQUIRED, each(_POD_TERM)),
    (_PREFERRED, each(struct(("weight", _WEIGHT), ("podAffinityTerm", _weighted_term)))),
)
_NODES = struct(
    (_REQUIRED, optional(node_selector)),
    (_PREFERRED, each(struct(("weight", _WEIGHT), ("preference", _preference)))),
)
AFFINITY: Rule = struct(
    ("nodeAffinity", optional(_NODES)),
    ("podAffinity", optional(_PODS)),
    ("podAntiAffinity", optional(_PODS)),
)


def _above_zero(value: Any, path: str, pod: Pod) -> Iterable[Cause]:
    low = (value or 0) <= 0
    return (invalid(path, value or 0, "must be greater than zero"),) if low else ()


def _min_domains(constraint: Json, path: str, pod: Pod) -> Iterable[Cause]:
    least, path = constraint.get("minDomains"), f"{path}.minDomains"
    if least is None:
        return
    yield from _above_zero(least, path, pod)
    if (action := constraint.get("whenUnsatisfiable") or "") != "DoNotSchedule":
        words = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
        yield invalid(path, least, words)


_NODES_POLICY = optional(one_of("Honor", "Ignore"))
_SPREAD_KIND = struct(
    ("maxSkew", _above_zero),
    ("topologyKey", _not_empty),
    ("whenUnsatisfiable", one_of("DoNotSchedule", "ScheduleAnyway")),
)
_SPREAD = struct(
    _min_domains,
    ("nodeAffinityPolicy", _NODES_POLICY),
    ("nodeTaintsPolicy", _NODES_POLICY),
    ("labelSelector", label_selector),
)


def topology_spread(constraints: Any, path: str, pod: Pod) -> Iterable[Cause]:
    """Each by itself, and no two of one kind, which is said of the first."""
    names = ("topologyKey", "whenUnsatisfiable")
    kinds = [tuple(c.get(name) or "" for name in names) for c in constraints or ()]
    for i, constraint in enumerate(constraints or ()):
        at = f"{path}[{i}]"
        yield from _SPREAD_KIND(constraint, at, pod)
        if kinds[i] in kinds[i + 1 :]:
            kind = f"{{{kinds[i][0]}, {kinds[i][1]}}}"
            yield duplicate(f"{at}.{{topologyKey, whenUnsatisfiable}}", kind)
        yield from _SPREAD(constraint, at, pod)


def toleration(value: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """``ValidateTolerations``, for one."""
    key, operator, text = (value.get(name) or "" for name in ("key", "operator", "value"))
    effect = value.get("effect") or ""
    yield from when_set(formatted(qualified_name))(key, f"{path}.key", pod)
    if not key and operator != "Exists":
        words = "operator must be Exists when `key` is empty"
        yield invalid(f"{path}.operator", Word(operator), words + _MATCH_ALL)
    if value.get("tolerationSeconds") is not None and effect != "NoExecute":
        words = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        yield invalid(f"{path}.effect", Word(effect), words)
    yield from _toleration_value(operator, text, f"{path}.operator")
    yield from when_set(one_of(*_EFFECTS))(effect, f"{path}.effect", pod)


_MATCH_ALL = ', which means "match all values and all keys"'
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def _toleration_value(operator: str, text: str, path: str) -> Iterable[Cause]:
    if operator in ("", "Equal"):
        wrong = label_value(text)
        return (invalid(path, text, ";".join(wrong)),) if wrong else ()
    if operator != "Exists":
        return one_of("Equal", "Exists")(operator, path, Pod())
    return (invalid(path, text, "value must be empty when `operator` is 'Exists'"),) if text else ()
