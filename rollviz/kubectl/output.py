"""``-o yaml``, ``-o json``, ``-o name`` and ``-o jsonpath=...``, set as kubectl sets them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

from rollviz.kubectl.errors import KubectlError
from rollviz.kubectl.jsonpath import JsonPath, JsonPathError
from rollviz.kubectl.resources import BY_KIND
from rollviz.kubectl.text import to_json
from rollviz.objects import Json

FORMATS = ("json", "jsonpath", "name", "wide", "yaml")
"""What ``-o`` takes here."""

Printer = Callable[[Json], str]


def printer(output: str) -> Printer:
    """The printer that ``-o`` asks for (``wide`` is a table, and none of these).

    Raises:
        KubectlError: there is no such output format, or the path in it is broken.
    """
    kind, _, template = output.partition("=")
    match kind:
        case "yaml":
            return to_yaml
        case "json":
            return lambda item: to_json(item, indent=4) + "\n"
        case "name":
            return names
        case "jsonpath":
            return _jsonpath(template)
    raise KubectlError(
        f'unable to match a printer suitable for the output format "{output}", '
        f"allowed formats are: {','.join(FORMATS)}"
    )


def names(item: Json) -> str:
    """An object, or every object of a list, as ``deployment.apps/web``."""
    items = item["items"] if item["kind"] == "List" else [item]
    return "".join(f"{BY_KIND[i['kind']].qualified}/{i['metadata']['name']}\n" for i in items)


def _jsonpath(template: str) -> Printer:
    if not template:
        raise KubectlError("template format specified but no template given")
    try:
        return JsonPath(template).printed
    except JsonPathError as error:
        raise KubectlError(f"error parsing jsonpath {template}, {error}") from error


def to_yaml(value: Any) -> str:
    r"""A value as YAML, set as kubectl sets it.

    >>> to_yaml({"revision": "1", "ports": [80]})
    'ports:\n- 80\nrevision: "1"\n'
    """
    return str(yaml.dump(value, Dumper=_Dumper, default_flow_style=False, allow_unicode=True))


class _Dumper(yaml.SafeDumper):
    """Strings quoted where YAML would read another type; lines of text as blocks; no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_string(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text:
        style = "|"
    elif (
        dumper.resolve(  # type: ignore[no-untyped-call]
            yaml.ScalarNode, text, (True, False)
        )
        != "tag:yaml.org,2002:str"
    ):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _represent_string)
