r"""YAML as kubectl reads it, which is how go-yaml does.

``yes`` and ``on`` are booleans, ``010`` is 8, dates and ``12:30`` are text, tags that JSON knows
nothing of are passed over, and of a key that is there twice the last one counts.

>>> Loader("a: on\nb: 12:30\nc: 010\n").get_data()
{'a': True, 'b': '12:30', 'c': 8}
"""

from __future__ import annotations

import re
from typing import Any

import yaml


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as go-yaml resolves it; ``twice`` are the keys that were there twice."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.twice: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        """A mapping; notes keys that are there twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == _NULL:
                raise _unreadable("a key is missing before the colon", key.start_mark)
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                if key.value in seen:
                    line = key.start_mark.line + 1
                    words = f'line {line}: "{key.value}" is there twice, and the last one counts'
                    self.twice.append(words)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


_MERGE, _NULL = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:null"
_TRUE = "y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON"
_FALSE = "n|N|no|No|NO|false|False|FALSE|off|Off|OFF"
_INTEGER = r"[-+]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]+|0|[1-9][0-9_]*)"
_FLOAT = r"[-+]?(?:\.[0-9]+|[0-9_]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
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


def _construct_bool(loader: Any, node: yaml.ScalarNode) -> bool:
    return node.value in _TRUE.split("|")


def _construct_int(loader: Any, node: yaml.ScalarNode) -> int | float:
    text = node.value.replace("_", "")
    digits = text.lstrip("+-")
    octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    if len(digits) > _MOST_DIGITS:
        return _construct_float(loader, node)
    number = int(digits, 8) if octal else int(digits, 0)
    return -number if text.startswith("-") else number


def _construct_float(loader: Any, node: yaml.ScalarNode) -> float:
    text = node.value.lower()
    if text.endswith(("inf", "nan")):
        shown = "NaN" if "nan" in text else f"{'-' if text[0] == '-' else '+'}Inf"
        raise _unreadable(f"json: unsupported value: {shown}", None)
    return float(text.replace("_", ""))


def _construct_plain(loader: Any, node: yaml.Node) -> Any:
    """What has a tag that JSON knows nothing of: its text, list or mapping."""
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


def _unreadable(problem: str, mark: Any) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, mark)


for _tag, _construct in {
    "bool": _construct_bool,
    "int": _construct_int,
    "float": _construct_float,
    **dict.fromkeys(("timestamp", "binary", "set", "omap", "pairs"), _construct_plain),
}.items():
    Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _construct)
Loader.add_constructor(None, _construct_plain)
