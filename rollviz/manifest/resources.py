"""The rules for what a container asks for: ``validateResourceRequirements``."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from rollviz.manifest.errors import Cause, Word, forbidden, invalid, required
from rollviz.manifest.formats import qualified_name
from rollviz.manifest.quantity import Quantity
from rollviz.manifest.rules import Pod
from rollviz.objects import Json

_STANDARD_RESOURCES = {
    *("cpu", "memory", "ephemeral-storage", "pods", "resourcequotas", "services", "secrets"),
    *("requests.cpu", "requests.memory", "requests.ephemeral-storage", "requests.storage"),
    *("limits.cpu", "limits.memory", "limits.ephemeral-storage", "storage"),
    *("replicationcontrollers", "configmaps", "persistentvolumeclaims"),
    *("services.nodeports", "services.loadbalancers"),
}


def _resource_name(name: str, path: str) -> Iterable[Cause]:
    """``validateContainerResourceName``: a standard one, or one with a domain."""
    malformed = [invalid(path, Word(name), words) for words in qualified_name(name)]
    yield from malformed
    if "/" in name:
        if "kubernetes.io/" not in name and not _is_extended(name):
            yield invalid(path, Word(name), "doesn't follow extended resource name standard")
        return
    quota = name.removeprefix("requests.")
    if not malformed and name not in _STANDARD_RESOURCES and not quota.startswith("hugepages-"):
        yield invalid(path, Word(name), "must be a standard resource type or fully qualified")
    if name not in ("cpu", "memory", "ephemeral-storage") and not name.startswith("hugepages-"):
        yield invalid(path, Word(name), "must be a standard resource for containers")


def _is_extended(name: str) -> bool:
    native = "/" not in name or "kubernetes.io/" in name
    return (
        not native and not name.startswith("requests.") and not qualified_name("requests." + name)
    )


def _amount(name: str, amount: str, path: str) -> Iterable[Cause]:
    value = Quantity.parse(amount).value
    if value < 0:
        yield invalid(path, amount, "must be greater than or equal to 0")
    if _is_extended(name) and value.denominator != 1:
        yield invalid(path, amount, "must be an integer")


def resources(value: Json, path: str, pod: Pod) -> Iterable[Cause]:
    """``validateResourceRequirements``: names, amounts, and requests within limits."""
    limits = value.get("limits") or {}
    for side in ("limits", "requests"):
        for name, amount in (value.get(side) or {}).items():
            yield from _resource_name(name, f"{path}.{side}[{name}]")
            yield from _amount(name, amount, f"{path}.{side}[{name}]")
            if side == "requests":
                yield from _within_limit(name, amount, limits.get(name), path)
            yield from _huge_pages(name, amount, f"{path}.{side}[{name}]")
    names = {*limits, *(value.get("requests") or ())}
    if any(n.startswith("hugepages-") for n in names) and not names & {"cpu", "memory"}:
        yield forbidden(path, "HugePages require cpu or memory")


def _huge_pages(name: str, amount: str, path: str) -> Iterable[Cause]:
    """``validateResourceQuantityHugePageValue``: whole pages, of the size in the name."""
    if not name.startswith("hugepages-"):
        return
    try:
        size = Quantity.parse(name.removeprefix("hugepages-")).value
    except ValueError:
        size = Fraction(0)
    whole = size > 0 and size.denominator == 1
    if not whole or (Quantity.parse(amount).value / size).denominator != 1:
        yield invalid(path, amount, f"{amount} is not positive integer multiple of {name}")


def _within_limit(name: str, amount: str, limit: str | None, path: str) -> Iterable[Cause]:
    overcommit = ("/" not in name or "kubernetes.io/" in name) and not name.startswith("hugepages-")
    if limit is None:
        if not overcommit:
            yield required(f"{path}.limits", "Limit must be set for non overcommitable resources")
        return
    asked, most = Quantity.parse(amount).value, Quantity.parse(limit).value
    if asked != most and not overcommit:
        yield invalid(f"{path}.requests", amount, f"must be equal to {name} limit of {limit}")
    elif asked > most:
        words = f"must be less than or equal to {name} limit of {limit}"
        yield invalid(f"{path}.requests", amount, words)
