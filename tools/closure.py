"""What a distribution brings in, on whichever platform, read from what .venv has."""

from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def closure(
    root: str, environment: Mapping[str, str], without: frozenset[str] = frozenset()
) -> dict[str, Distribution]:
    """A distribution and all that it requires there, by normalized name.

    ``environment`` overrides environment markers such as ``sys_platform``; what is in
    ``without`` is left out, and so is what only that requires.

    Raises:
        PackageNotFoundError: it requires something there that .venv does not have.
    """
    found: dict[str, Distribution] = {}
    followed: set[tuple[str, str]] = set()
    waiting = [Requirement(root)]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in without:
            continue
        found.setdefault(name, distribution(name))
        for extra in {"", *requirement.extras} - {e for n, e in followed if n == name}:
            followed.add((name, extra))
            waiting += required(found[name], {**environment, "extra": extra})
    return dict(sorted(found.items()))


def required(dist: Distribution, environment: dict[str, str]) -> Iterator[Requirement]:
    """What a distribution requires by itself in an environment, without what that requires."""
    for requirement in map(Requirement, dist.requires or ()):
        if not requirement.marker or requirement.marker.evaluate(environment):
            yield requirement
