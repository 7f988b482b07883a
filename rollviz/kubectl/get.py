"""``kubectl get`` and ``kubectl describe``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rollviz.kubectl import jsonpath
from rollviz.kubectl.describe import DESCRIBERS, describe
from rollviz.kubectl.errors import KubectlError
from rollviz.kubectl.output import FORMATS_OF_GET, Printer, custom_columns, printer
from rollviz.kubectl.resources import Resource, Target
from rollviz.kubectl.session import Found, Line, Lines, Session, raise_all
from rollviz.kubectl.tables import table_of
from rollviz.kubectl.text import Columns, format_labels, to_json
from rollviz.objects import Json
from rollviz.timeline import Change

PATIENCE_SECONDS = 60.0
"""``get -w`` ends once nothing at all is due within so many virtual seconds."""

WATCH_LIMIT_SECONDS = 3600.0
"""``get -w`` ends after so many virtual seconds in any case."""

NOTHING_ASKED = (
    'You must specify the type of resource to get. Use "kubectl api-resources" for a complete '
    "list of supported resources.\n\n"
    "error: Required resource not specified.\n"
    'Use "kubectl explain <resource>" for a detailed description of that resource '
    "(e.g. kubectl explain pods).\n"
    "See 'kubectl get -h' for help and examples"
)


NOTHING_TO_DESCRIBE = (
    'You must specify the type of resource to describe. Use "kubectl api-resources" for a '
    "complete list of supported resources."
)


def get(session: Session) -> Lines:
    """``kubectl get``: objects as a table or as ``-o`` asks for, followed by changes with -w."""
    flags = session.flags
    if not session.args and not flags["filename"]:
        raise KubectlError(NOTHING_ASKED, verbatim=True)
    if flags["show-labels"] and flags["output"] not in ("", "wide"):
        words = f"--show-labels option cannot be used with {flags['output']} printer"
        raise KubectlError(words)
    wanted = session.targets(session.args, everything=True)
    if flags["watch"] or flags["watch-only"]:
        yield from _watch(session, wanted)
        return
    found, errors = session.find_all(wanted)
    if flags["output"] in ("", "wide"):
        yield from _tables(session, _sorted_rows(session, found), wanted, errors)
    elif found or not (errors or flags["ignore-not-found"]):
        yield _as_documents(session, _sorted(session, found), wanted)
    raise_all(errors)


def _sorted_rows(session: Session, found: list[Found]) -> list[Found]:
    """The same for a table: kubectl sorts one, and leaves it out where the path finds nothing."""
    if not session.flags["sort-by"] or len(found) < 2:
        return found
    several_tables = len({one.resource for one in found}) > 1
    try:
        if not several_tables:
            return _sorted(session, found)
    except KubectlError:
        return []
    raise _nothing_to_sort_by(jsonpath.relaxed(session.flags["sort-by"]))


def _nothing_to_sort_by(path: str) -> KubectlError:
    return KubectlError(f'couldn\'t find any field with path "{path}" in the list of objects')


def _sorted(session: Session, found: list[Found]) -> list[Found]:
    """``--sort-by``: by what a path finds; numbers as numbers."""
    path = session.flags["sort-by"]
    if not path:
        return found
    try:
        find = jsonpath.finder(path)
        keys = {id(f.item): find(f.item) for f in found}
    except jsonpath.JsonPathError as error:
        raise KubectlError(str(error)) from error
    if found and not any(keys.values()):
        raise _nothing_to_sort_by(jsonpath.relaxed(path))
    return sorted(found, key=lambda f: [_sort_key(value) for value in keys[id(f.item)]])


def _sort_key(value: object) -> tuple[int, float, str]:
    if value is None:
        return -1, 0.0, ""
    if isinstance(value, int | float):
        return 0, float(value), ""
    return 1, 0.0, value if isinstance(value, str) else to_json(value)


# --- tables --------------------------------------------------------------------------------------


def _tables(
    session: Session,
    found: list[Found],
    wanted: Sequence[Target],
    errors: Sequence[KubectlError],
) -> Lines:
    blocks = [(r, list(group)) for r, group in groupby(found, key=lambda f: f.resource)]
    asked_for = {one.resource for one in found} | {t.resource for t in wanted if t.name is None}
    several_kinds = len(asked_for) > 1
    for number, (resource, group) in enumerate(blocks):
        if number and not session.flags["no-headers"]:
            yield session.out("\n")
        rows = _Rows(session, resource, several_kinds)
        yield session.out(rows.text([f.item for f in group], headers=True))
    if not found and not errors and not session.flags["ignore-not-found"]:
        namespaced = all(target.resource.namespaced for target in wanted)
        here = namespaced and not session.everywhere
        where = f" in {session.namespace} namespace." if here else ""
        yield session.err(f"No resources found{where}\n")


class _Rows:
    """The lines of one kind's table."""

    def __init__(self, session: Session, resource: Resource, with_kind: bool = False) -> None:
        self.session = session
        self.wide = session.flags["output"] == "wide"
        self.table = table_of(resource, self.wide)
        with_kind = with_kind or session.flags["show-kind"]
        self.prefix = f"{resource.qualified}/" if with_kind else ""
        self.label_columns: list[str] = session.flags["label-columns"] or []
        self.with_namespace = session.everywhere and resource.namespaced
        self.columns = Columns()

    def text(self, items: Sequence[Json], *, headers: bool, now: float | None = None) -> str:
        """Lines for these objects; ages as of ``now``, in seconds on the timeline's clock."""
        view = self.session.view
        time = view.epoch + (view.now if now is None else now)
        rows = [self._row(item, time) for item in items]
        if headers and not self.session.flags["no-headers"]:
            rows.insert(0, self._header())
        return self.columns.lines(rows)

    def _header(self) -> list[str]:
        header = self.table.header(self.wide)
        if self.with_namespace:
            header.insert(0, "NAMESPACE")
        header += [label.rpartition("/")[2].upper() for label in self.label_columns]
        return [*header, "LABELS"] if self.session.flags["show-labels"] else header

    def _row(self, item: Json, time: float) -> list[str]:
        cells = self.table.row(item, time, self.wide)
        if self.table.name_column is not None:
            cells[self.table.name_column] = self.prefix + cells[self.table.name_column]
        if self.with_namespace:
            cells.insert(0, item["metadata"].get("namespace", ""))
        labels = item["metadata"].get("labels") or {}
        cells += [labels.get(label, "") for label in self.label_columns]
        if self.session.flags["show-labels"]:
            cells.append(format_labels(labels))
        return cells


# --- documents -----------------------------------------------------------------------------------


def _as_documents(session: Session, found: list[Found], wanted: Sequence[Target]) -> Line:
    print_item = _printer(session)
    items = [session.versioned(f.item) for f in found]
    if len(wanted) == 1 and wanted[0].name is not None:
        return session.out(print_item(items[0]))
    listed = {
        "apiVersion": "v1",
        "items": items,
        "kind": "List",
        "metadata": {"resourceVersion": ""},
    }
    return session.out(print_item(listed))


def _printer(session: Session) -> Printer:
    output = session.flags["output"]
    if output.partition("=")[0] == "custom-columns":
        return custom_columns(output.partition("=")[2], headers=not session.flags["no-headers"])
    return printer(output, FORMATS_OF_GET)


# --- watching ------------------------------------------------------------------------------------


def _watch(session: Session, wanted: Sequence[Target]) -> Lines:
    """``-w``: the table, then a line for each change, until nothing more is due."""
    if len(wanted) > 1:
        raise KubectlError("you may only specify a single resource type")
    target = wanted[0]
    found = session.find(target)
    rows = _Rows(session, target.resource)
    headers = True
    timeline = session.view.timeline
    seen = timeline.index_at(session.view.now) if timeline else 0
    if found and not session.flags["watch-only"]:
        yield session.out(_change(session, rows, [f.item for f in found], headers))
        headers = False
    for change in _changes(session, seen):
        if _concerns(change, session, target):
            item = change.object.to_api(session.view.epoch)
            text = _change(session, rows, [item], headers, change.t)
            yield Line(change.t, text)
            headers = False


def _change(
    session: Session, rows: _Rows, items: list[Json], headers: bool, now: float | None = None
) -> str:
    if session.flags["output"] in ("", "wide"):
        return rows.text(items, headers=headers, now=now)
    return "".join(map(_printer(session), items))


def _changes(session: Session, seen: int) -> Iterator[Change]:
    """Every change from number ``seen`` on: of a recording, or while virtual time runs."""
    timeline, cluster = session.view.timeline, session.cluster
    if timeline is None:
        return
    end = session.view.now + WATCH_LIMIT_SECONDS
    while True:
        while seen < len(timeline.changes):
            seen += 1
            yield timeline.changes[seen - 1]
        if cluster is None:
            return
        due = cluster.next_event()
        if due is None or due > min(end, cluster.now + PATIENCE_SECONDS):
            return
        cluster.run_to(due)


def _concerns(change: Change, session: Session, target: Target) -> bool:
    resource, name = target
    item = change.object
    if item.kind != resource.kind or (name and item.metadata.name != name):
        return False
    return session.selected(resource)(item.to_api(session.view.epoch))


# --- describe ------------------------------------------------------------------------------------


def describe_command(session: Session) -> Lines:
    """``kubectl describe``: objects in full; a name may be the beginning of several."""
    if not session.args and not session.flags["filename"]:
        raise KubectlError(NOTHING_TO_DESCRIBE)
    wanted = session.targets(session.args, everything=True)
    found, errors = session.find_all(wanted)
    if errors and len(session.args) == 2 and (alike := _named_alike(session, wanted[0])):
        for one in alike:
            yield session.out(f"{_described(session, one, False)}\n")
        return
    alone = len(found) == 1 and not errors
    show_events = session.flags["show-events"] if session.parsed.has("show-events") else alone
    for number, one in enumerate(found):
        text = _described(session, one, show_events)
        yield session.out(f"\n\n{text}" if number else text)
    if not found and not errors:
        yield session.err(f"No resources found in {session.namespace} namespace.\n")
    raise_all(errors)


def _named_alike(session: Session, target: Target) -> list[Found]:
    """What begins with the name that was not found (``DescribeMatchingResources``)."""
    prefix = target.name or ""
    everything = session.find(Target(target.resource, None))
    return [found for found in everything if found.name.startswith(prefix)]


def _described(session: Session, found: Found, show_events: bool) -> str:
    if found.resource not in DESCRIBERS:
        known = ", ".join(resource.plural for resource in DESCRIBERS)
        raise KubectlError(f"rollviz describes {known}, not {found.resource.plural}")
    return describe(found.resource, found.item, session.view, show_events)
