r"""YAML as kubectl reads it, which is how go-yaml does.

``yes`` and ``on`` are booleans, ``010`` is 8, dates and ``12:30`` are text, tags that JSON knows
nothing of are passed over, and of a key that is there twice the last one counts.

>>> Loader("a: on\nb: 12:30\nc: 010\n").get_data()
{'a': True, 'b': '12:30', 'c': 8}
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from rollviz.manifest.errors import quote


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as go-yaml resolves it; ``twice`` are the keys that were there twice.

    ``first`` is the line that the text begins with in its file, from 0.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self, text: str, first: int = 0) -> None:
        super().__init__(text)
        self.text = text
        self.first = first
        self.twice: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        """A mapping; notes keys that are there twice."""
        if not isinstance(node, yaml.MappingNode):
            return super().construct_mapping(node, deep)  # says that it is none
        seen: set[str] = set()
        for key, value in node.value:
            if key.tag == _NULL:
                shown = _go_syntax(self.construct_object(value, deep=True))
                client = f"unsupported map key of type: %!s(<nil>), key: <nil>, value: {shown}"
                problem = "a key is missing before the colon"
                raise NotJson(problem, key.start_mark, client)
            if not isinstance(key, yaml.ScalarNode):
                shown = _go_syntax(self.construct_object(key, deep=True))
                problem = "braces or brackets in the place of a key: text in them needs quotes"
                raise NotJson(problem, key.start_mark, f"yaml: invalid map key: {shown}")
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                if key.value in seen:
                    line = self.first + key.start_mark.line + 1
                    words = f'line {line}: "{key.value}" is there twice, and the last one counts'
                    self.twice.append(words)
                seen.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_document(self, node: yaml.Node) -> Any:
        """A document, unless its aliases make far more of it than was written."""
        written: dict[int, int] = {}
        size = self._size(node, written)
        aliased = size - len(written)
        if size > 1000 and aliased > 100 and aliased / size > _aliased_at_most(size):
            raise _unreadable("document contains excessive aliasing", None)
        return super().construct_document(node)

    def _size(self, node: yaml.Node, written: dict[int, int]) -> int:
        """How many nodes there are once every alias is written out; fills in each one's."""
        if id(node) in written:
            if not written[id(node)]:  # its own size is being counted
                name = self._name_at(node.start_mark, "&")
                raise _unreadable(f"anchor '{name}' value contains itself", None)
            return written[id(node)]
        written[id(node)] = 0
        below = node.value if isinstance(node, yaml.SequenceNode) else ()
        if isinstance(node, yaml.MappingNode):
            below = [part for pair in node.value for part in pair]
        written[id(node)] = 1 + sum(self._size(part, written) for part in below)
        return written[id(node)]

    def _name_at(self, mark: Any, sign: str) -> str:
        """The name of the anchor or alias that begins there."""
        lines = self.text.splitlines()
        found = re.match(rf"\{sign}([\w-]+)", lines[mark.line][mark.column :])
        return found[1] if found else ""

    def in_goyamls_words(self, error: yaml.YAMLError) -> yaml.YAMLError:
        """The error, where go-yaml has other words for it than libyaml."""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        if problem.startswith("found undefined alias"):
            mark = getattr(error, "problem_mark", None)
            name = self._name_at(mark, "*") if mark else ""
            return _unreadable(f"unknown anchor '{name}' referenced", mark)
        if "list of mappings for merging" in problem:
            words = "map merge requires map or sequence of maps as the value"
            return _unreadable(words, error.problem_mark)  # type: ignore[attr-defined]
        if problem.endswith("<document start>") and re.match("%YAML (?!1.1)", self.text):
            return _unreadable("found incompatible YAML document", None)
        if problem.endswith("control characters are not allowed"):
            return _unreadable("control characters are not allowed", None)
        return error


def _aliased_at_most(size: int) -> float:
    """The share of nodes that may come from aliases (``allowedAliasRatio``)."""
    low, high = 400_000, 4_000_000
    return 0.99 - 0.89 * min(max(size - low, 0) / (high - low), 1)


_MERGE, _NULL = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:null"
_TRUE = "y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON"
_FALSE = "n|N|no|No|NO|false|False|FALSE|off|Off|OFF"
# A number has a digit: "_" and "0x_" are texts.
_INTEGER = (
    r"[-+]?(?:0[xX]_*[0-9a-fA-F][0-9a-fA-F_]*|0[bB]_*[01][01_]*|0[oO]_*[0-7][0-7_]*"
    r"|0[0-7_]*|[1-9][0-9_]*)"
)
_FLOAT = r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_MOST_DIGITS = 400  # far more than any type holds, and fewer than Python refuses to read
_SPECIAL = r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"

for _tag, _regex in {
    "bool": f"{_TRUE}|{_FALSE}",
    "null": "~|null|Null|NULL|",
    "int": _INTEGER,
    "float": f"{_FLOAT}|{_SPECIAL}",
    "merge": "<<",
}.items():
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_regex})$"), None)


def _check_tag(loader: Any, node: yaml.ScalarNode, *tags: str) -> None:
    """A tag that was written out (``!!int abc``) has to fit what stands after it."""
    found = loader.resolve(yaml.ScalarNode, node.value, (True, False)).rpartition(":")[2]
    if found not in tags:
        words = f"cannot decode !!{found} `{node.value}` as a !!{tags[0]}"
        raise _unreadable(words, None)


def _construct_bool(loader: Any, node: yaml.ScalarNode) -> bool:
    _check_tag(loader, node, "bool")
    return node.value in _TRUE.split("|")


def _construct_null(loader: Any, node: yaml.ScalarNode) -> None:
    _check_tag(loader, node, "null")


def _construct_int(loader: Any, node: yaml.ScalarNode) -> Any:
    _check_tag(loader, node, "int")
    text = node.value.replace("_", "")
    digits = text.lstrip("+-")
    octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    if len(digits) > _MOST_DIGITS:
        return _construct_float(loader, node)
    number = int(digits, 8) if octal else int(digits, 0)
    number = -number if text.startswith("-") else number
    return number if -(1 << 63) <= number < 1 << 64 else float(number)


def _construct_float(loader: Any, node: yaml.ScalarNode) -> Any:
    """A number; one that no float holds stays text."""
    _check_tag(loader, node, "float", "int")
    text = node.value.lower()
    if text.endswith(("inf", "nan")):
        shown = "NaN" if "nan" in text else f"{'-' if text[0] == '-' else '+'}Inf"
        problem = f"json: unsupported value: {shown}"
        raise NotJson(problem, None, problem)
    number = float(text.replace("_", ""))
    return node.value if math.isinf(number) else number


def _construct_plain(loader: Any, node: yaml.Node) -> Any:
    """What has a tag that JSON knows nothing of: its text, list or mapping."""
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


def _of_scalar(construct: Any) -> Any:
    """A list or a mapping is what it is, whatever its tag says."""
    return lambda loader, node: (
        construct if isinstance(node, yaml.ScalarNode) else _construct_plain
    )(loader, node)


class NotJson(yaml.constructor.ConstructorError):
    """YAML that JSON has nothing for; ``client`` is what kubectl says to it."""

    def __init__(self, problem: str, mark: Any, client: str) -> None:
        super().__init__(None, None, problem, mark)
        self.client = client


def _go_syntax(value: Any, inside: bool = False) -> str:
    """A value as Go's ``%#v`` writes it."""
    if isinstance(value, dict):
        pairs = sorted(f"{_go_syntax(k, True)}:{_go_syntax(v, True)}" for k, v in value.items())
        return f"map[interface {{}}]interface {{}}{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(_go_syntax(v, True) for v in value)}}}"
    if value is None:
        return "interface {}(nil)" if inside else "<nil>"
    return quote(value) if isinstance(value, str) else str(value).lower()


def _unreadable(problem: str, mark: Any) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, mark)


for _tag, _construct in {
    "bool": _construct_bool,
    "int": _construct_int,
    "float": _construct_float,
    "null": _construct_null,
    "str": _construct_plain,
    **dict.fromkeys(("timestamp", "binary", "set", "omap", "pairs"), _construct_plain),
}.items():
    Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _of_scalar(_construct))
Loader.add_constructor(None, _construct_plain)
