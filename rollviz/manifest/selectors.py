"""The rules for selectors of labels: ``ValidateLabelSelector``, ``ValidateNodeSelector``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rollviz.manifest.errors import Cause, Word, forbidden, invalid, required
from rollviz.manifest.formats import dns1123_subdomain, label_value
from rollviz.manifest.formats import qualified_name as label_key
from rollviz.manifest.rules import Pod, labels
from rollviz.objects import Json

_WITH_VALUES = ("In", "NotIn")
_WITHOUT_VALUES = ("Exists", "DoesNotExist")
_WITH_ONE_VALUE = ("Lt", "Gt")


def label_selector(selector: Any, path: str, pod: Pod) -> Iterable[Cause]:
    """Labels and expressions; none at all is left to whoever has the selector."""
    selector = selector or {}
    yield from labels(selector.get("matchLabels"), f"{path}.matchLabels", pod)
    for i, expression in enumerate(selector.get("matchExpressions") or ()):
        yield from requirement(expression, f"{path}.matchExpressions[{i}]")


def requirement(expression: Json, path: str) -> Iterable[Cause]:
    """One expression of a label selector."""
    yield from _operator(expression, path, ())
    yield from _key_and_values(expression, path)


def _operator(expression: Json, path: str, with_one_value: tuple[str, ...]) -> Iterable[Cause]:
    operator, values = expression.get("operator") or "", expression.get("values") or ()
    if operator in _WITH_VALUES:
        words = "must be specified when `operator` is 'In' or 'NotIn'"
        return () if values else (required(f"{path}.values", words),)
    if operator in _WITHOUT_VALUES:
        words = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        return (forbidden(f"{path}.values", words),) if values else ()
    if operator in with_one_value:
        words = "must be specified single value when `operator` is 'Lt' or 'Gt'"
        return () if len(values) == 1 else (required(f"{path}.values", words),)
    return (invalid(f"{path}.operator", Word(operator), "not a valid selector operator"),)


def _key_and_values(expression: Json, path: str, *, any_value: bool = False) -> Iterable[Cause]:
    key = expression.get("key") or ""
    yield from (invalid(f"{path}.key", key, words) for words in label_key(key))
    for i, value in enumerate(expression.get("values") or () if not any_value else ()):
        yield from (invalid(f"{path}.values[{i}]", value, words) for words in label_value(value))


def node_selector(selector: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """What a node must have."""
    path, terms = f"{path}.nodeSelectorTerms", selector.get("nodeSelectorTerms")
    if not terms:
        yield required(path, "must have at least one node selector term")
    for i, term in enumerate(terms or ()):
        yield from node_term(term, f"{path}[{i}]")


def node_term(term: Json, path: str, *, any_value: bool = False) -> Iterable[Cause]:
    """Expressions over a node's labels and its fields, of which there is one, the name."""
    for i, expression in enumerate(term.get("matchExpressions") or ()):
        at = f"{path}.matchExpressions[{i}]"
        yield from _operator(expression, at, _WITH_ONE_VALUE)
        yield from _key_and_values(expression, at, any_value=any_value)
    for i, expression in enumerate(term.get("matchFields") or ()):
        yield from _field(expression, f"{path}.matchFields[{i}]")


def _field(expression: Json, path: str) -> Iterable[Cause]:
    operator, values = expression.get("operator") or "", expression.get("values") or ()
    if operator not in _WITH_VALUES:
        yield invalid(f"{path}.operator", Word(operator), "not a valid selector operator")
    elif len(values) != 1:
        words = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        yield required(f"{path}.values", words)
    if (key := expression.get("key") or "") != "metadata.name":
        yield invalid(f"{path}.key", key, "not a valid field selector key")
        return
    for i, value in enumerate(values):
        for words in dns1123_subdomain(value):
            yield invalid(f"{path}.values[{i}]", value, words)
