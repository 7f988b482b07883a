"""``-o yaml``, ``-o json``, ``-o name`` and ``-o jsonpath=...``, set as kubectl sets them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

from rollviz.kubectl.errors import KubectlError
from rollviz.kubectl.jsonpath import JsonPath, JsonPathError, finder, go_syntax, plain_text
from rollviz.kubectl.resources import BY_KIND
from rollviz.kubectl.text import NONE, Columns, to_json
from rollviz.manifest.types import element, structs
from rollviz.objects import Json

FORMATS = (
    "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,"
    "template,templatefile,yaml"
)
"""What ``-o`` takes in kubectl."""

FORMATS_OF_GET = f"custom-columns,custom-columns-file,{FORMATS.replace(',yaml', ',wide,yaml')}"
"""What it takes in ``kubectl get``."""

HERE = ("custom-columns", "json", "jsonpath", "jsonpath-as-json", "name", "wide", "yaml")
"""Those that rollviz has too."""

Printer = Callable[[Json], str]


def printer(output: str, allowed: str = FORMATS, *, typed: bool = False) -> Printer:
    """The printer that ``-o`` asks for (tables are none of these).

    Args:
        output: what stands after ``-o``.
        allowed: the formats that the command has in kubectl.
        typed: kubectl has the object as a Go struct, whose fields JSON shows in their own order.

    Raises:
        KubectlError: there is no such output format, or the path in it is broken.
    """
    kind, _, template = output.partition("=")
    match kind.lower() if kind.lower() in ("json", "name", "yaml") else kind:
        case "yaml":
            return to_yaml
        case "json" if typed:
            return lambda item: to_json(in_go_order(item), indent=4, sort=False) + "\n"
        case "json":
            return lambda item: to_json(item, indent=4) + "\n"
        case "name":
            return names
        case "jsonpath":
            return _jsonpath(template)
        case "jsonpath-as-json":
            return _jsonpath(template, as_json=True)
    if kind in allowed.split(","):
        raise KubectlError(f"rollviz has no -o {kind}. It has: {', '.join(HERE)}")
    raise KubectlError(
        f'unable to match a printer suitable for the output format "{output}", '
        f"allowed formats are: {allowed}"
    )


def in_go_order(item: Json) -> Json:
    """An object with its fields in the order of its Go struct, as the typed client prints it."""
    type_meta = {key: item[key] for key in ("kind", "apiVersion")}
    return {**type_meta, **_ordered(item, item["kind"]), **type_meta}


def _ordered(value: Any, type_: str) -> Any:
    if isinstance(value, list):
        return [_ordered(entry, element(type_)) for entry in value]
    fields = structs().get(type_, {})
    if not isinstance(value, dict) or not fields:
        return dict(sorted(value.items())) if isinstance(value, dict) else value
    known = [name for name in fields if name in value]
    return {name: _ordered(value[name], fields[name].type) for name in known}


def custom_columns(spec: str, *, headers: bool = True) -> Printer:
    """The printer for ``-o custom-columns=NAME:.metadata.name,...`` (``customcolumn.go``).

    Raises:
        KubectlError: a column has no path, or one that can't be read.
    """
    if not spec:
        raise KubectlError("custom-columns format specified but no custom columns given")
    columns = [_column(column) for column in spec.split(",")]
    return lambda item: _rows(columns, item, headers)


Column = tuple[str, Callable[[Json], list[Any]]]


def _column(text: str) -> Column:
    header, colon, path = text.partition(":")
    if not colon:
        raise KubectlError(
            f"unexpected custom-columns spec: {text}, expected <header>:<json-path-expr>"
        )
    try:
        return header, finder(path)
    except JsonPathError as error:
        raise KubectlError(str(error)) from error


def _rows(columns: list[Column], item: Json, headers: bool) -> str:
    items = item["items"] if item["kind"] == "List" else [item]
    rows = [[header for header, _ in columns]] if headers else []
    try:
        for one in items:
            found = (",".join(map(plain_text, find(one))) for _, find in columns)
            rows.append([cell or NONE for cell in found])
    except JsonPathError as error:
        raise KubectlError(str(error)) from error
    return Columns().lines(rows)


def names(item: Json) -> str:
    """An object, or every object of a list, as ``deployment.apps/web``."""
    items = item["items"] if item["kind"] == "List" else [item]
    return "".join(
        f"{BY_KIND[i['kind']].qualified}/{i['metadata'].get('name', '<unknown>')}\n" for i in items
    )


def _jsonpath(template: str, *, as_json: bool = False) -> Printer:
    if not template:
        raise KubectlError("template format specified but no template given")
    try:
        path = JsonPath(template)
    except JsonPathError as error:
        raise KubectlError(f"error parsing jsonpath {template}, {error}") from error
    return lambda item: _filled_in(path, template, item, as_json)


def _filled_in(path: JsonPath, template: str, item: Json, as_json: bool) -> str:
    try:
        return path.as_json(item) if as_json else path.printed(item)
    except JsonPathError as error:
        raise KubectlError(
            f'error executing jsonpath "{template}": Error executing template: {error}. Printing '
            f"more information for debugging the template:\n\ttemplate was:\n\t\t{template}\n"
            f"\tobject given to jsonpath engine was:\n\t\t{go_syntax(item)}\n\n\n"
        ) from error


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


_NO_STRING = re.compile(
    r"[nNyY]|[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d{1,2})?|[-+]?0o[0-7]+|\d{4}-\d\d?-\d\d?"
)
"""Words that go-yaml reads as another type, or did once, beyond those that PyYAML does."""


def _represent_string(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text:
        style = "|"
    elif _NO_STRING.fullmatch(text) or max(text, default="") > "\uffff":
        style = '"'
    else:
        tag = dumper.resolve(  # type: ignore[no-untyped-call]
            yaml.ScalarNode, text, (True, False)
        )
        if tag.rpartition(":")[2] not in ("str", "yaml"):
            style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _represent_string)
