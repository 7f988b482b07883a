"""What ``-l`` and ``--field-selector`` select by.

``-l app=web,tier!=back,env in (a, b)`` are labels (``apimachinery/pkg/labels``),
``--field-selector status.phase!=Running`` are fields (``apimachinery/pkg/fields``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from rollviz.manifest.errors import Cause, invalid
from rollviz.manifest.formats import label_value, qualified_name
from rollviz.objects import Json

Labels = Mapping[str, str]
Matches = Callable[[Labels], bool]

_TOKEN = re.compile(r"[ \t\r\n]*(==|!=|[=!(),<>]|[^=!(),<> \t\r\n]+|$)")
_SYMBOLS = {"==", "!=", *"=!(),<>"}
_OPERATORS = ("in", "notin", "=", "==", "!=", ">", "<")
_EXPECTED = "in, notin, =, ==, !=, gt, lt"


class SelectorError(ValueError):
    """A selector that can't be read, in the API server's words."""


def parse(selector: str) -> Matches:
    """A test for labels.

    >>> parse("app=web,env in (test, prod)")({"app": "web", "env": "prod"})
    True

    Raises:
        SelectorError: the selector can't be read.
    """
    terms = _Parser(selector).terms()
    return lambda labels: all(term(labels) for term in terms)


class _Parser:
    """Tokens, taken from the front; "" is the end."""

    def __init__(self, selector: str) -> None:
        self.tokens = _TOKEN.findall(selector)

    def terms(self) -> list[Matches]:
        terms: list[Matches] = []
        while self._next() or terms:
            if self._next() in _SYMBOLS - {"!"}:
                words = "expected: !, identifier, or 'end of string'"
                raise SelectorError(f"found '{self._next()}', {words}")
            try:
                terms.append(self._requirement())
            except SelectorError as error:
                raise SelectorError(f"unable to parse requirement: {error}") from None
            after = self._take()
            if not after:
                break
            if after != ",":
                raise SelectorError(f"found '{after}', expected: ',' or 'end of string'")
            if not self._is_word(self._next()) and self._next() != "!":
                raise SelectorError(f"found '{self._next()}', expected: identifier after ','")
        return terms

    def _next(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def _take(self) -> str:
        return self.tokens.pop(0) if self.tokens else ""

    def _is_word(self, token: str) -> bool:
        return bool(token) and token not in _SYMBOLS

    def _word(self) -> str:
        token = self._take()
        if not self._is_word(token):
            raise SelectorError(f"found '{token}', expected: identifier")
        return token

    def _requirement(self) -> Matches:
        absent = self._next() == "!" and bool(self._take())
        key = self._word()
        if wrong := qualified_name(key):
            raise SelectorError(str(invalid("<nil>", key, "; ".join(wrong))))
        if self._next() in ("", ","):
            return lambda labels: (key in labels) is not absent
        operator = self._take()
        if operator not in _OPERATORS:
            raise SelectorError(f"found '{operator}', expected: {_EXPECTED}")
        values = self._values() if operator in ("in", "notin") else [self._value()]
        _check(key, operator, values)
        return _test(key, operator, values)

    def _value(self) -> str:
        return "" if self._next() in ("", ",") else self._word()

    def _values(self) -> list[str]:
        opening = self._take()
        if opening != "(":
            raise SelectorError(f"found '{opening}' expected: '('")
        if not self._is_word(self._next()) and self._next() not in (",", ")"):
            raise SelectorError(f"found '{self._next()}', expected: ',', ')' or identifier")
        values = [""]
        while (token := self._take()) != ")":
            if token == ",":
                values.append("")
            elif not self._is_word(token):
                raise SelectorError(f"found '{token}', expected: ',', or identifier")
            elif self._next() not in (",", ")"):
                raise SelectorError(f"found '{self._next()}', expected: ',' or ')'")
            else:
                values[-1] = token
        return sorted(set(values))


def _check(key: str, operator: str, values: list[str]) -> None:
    """The values, where they are wrong (``NewRequirement``)."""
    causes: list[Cause] = []
    if operator in "<>" and not re.fullmatch(r"[+-]?\d+", values[0]):
        words = "for 'Gt', 'Lt' operators, the value must be an integer"
        causes.append(invalid("values[0]", values[0], words))
    for n, value in enumerate(values):
        if wrong := label_value(value):
            causes.append(invalid(f"values[{n}][{key}]", value, "; ".join(wrong)))
    if causes:
        text = ", ".join(map(str, causes))
        raise SelectorError(text if len(causes) == 1 else f"[{text}]")


def _test(key: str, operator: str, values: list[str]) -> Matches:
    if operator in "<>":
        return lambda labels: _compared(labels.get(key, ""), operator, int(values[0]))
    wanted = operator in ("in", "=", "==")
    return lambda labels: (labels.get(key) in values) is wanted


def _compared(text: str, operator: str, bound: int) -> bool:
    if not re.fullmatch(r"[+-]?\d+", text):
        return False
    return int(text) > bound if operator == ">" else int(text) < bound


# --- fields --------------------------------------------------------------------------------------

_OF_ALL = ("metadata.name", "metadata.namespace")
_ABOUT = ("apiVersion", "fieldPath", "kind", "name", "namespace", "resourceVersion", "uid")
_MORE_FIELDS = {
    "Event": {f"involvedObject.{name}" for name in _ABOUT}
    | {"reason", "reportingComponent", "source", "type"},
    "Node": {"spec.unschedulable"},
    "Pod": {
        *("spec.hostNetwork", "spec.nodeName", "spec.restartPolicy", "spec.schedulerName"),
        *("spec.serviceAccountName", "status.nominatedNodeName", "status.phase", "status.podIP"),
        "status.podIPs",
    },
    "Service": {"spec.clusterIP", "spec.type"},
}
"""The fields that the API server selects by, beyond name and namespace."""


def parse_fields(selector: str, kind: str) -> Callable[[Json], bool]:
    """A test for objects of a kind.

    >>> parse_fields("status.phase!=Running", "Pod")({"status": {"phase": "Pending"}})
    True

    Raises:
        SelectorError: the selector can't be read, or asks for another field.
    """
    terms = [_field_term(term, selector) for term in selector.split(",") if term]
    for name, _, _ in terms:
        if name not in (*_OF_ALL, *_MORE_FIELDS.get(kind, ())):
            if kind in _MORE_FIELDS:
                raise SelectorError(f"field label not supported: {name}")
            known = ", ".join(f'"{field}"' for field in _OF_ALL)
            raise SelectorError(f'"{name}" is not a known field selector: only {known}')
    return lambda item: all((_at(item, name) == value) is same for name, same, value in terms)


def _field_term(term: str, selector: str) -> tuple[str, bool, str]:
    match = re.fullmatch(r"(.*?)(!=|==|=)(.*)", term, re.DOTALL)
    if match is None:
        raise SelectorError(f"invalid selector: '{selector}'; can't understand '{term}'")
    return match[1], match[2] != "!=", match[3]


def _at(item: Json, path: str) -> str:
    value: object = item
    if path == "source":
        path = "source.component" if item["source"] else "reportingComponent"
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return str(value or "")
