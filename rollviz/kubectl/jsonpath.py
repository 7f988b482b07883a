r"""kubectl's JSONPath templates (``client-go/util/jsonpath``): the parts that are in use.

Text, ``{.spec.replicas}``, ``{.items[*].metadata.name}``, ``{.items[0]}``, ``['a key']``,
``{.status.conditions[?(@.type=="Available")].status}``, ``{"\n"}``, ``{range ...}...{end}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from rollviz.kubectl.text import to_json
from rollviz.objects import Json

Values = list[Any]
Step = Callable[[Values], Values]
Part = Callable[[Any], str]


class JsonPathError(ValueError):
    """A template that can't be read."""


class JsonPath:
    r"""A template, ready to be filled in.

    >>> JsonPath('{range .items[*]}{.name}{"\\n"}{end}').printed({"items": [{"name": "a"}]})
    'a\n'
    """

    def __init__(self, template: str) -> None:
        tokens = list(_tokens(template))
        self._parts = _parts(tokens)
        if tokens:
            raise JsonPathError("not in range, nothing to end")

    def printed(self, item: Json) -> str:
        """The template with an object's values in it."""
        return "".join(part(item) for part in self._parts)


def values(path: str, item: Json) -> Values:
    """What a path such as ``.metadata.name`` (braces or not) finds in an object."""
    steps = _path(path.strip().removeprefix("{").removesuffix("}"))
    return _walk(steps, item)


def _tokens(template: str) -> Iterator[tuple[bool, str]]:
    """Pieces of text, and of what stands in braces."""
    for braced, text in re.findall(r'\{((?:"(?:\\.|[^"\\])*"|[^{}"])*)\}|([^{]+|\{)', template):
        if text == "{":
            raise JsonPathError("unclosed action")
        yield (False, text) if text else (True, braced.strip())


def _parts(tokens: list[tuple[bool, str]], inside: bool = False) -> list[Part]:
    """Take tokens off the front, up to the ``{end}`` of a range."""
    parts: list[Part] = []
    while tokens:
        action, text = tokens.pop(0)
        if not action:
            parts.append(_literal(text))
        elif text == "end":
            if inside:
                return parts
            tokens.insert(0, (action, text))
            return parts
        elif text.startswith("range"):
            parts.append(_range(_path(text.removeprefix("range").strip()), _parts(tokens, True)))
        elif text.startswith('"'):
            parts.append(_literal(json.loads(text)))
        else:
            parts.append(_field(_path(text)))
    if inside:
        raise JsonPathError("unexpected end of range, no matching end")
    return parts


def _literal(text: str) -> Part:
    return lambda _: text


def _field(steps: list[Step]) -> Part:
    return lambda item: " ".join(_text(value) for value in _walk(steps, item))


def _range(steps: list[Step], parts: list[Part]) -> Part:
    return lambda item: "".join(part(value) for value in _walk(steps, item) for part in parts)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value)


def _walk(steps: list[Step], item: Any) -> Values:
    found: Values = [item]
    for step in steps:
        found = step(found)
    return found


_STEP = re.compile(
    r"""\.?\[\?\(\s*@(?P<left>[^=!<>\s]*)\s*(?:(?P<op>==|!=)\s*(?P<right>"[^"]*"|'[^']*'|[^)]*?)\s*)?\)\]
      | \.?\[(?P<index>-?\d+)\]
      | \.?\[(?P<all>\*)\]
      | \.?\['(?P<quoted>(?:\\.|[^'])*)'\]
      | \.(?P<every>\*)
      | \.(?P<field>(?:\\.|[\w/-])+)""",
    re.VERBOSE,
)


def _path(text: str) -> list[Step]:
    text = text.removeprefix("$").removeprefix("@")
    if text and text[0] not in ".[":
        text = f".{text}"
    steps, at = [], 0
    while at < len(text) and text != ".":
        match = _STEP.match(text, at)
        if match is None:
            raise JsonPathError(f"unrecognized character in action: {text[at:]!r}")
        steps.append(_step(match))
        at = match.end()
    return steps


def _step(match: re.Match[str]) -> Step:
    name = match["field"] or match["quoted"]
    if name is not None:
        return _key(re.sub(r"\\(.)", r"\1", name))
    if match["index"] is not None:
        return _at(int(match["index"]))
    if match["all"] or match["every"]:
        return _every
    return _filter(_path(match["left"]), match["op"], match["right"])


def _key(name: str) -> Step:
    return lambda found: [v[name] for v in found if isinstance(v, dict) and name in v]


def _at(index: int) -> Step:
    return lambda found: [
        v[index] for v in found if isinstance(v, list) and -len(v) <= index < len(v)
    ]


def _every(found: Values) -> Values:
    lists = (v if isinstance(v, list) else [v[k] for k in sorted(v)] for v in found if v)
    return [value for entries in lists for value in entries]


def _filter(left: list[Step], op: str | None, right: str | None) -> Step:
    wanted = (right or "").strip("\"'")

    def keep(value: Any) -> bool:
        found = [_text(v) for v in _walk(left, value)]
        if op is None:
            return bool(found)
        return (wanted in found) is (op == "==") and bool(found)

    return lambda found: [v for entries in found for v in _entries(entries) if keep(v)]


def _entries(value: Any) -> Values:
    return value if isinstance(value, list) else [value]
