"""JSON into Go types, with the errors of ``sigs.k8s.io/json``, which the API server decodes with.

A value of the wrong type is reported with the struct and the fields on the way to it; the
first one counts. Fields that no struct has, and that would silently be dropped, are all listed.

>>> decode({"spec": {"replicas": 3, "replica": 4}}, "Deployment").unknown
('spec.replica',)
>>> decode({"spec": {"paused": "yes"}}, "Deployment")
Traceback (most recent call last):
rollviz.manifest.decoding.DecodingError: json: cannot unmarshal string into Go struct field \
DeploymentSpec.spec.paused of type bool
"""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from rollviz.manifest.quantity import Quantity
from rollviz.manifest.types import INTEGERS, NAMED, element, go_name, structs
from rollviz.objects import Json

_MOST_UNKNOWN = 100
_FROM_HERE_ON_E = 1e21  # Go writes larger numbers with an exponent
_RFC3339 = "2006-01-02T15:04:05Z07:00"


class DecodingError(ValueError):
    """A value does not fit its Go type.

    ``field`` is its path, such as ``spec.replicas``; ``expected`` the Go type, ``string`` for
    every kind of string.
    """

    def __init__(self, message: str, field: str, expected: str) -> None:
        super().__init__(message)
        self.field = field
        self.expected = expected


class Decoded(NamedTuple):
    """What was decoded: nulls dropped, and unknown fields listed by path instead of kept."""

    json: Any
    unknown: tuple[str, ...]


class _At(NamedTuple):
    """Where the decoder is: the struct and the fields for a type error, the path for the others."""

    struct: str = ""
    fields: tuple[str, ...] = ()
    path: str = ""


def decode(json: Any, type_: str) -> Decoded:
    """Decode plain JSON as the Go type ``type_`` (a name in ``types.txt``).

    Raises:
        DecodingError: a value is of the wrong type, or does not fit into an integer.
    """
    decoder = _Decoder()
    decoded = decoder.value(json, type_, _At())
    if decoder.first:
        raise decoder.first
    return Decoded(decoded, tuple(decoder.unknown[:_MOST_UNKNOWN]))


def zero(type_: str) -> Any:
    """Go's zero value of a type, as JSON."""
    if type_ in INTEGERS or type_ == "intstr.IntOrString":
        return 0
    if type_ == "bool":
        return False
    if type_ == "resource.Quantity":
        return "0"
    if type_ in structs():
        return {}
    nil = type_.startswith(("[]", "map[")) or type_ in (*NAMED, "Time", "FieldsV1")
    return None if nil else ""


class _Decoder:
    """Go on after a type error, but keep the first; ``UnmarshalJSON``'s own errors stop at once."""

    def __init__(self) -> None:
        self.first: DecodingError | None = None
        self.unknown: list[str] = []

    def value(self, json: Any, type_: str, at: _At) -> Any:
        if json is None:
            return zero(type_)
        if type_.startswith("[]"):
            return self._slice(json, type_, at)
        if type_.startswith("map[") or type_ in NAMED:
            return self._map(json, type_, at)
        if type_ in structs():
            return self._struct(json, type_, at)
        return _UNMARSHALERS.get(type_, _Decoder._plain)(self, json, type_, at)

    def _slice(self, json: Any, type_: str, at: _At) -> Any:
        if not isinstance(json, list):
            return self._wrong(json, type_, at)
        of = element(type_)
        return [self.value(v, of, at._replace(path=f"{at.path}[{i}]")) for i, v in enumerate(json)]

    def _map(self, json: Any, type_: str, at: _At) -> Any:
        if not isinstance(json, dict):
            return self._wrong(json, type_, at)
        of = element(NAMED.get(type_, type_))
        return {k: self.value(v, of, at._replace(path=f"{at.path}.{k}")) for k, v in json.items()}

    def _struct(self, json: Any, type_: str, at: _At) -> Any:
        if not isinstance(json, dict):
            return self._wrong(json, type_, at)
        fields = structs()[type_]
        decoded = {}
        for name, value in json.items():
            path = f"{at.path}.{name}" if at.path else name
            if name not in fields:
                self.unknown.append(path)
                continue
            field = fields[name]
            inside = (*at.fields, field.embedded, name) if field.embedded else (*at.fields, name)
            inner = self.value(value, field.type, _At(type_, inside, path))
            if value is not None:
                decoded[name] = inner
        return decoded

    def _plain(self, json: Any, type_: str, at: _At) -> Any:
        if type_ == "bool":
            return json if isinstance(json, bool) else self._wrong(json, type_, at)
        if type_ in INTEGERS:
            return self._integer(json, type_, at)
        return json if isinstance(json, str) else self._wrong(json, type_, at)

    def _integer(self, json: Any, type_: str, at: _At) -> Any:
        number = isinstance(json, int | float) and not isinstance(json, bool)
        bound = 1 << INTEGERS[type_]
        if isinstance(json, int) and number and -bound <= json < bound:
            return json
        return self._wrong(json, type_, at, f"number {_literal(json)}" if number else "")

    def _int_or_string(self, json: Any, type_: str, at: _At) -> Any:
        try:
            return json if isinstance(json, str) else _Decoder().must(json, "int32", at)
        except DecodingError as error:
            self._stop(error)

    def _quantity(self, json: Any, type_: str, at: _At) -> Any:
        text = json if isinstance(json, str) else _literal(json)
        try:
            return str(Quantity.parse(text.strip()))
        except ValueError as error:
            self._stop(DecodingError(str(error), at.path, "quantity"))

    def _time(self, json: Any, type_: str, at: _At) -> Any:
        try:
            text = _Decoder().must(json, "string", at)
            if text and "T" not in text:
                raise ValueError
            datetime.fromisoformat(text)
            return text
        except DecodingError as error:
            self._stop(error)
        except ValueError:
            words = f'parsing time {_literal(json)} as "{_RFC3339}": cannot parse'
            self._stop(DecodingError(f'{words} {_literal(json)} as "2006"', at.path, "time"))

    def _anything(self, json: Any, type_: str, at: _At) -> Any:
        return json

    def must(self, json: Any, type_: str, at: _At) -> Any:
        """The value, or the error raised instead of kept."""
        decoded = self.value(json, type_, at)
        if self.first:
            raise self.first
        return decoded

    def _stop(self, error: DecodingError) -> None:
        """An error of a type's own ``UnmarshalJSON`` ends decoding, and hides those before it."""
        self.first = error
        raise error

    def _wrong(self, json: Any, type_: str, at: _At, what: str = "") -> Any:
        if self.first is None:
            field = (
                f"Go struct field {at.struct}.{'.'.join(at.fields)}" if at.fields else "Go value"
            )
            got = f"json: cannot unmarshal {what or _json_kind(json)} into {field}"
            expected = "string" if zero(type_) == "" else type_
            self.first = DecodingError(f"{got} of type {go_name(type_)}", at.path, expected)
        return zero(type_)


_Unmarshal = Callable[[_Decoder, Any, str, _At], Any]
_UNMARSHALERS: dict[str, _Unmarshal] = {
    "intstr.IntOrString": _Decoder._int_or_string,
    "resource.Quantity": _Decoder._quantity,
    "Time": _Decoder._time,
    "FieldsV1": _Decoder._anything,
}


def _json_kind(json: Any) -> str:
    if isinstance(json, bool):
        return "bool"
    kinds = {"str": "string", "list": "array", "dict": "object"}
    return kinds.get(type(json).__name__, "number")


def _literal(json: Any) -> str:
    """The value as it stands in the JSON text."""
    return jsonlib.dumps(json, ensure_ascii=False)


def plain(json: Any) -> Json:
    """The same JSON as kubectl sends it: keys sorted and text, whole numbers without a fraction.

    >>> plain({"b": 3.0, "a": {1: None}})
    {'a': {'1': None}, 'b': 3}
    """
    if isinstance(json, dict):
        return {k: plain(v) for k, v in sorted(((_key(k), v) for k, v in json.items()), key=_first)}
    if isinstance(json, list):
        return [plain(v) for v in json]  # type: ignore[return-value]
    if isinstance(json, float) and json.is_integer() and abs(json) < _FROM_HERE_ON_E:
        return int(json)  # type: ignore[return-value]
    return json  # type: ignore[no-any-return]


def _key(key: Any) -> str:
    return key if isinstance(key, str) else _literal(key)


def _first(pair: tuple[str, Any]) -> str:
    return pair[0]
