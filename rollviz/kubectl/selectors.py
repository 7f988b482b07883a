"""``-l app=web,tier!=back,env in (a, b)``: label selectors (``apimachinery/pkg/labels``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from rollviz.kubectl.errors import KubectlError

Labels = Mapping[str, str]
Matches = Callable[[Labels], bool]

_TERM = re.compile(
    r"""\s*(?:
        (?P<key>[^\s,=!()]+)\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\)
      | (?P<left>[^\s,=!()]+)\s*(?P<op>==|=|!=)\s*(?P<right>[^\s,=!()]*)
      | (?P<absent>!?)\s*(?P<present>[^\s,=!()]+)
    )\s*(?:,|$)""",
    re.VERBOSE,
)


def parse(selector: str) -> Matches:
    """A test for labels.

    >>> parse("app=web,env in (test, prod)")({"app": "web", "env": "prod"})
    True

    Raises:
        KubectlError: the selector can't be read.
    """
    terms: list[Matches] = []
    at = 0
    while at < len(selector.rstrip()):
        match = _TERM.match(selector, at)
        if match is None:
            raise KubectlError(f"unable to parse requirement: {selector[at:]!r} in {selector!r}")
        terms.append(_term(match))
        at = match.end()
    return lambda labels: all(term(labels) for term in terms)


def _term(match: re.Match[str]) -> Matches:
    if key := match["key"]:
        values = {value.strip() for value in match["values"].split(",")}
        return _among(key, values, match["set"] == "in")
    if left := match["left"]:
        return _among(left, {match["right"]}, match["op"] != "!=")
    present, wanted = match["present"], not match["absent"]
    return lambda labels: (present in labels) is wanted


def _among(key: str, values: set[str], wanted: bool) -> Matches:
    return lambda labels: (labels.get(key) in values) is wanted
