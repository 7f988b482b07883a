r"""kubectl's JSONPath templates (``client-go/util/jsonpath``): what they find and what they refuse.

Text, ``{.spec.replicas}``, ``{.items[*].metadata.name}``, ``{.items[0:2]}``, ``{..image}``,
``['a','b']``, ``{.status.conditions[?(@.type=="Available")].status}``, ``{"\n"}``,
``{range ...}...{end}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from operator import eq, ge, gt, le, lt, ne
from typing import Any, NamedTuple

from rollviz.kubectl.text import to_json
from rollviz.manifest.errors import quote
from rollviz.objects import Json

Values = list[Any]
Step = Callable[[Values], Values]


class JsonPathError(ValueError):
    """A template that can't be read, or that does not fit the object."""


class Part(NamedTuple):
    """Plain text, or what stands in a pair of braces: ``range``, ``end`` or a path."""

    word: str
    steps: list[Step]

    def walk(self, found: Values) -> Values:
        """What the path leads to from there."""
        for step in self.steps:
            found = step(found)
        return found


class JsonPath:
    r"""A template, ready to be filled in.

    >>> JsonPath('{range .items[*]}{.name}{"\\n"}{end}').printed({"items": [{"name": "a"}]})
    'a\n'

    Raises:
        JsonPathError: it can't be read. The methods raise it where it does not fit the object.
    """

    def __init__(self, template: str) -> None:
        self._parts = list(_parts(template))

    def printed(self, item: Json) -> str:
        """The template with an object's values in it."""
        return "".join(" ".join(map(_text, found)) for found in self._found(item))

    def as_json(self, item: Json) -> str:
        """A JSON list of what each part finds (``jsonpath-as-json``)."""
        return "".join(to_json(found, indent=4) + "\n" for found in self._found(item))

    def _found(self, item: Any) -> list[Values]:
        found, end = _block(self._parts, 0, item)
        if end < len(self._parts):
            raise JsonPathError("not in range, nothing to end")
        return found


_RELAXED = re.compile(r"\{\.?([^{}]+)\}|\.?([^{}]+)")


def relaxed(path: str) -> str:
    """A path as ``{.metadata.name}``, where braces or dot may be left out.

    Raises:
        JsonPathError: it is no path at all.
    """
    match = _RELAXED.fullmatch(path)
    if match is None:
        raise JsonPathError(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or "
            "'{name1.name2}' or '{.name1.name2}'"
        )
    return f"{{.{match[1] or match[2]}}}"


def finder(path: str) -> Callable[[Json], Values]:
    """What finds the values at such a path.

    Raises:
        JsonPathError: it can't be read.
    """
    part = next(_parts(relaxed(path)))
    return lambda item: part.walk([item])


def _block(parts: list[Part], at: int, item: Any) -> tuple[list[Values], int]:
    """What the parts from one place on find, up to the ``{end}`` of a range, and where that is."""
    found: list[Values] = []
    while at < len(parts) and parts[at].word != "end":
        part = parts[at]
        at += 1
        if part.word != "range":
            found.append(part.walk([item]))
            continue
        over, start = part.walk([item]), at
        for value in over or [None]:
            inner, at = _block(parts, start, value)
            found += inner if over else []
        at = at + 1 if at < len(parts) else start  # kubectl goes on there where no end is
    return found, at


# --- reading (parser.go) -------------------------------------------------------------------------


def _parts(template: str) -> Iterator[Part]:
    at = 0
    while at < len(template):
        brace = template.find("{", at)
        text = template[at:] if brace < 0 else template[at:brace]
        if text:
            yield Part("", [_constant(text)])
        if brace < 0:
            return
        parser = _Parser(template, brace + 1)
        yield parser.part(closed=True)
        at = parser.at


_SLICE = re.compile(r"(-?\d*)(:-?\d*)?(:-?\d*)?")
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+)", re.DOTALL)
_FIELD = re.compile(r"(?:\\.|[^\s.,\[\]$@{}\\])*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?[\d.]*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class _Parser:
    """Reads one path, character by character as kubectl does, so that it fails as kubectl does."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text = text
        self.at = at
        self.word = ""
        self.steps: list[Step] = []
        self.recursive = False

    def part(self, *, closed: bool = False) -> Part:
        """The path up to its closing brace, or up to the end of the text."""
        while not self.text.startswith("}", self.at):
            if self.at >= len(self.text) or self.text[self.at] in "\r\n":
                if closed or self.at < len(self.text):
                    raise JsonPathError("unclosed action")
                break
            self._one()
        self.at += 1
        return Part(self.word, self.steps)

    def _one(self) -> None:
        char, text = self.text[self.at], self.text
        recursive, self.recursive = self.recursive, False
        if text.startswith("[?(", self.at):
            self.steps.append(self._filter())
        elif text.startswith("..", self.at):
            if recursive:
                raise JsonPathError("invalid multiple recursive descent")
            self.at += 2
            self.recursive = True
            self.steps.append(_descend)
            if re.match(r"\w", text[self.at : self.at + 1]):
                self.steps.append(self._field())
                self.recursive = False
        elif char in " @$":
            self.at += 1
        elif char == "[":
            self._array()
        elif char in "\"'":
            self.steps.append(_constant(self._quoted(char)))
        elif char == ".":
            self.at += 1
            self.steps.append(self._field())
        elif char in "+-" or char.isdigit():
            self.steps.append(_constant(self._number()))
        elif char == "_" or char.isalnum():
            self._identifier()
        else:
            raise JsonPathError(f"unrecognized character in action: U+{ord(char):04X} '{char}'")

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        assert match is not None  # every pattern matches nothing too
        self.at = match.end()
        return match[0]

    def _field(self) -> Step:
        name = self._take(_FIELD)
        return _every if name == "*" else _key(name.replace("\\", ""))

    def _number(self) -> int | float:
        word = self._take(_NUMBER)
        try:
            return float(word) if "." in word else int(word)
        except ValueError:
            raise JsonPathError(f"cannot parse number {word}") from None

    def _identifier(self) -> None:
        word = self._take(_FIELD)
        if word in ("true", "false"):
            self.steps.append(_constant(word == "true"))
        elif word in ("range", "end"):
            self.word = word
        else:
            self.steps.append(_unknown(word))

    def _quoted(self, mark: str) -> str:
        start = self.at + 1
        end = next(
            (
                n
                for n in range(start, len(self.text))
                if self.text[n] == "\n" or (self.text[n] == mark and self.text[n - 1] != "\\")
            ),
            None,
        )
        if end is None or self.text[end] == "\n":
            raise JsonPathError("unterminated quoted string")
        self.at = end + 1
        return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), self.text[start:end])

    def _array(self) -> None:
        end = re.compile(r"[\]\n]").search(self.text, self.at)
        if end is None or end[0] == "\n":
            raise JsonPathError("unterminated array")
        inside = self.text[self.at + 1 : end.start()]
        self.at = end.end()
        several = inside.split(",")
        if len(several) > 1:
            self.steps.append(_union([_inner(f"[{one.strip(' ')}]") for one in several]))
        elif key := re.fullmatch("'([^']*)'", inside):
            self.steps += _inner(f".{key[1]}").steps
        else:
            self.steps.append(_slice(":" if inside == "*" else inside))

    def _filter(self) -> Step:
        match = re.compile(r"""\[\?\(((?:[^"'()\n]|"[^"\n]*"|'[^'\n]*')*)\)""").match(
            self.text, self.at
        )
        if match is None:
            raise JsonPathError("unterminated filter")
        if not self.text.startswith("]", match.end()):
            raise JsonPathError("unclosed array expect ]")
        self.at = match.end() + 1
        comparison = _COMPARISON.fullmatch(match[1])
        if comparison is None:
            return _filter(_inner(match[1]), "exists", Part("", []))
        left, operator, right = comparison.groups()
        return _filter(_inner(left), operator, _inner(right))


def _inner(text: str) -> Part:
    return next(_parts("{" + text + "}"))


# --- walking (jsonpath.go) -----------------------------------------------------------------------


def _constant(value: Any) -> Step:
    return lambda found: [value] * (len(found) if not isinstance(value, str) else 1)


def _unknown(word: str) -> Step:
    def fail(_: Values) -> Values:
        raise JsonPathError(f"unrecognized identifier {word}")

    return fail


def _key(name: str) -> Step:
    return lambda found: [v[name] for v in found if isinstance(v, dict) and name in v]


def _entries(value: Any) -> Values:
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    return value if isinstance(value, list) else []


def _every(found: Values) -> Values:
    return [entry for value in found for entry in _entries(value)]


def _descend(found: Values) -> Values:
    below: Values = []
    for value in found:
        if entries := _entries(value):
            below += [value, *_descend(entries)]
    return below


def _union(parts: list[Part]) -> Step:
    return lambda found: [value for part in parts for value in part.walk(found)]


def _slice(text: str) -> Step:
    match = _SLICE.fullmatch(text)
    if match is None:
        raise JsonPathError(f"invalid array index {text}")
    start, stop, step = ((word or "").lstrip(":") for word in match.groups())
    one = match[2] is None  # [n], not [n:m]
    first = int(start or 0)

    def take(found: Values) -> Values:
        taken: Values = []
        for value in found:
            if value is None:
                continue
            if not isinstance(value, list):
                raise JsonPathError(f"{_go_type(value)} is not array or slice")
            length = len(value)
            begin = first + length if first < 0 else first
            end = first + 1 if one else int(stop or length)
            end += length if end < 0 or (one and end == 0) else 0
            if begin == end:
                return taken
            _check_bounds(begin, end, length)
            if step and int(step) <= 0:
                raise JsonPathError("step must be > 0")
            taken += value[begin : end : int(step or 1)]
        return taken

    return take


def _check_bounds(begin: int, end: int, length: int) -> None:
    for index, allowed in ((begin, 0 <= begin < length), (end - 1, 0 <= end <= length)):
        if not allowed:
            raise JsonPathError(f"array index out of bounds: index {index}, length {length}")
    if begin > end:
        raise JsonPathError(f"starting index {begin} is greater than ending index {end}")


_COMPARE = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


def _filter(left: Part, operator: str, right: Part) -> Step:
    def passes(entry: Any) -> bool:
        lefts = left.walk([entry])
        if operator == "exists" or not lefts:
            return bool(lefts)
        rights = right.walk([entry])
        if len(lefts) > 1 or len(rights) > 1:
            raise JsonPathError("can only compare one element at a time")
        return bool(rights) and _compared(lefts[0], operator, rights[0])

    def keep(found: Values) -> Values:
        for value in found:
            if not isinstance(value, list):
                words = "is not array or slice and cannot be filtered"
                raise JsonPathError(f"{plain_text(value)} {words}")
        return [entry for value in found for entry in value if passes(entry)]

    return keep


def _compared(left: Any, operator: str, right: Any) -> bool:
    if operator not in _COMPARE:
        raise JsonPathError(f"unrecognized filter operator {operator}")
    if _kind(left) != _kind(right):
        raise JsonPathError("incompatible types for comparison")
    if isinstance(left, dict | list | None) or (
        isinstance(left, bool) and operator not in ("==", "!=")
    ):
        raise JsonPathError("invalid type for comparison")
    return bool(_COMPARE[operator](left, right))


def _kind(value: Any) -> type:
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)


# --- values as text ------------------------------------------------------------------------------


def _text(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value)


def _go_type(value: Any) -> str:
    match value:
        case dict():
            return "map[string]interface {}"
        case list():
            return "[]interface {}"
        case bool():
            return "bool"
        case int():
            return "int64"
        case float():
            return "float64"
    return "string"


def go_syntax(value: Any) -> str:
    """A value as Go's ``%#v`` writes it.

    >>> go_syntax({"a": [1, "b", None]})
    'map[string]interface {}{"a":[]interface {}{1, "b", interface {}(nil)}}'
    """
    if isinstance(value, dict):
        inside = (f"{quote(key)}:{go_syntax(value[key])}" for key in sorted(value))
        return f"{_go_type(value)}{{{', '.join(inside)}}}"
    if isinstance(value, list):
        return f"{_go_type(value)}{{{', '.join(map(go_syntax, value))}}}"
    if isinstance(value, str):
        return quote(value)
    return "interface {}(nil)" if value is None else to_json(value)


def plain_text(value: Any) -> str:
    """A value as Go's ``%v`` writes it."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{plain_text(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(plain_text, value))}]"
    return "<nil>" if value is None else _text(value)
