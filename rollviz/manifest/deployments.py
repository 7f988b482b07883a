"""The rules for a Deployment: ``pkg/apis/apps/validation``, in its order.

They look at JSON that was decoded and has its defaults, so that what must be there is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rollviz.manifest.defaults import encoded
from rollviz.manifest.errors import Cause, Word, forbidden, invalid, not_supported, required
from rollviz.manifest.formats import label_value, percent
from rollviz.manifest.formats import qualified_name as label_key
from rollviz.manifest.metadata import object_meta, object_meta_update
from rollviz.manifest.pods import pod_template
from rollviz.manifest.rules import Pod, at_least_zero
from rollviz.manifest.selectors import label_selector, requirement
from rollviz.objects import Json


def deployment(json: Json) -> Iterable[Cause]:
    """``ValidateDeployment``: everything that is wrong with a new Deployment."""
    yield from object_meta(json["metadata"])
    yield from _spec(json["spec"])


def deployment_update(new: Json, old: Json) -> Iterable[Cause]:
    """``ValidateDeploymentUpdate``: what is wrong with ``new`` in the place of ``old``."""
    yield from object_meta_update(new["metadata"], old["metadata"])
    yield from _spec(new["spec"])
    selector = _selector_json(new["spec"])
    if selector != _selector_json(old["spec"]):
        yield invalid("spec.selector", selector, "field is immutable")


def _spec(spec: Json) -> Iterable[Cause]:
    """``ValidateDeploymentSpec``."""
    yield from at_least_zero(spec["replicas"], "spec.replicas", Pod())
    yield from _selector(spec)
    yield from pod_template(spec["template"], "spec.template") if _selects(spec) else ()
    yield from _strategy(spec["strategy"], "spec.strategy")
    for field in ("minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"):
        yield from at_least_zero(spec.get(field), f"spec.{field}", Pod())
    deadline = spec["progressDeadlineSeconds"]
    if deadline <= (spec.get("minReadySeconds") or 0):
        yield invalid(
            "spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"
        )


def _selector(spec: Json) -> Iterable[Cause]:
    """The selector by itself, then against the labels of the pods it is to find."""
    selector = spec.get("selector")
    if selector is None:
        yield required("spec.selector")
    else:
        yield from label_selector(selector, "spec.selector", Pod())
        if not (selector.get("matchLabels") or selector.get("matchExpressions")):
            yield invalid("spec.selector", _selector_json(spec), _EMPTY)
    if not _selects(spec):
        yield invalid("spec.selector", _selector_json(spec), "invalid label selector")
    elif not _matches(selector, spec["template"]["metadata"].get("labels") or {}):
        words = "`selector` does not match template `labels`"
        found = spec["template"]["metadata"].get("labels")
        shown = found and dict(sorted(found.items()))
        yield invalid("spec.template.metadata.labels", shown, words)


_EMPTY = "empty selector is invalid for deployment"


def _selects(spec: Json) -> bool:
    """``LabelSelectorAsSelector`` can make a selector of it; None makes one that finds nothing."""
    selector = spec.get("selector") or {}
    match_labels = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or ()
    return not any(label_key(k) or label_value(v) for k, v in match_labels.items()) and not any(
        any(requirement(expression, "")) for expression in expressions
    )


def _matches(selector: Json | None, found: Mapping[str, str]) -> bool:
    """Whether a selector finds a pod with these labels; an empty one finds every pod."""
    if selector is None:
        return False
    wanted = (selector.get("matchLabels") or {}).items()
    expressions = selector.get("matchExpressions") or ()
    return wanted <= found.items() and all(_holds(expression, found) for expression in expressions)


def _holds(expression: Json, found: Mapping[str, str]) -> bool:
    value = found.get(expression["key"])
    listed = value in (expression.get("values") or ())
    holds = {
        "In": value is not None and listed,
        "NotIn": value is None or not listed,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }
    return holds[expression["operator"]]


def _selector_json(spec: Json) -> Any:
    selector = spec.get("selector")
    return None if selector is None else encoded(selector, "LabelSelector")


def _strategy(strategy: Json, path: str) -> Iterable[Cause]:
    """``ValidateDeploymentStrategy``."""
    kind = strategy["type"]
    rolling: Any = strategy.get("rollingUpdate")
    if kind == "RollingUpdate":
        yield from _rolling_update(rolling, f"{path}.rollingUpdate")
    elif kind != "Recreate":
        shown = {"Type": kind, "RollingUpdate": _internal(rolling)}
        yield not_supported(path, shown, ["Recreate", "RollingUpdate"])
    elif rolling is not None:
        words = "may not be specified when strategy `type` is 'Recreate'"
        yield forbidden(f"{path}.rollingUpdate", words)


def _internal(rolling: Json | None) -> Json | None:
    """As the API server holds it inside, which is how the error shows it."""
    if rolling is None:
        return None
    return {
        "MaxUnavailable": rolling.get("maxUnavailable", 0),
        "MaxSurge": rolling.get("maxSurge", 0),
    }


def _rolling_update(rolling: Json, path: str) -> Iterable[Cause]:
    """``ValidateRollingUpdateDeployment``: pods or a percentage, and not both 0."""
    unavailable, surge = rolling["maxUnavailable"], rolling["maxSurge"]
    shown = Word(unavailable) if isinstance(unavailable, str) else unavailable
    yield from _int_or_percent(unavailable, f"{path}.maxUnavailable")
    yield from _int_or_percent(surge, f"{path}.maxSurge")
    if _number(unavailable) == 0 and _number(surge) == 0:
        words = "may not be 0 when `maxSurge` is 0"
        yield invalid(f"{path}.maxUnavailable", shown, words)
    if isinstance(unavailable, str) and not percent(unavailable) and _number(unavailable) > 100:
        yield invalid(f"{path}.maxUnavailable", shown, "must not be greater than 100%")


def _int_or_percent(value: int | str, path: str) -> Iterable[Cause]:
    if isinstance(value, str):
        return [invalid(path, Word(value), words) for words in percent(value)]
    return at_least_zero(value, path, Pod())


def _number(value: int | str) -> int:
    """``getIntOrPercentValue``: the digits, whatever stands after them; 0 where there are none."""
    if isinstance(value, int):
        return value
    digits = value.removesuffix("%") if not percent(value) else value
    return int(digits) if digits.lstrip("+-").isdigit() else 0
