"""What the cluster holds, as far as lists and watches have told, and what of it is ours.

Named after client-go's Store. A namespace is watched as a whole; what belongs to the mirrored
Deployments is told by owner: a ReplicaSet whose controller is one of them, a pod whose
controller is such a ReplicaSet, an event that regards any of these. The four watches overtake
each other, so a pod may come before its ReplicaSet: it waits, and comes in with it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any, NamedTuple

from rollviz.objects import KINDS, Json, Object

MISSED = 1000
"""How many changes are remembered of objects that may yet turn out to be ours."""

Key = tuple[str, str]
"""Kind and name."""


class Update(NamedTuple):
    """One change to the mirrored objects.

    Attributes:
        type: ``ADDED``, ``MODIFIED`` or ``DELETED``.
        object: the object after the change, or the last one seen.
        json: the same as the API sent it; None where nothing was sent: it was missing from
            a later list, or is no longer ours.
    """

    type: str
    object: Object
    json: Json | None


class _Entry(NamedTuple):
    uid: str
    version: str
    owner: str  # the uid of what it belongs to
    object: Object | None  # where it is ours
    json: Json | None  # where it is not (yet)


class Store:
    """The state of one namespace, and the changes of what belongs to some Deployments in it.

    Args:
        wants: whether a Deployment of that name is mirrored.
        prepare: what is done to every object of ours before it is looked at.

    >>> store = Store(lambda name: name == "web")
    >>> spec = {"selector": {"matchLabels": {"app": "web"}}, "template": {}}
    >>> json = {"metadata": {"name": "web", "uid": "1"}, "spec": spec}
    >>> [(update.type, update.object.name) for update in store.apply("Deployment", "ADDED", json)]
    [('ADDED', 'web')]
    """

    def __init__(
        self, wants: Callable[[str], bool], prepare: Callable[[Json], Json] = lambda json: json
    ) -> None:
        self.epoch = 0.0
        self._wants = wants
        self._prepare = prepare
        self._entries: dict[str, dict[str, _Entry]] = {kind: {} for kind in KINDS}
        self._owners: dict[str, None] = {}
        self._waiting: defaultdict[str, dict[Key, None]] = defaultdict(dict)
        self._missed: defaultdict[str, list[tuple[str, str, Json]]] = defaultdict(list)
        self._missing: deque[str] = deque()

    def names(self, kind: str) -> set[str]:
        """The names of the mirrored objects of a kind."""
        return {name for name, entry in self._entries[kind].items() if entry.object}

    def apply(self, kind: str, type: str, json: Json) -> Iterator[Update]:
        """Take in one watch event, and say what it changes, as far as the caller reads on.

        Events that were seen before, and those older than what is known, change nothing.

        Raises:
            ValueError: the object is not whole.
        """
        if type not in ("ADDED", "MODIFIED", "DELETED"):
            raise ValueError(f"{kind}: {type!r} is no type of watch event")
        name, uid, version = _identity(kind, json)
        entry = self._entries[kind].get(name)
        if entry and _older(version, entry.version):
            return
        if type != "DELETED":
            yield from self._put(kind, json)
        elif entry and entry.uid == uid:
            yield from self._delete(kind, name, json)

    def replace(self, kind: str, items: Iterable[Json]) -> Iterator[Update]:
        """Take in a whole list, and say in what it differs from what was known.

        Raises:
            ValueError: an object is not whole; what is said before that stays true.
        """
        listed = {_identity(kind, json)[0]: json for json in items}
        for name in [name for name in self._entries[kind] if name not in listed]:
            yield from self._delete(kind, name, None)
        for json in sorted(listed.values(), key=_made):
            yield from self._put(kind, json)

    def forget(self, owners: Iterable[str]) -> None:
        """Keep of the uids of owners only those that are there now, and those given."""
        ours = [e for entries in self._entries.values() for e in entries.values() if e.object]
        there = [uid for entry in ours for uid in (entry.owner, entry.uid)]
        self._owners = dict.fromkeys([*owners, *there])

    def _put(self, kind: str, json: Json) -> Iterator[Update]:
        name, uid, version = _identity(kind, json)
        entry = self._entries[kind].get(name)
        if entry and entry.uid != uid:  # deleted, and made again under the same name
            yield from self._delete(kind, name, None)
            entry = None
        if entry and version and entry.version == version:
            return
        owner = _owner(kind, json)
        if entry and not entry.object:
            self._stop_waiting(kind, name)
        if self._wants(name) if kind == "Deployment" else owner in self._owners:
            yield from self._show(kind, json, owner)
            return
        if entry and entry.object:
            yield from self._release(kind, name)
        if owner:
            self._parsed(kind, deepcopy(json), None)  # not whole? Its owner's watch can't tell
            self._wait(kind, name, _Entry(uid, version, owner, None, json))
            self._miss(owner, kind, "MODIFIED", json)

    def _show(self, kind: str, json: Json, owner: str) -> Iterator[Update]:
        name, uid, version = _identity(kind, json)
        entry = self._entries[kind].get(name)
        before = entry.object if entry else None
        object, json = self._parsed(kind, json, before)
        self._entries[kind][name] = _Entry(uid, version, owner, object, None)
        yield Update("MODIFIED" if before else "ADDED", object, json)
        if not before:
            yield from self._adopt(uid)

    def _adopt(self, uid: str) -> Iterator[Update]:
        """Let in what has waited for this owner, and let happen what it has missed."""
        self._owners[uid] = None
        missed = self._missed.pop(uid, [])
        happened = {(kind, _identity(kind, json)[0]) for kind, _, json in missed}
        for kind, name in list(self._waiting.get(uid, ())):
            json = self._entries[kind][name].json
            self._stop_waiting(kind, name)
            if (kind, name) not in happened and json is not None:
                yield from self._show(kind, json, uid)
        for kind, type, json in missed:
            yield from self.apply(kind, type, json)

    def _delete(self, kind: str, name: str, json: Json | None) -> Iterator[Update]:
        entry = self._entries[kind][name]
        object = entry.object
        if object is None:
            self._stop_waiting(kind, name)
            self._miss(entry.owner, kind, "DELETED", json or _without_version(entry.json))
            return
        if json is not None:
            object, json = self._parsed(kind, json, object)
        del self._entries[kind][name]
        yield Update("DELETED", object, json)

    def _release(self, kind: str, name: str) -> Iterator[Update]:
        """Let go of an object whose owner is no longer ours, and of all that it owns."""
        entry = self._entries[kind].pop(name)
        assert entry.object is not None
        self._owners.pop(entry.uid, None)
        yield Update("DELETED", entry.object, None)
        for owned, entries in self._entries.items():
            for key, child in list(entries.items()):
                if child.object and child.owner == entry.uid:
                    json = child.object.to_api(self.epoch)
                    yield from self._release(owned, key)
                    self._wait(owned, key, _Entry(child.uid, "", entry.uid, None, json))

    def _wait(self, kind: str, name: str, entry: _Entry) -> None:
        self._entries[kind][name] = entry
        self._waiting[entry.owner][kind, name] = None

    def _stop_waiting(self, kind: str, name: str) -> None:
        owner = self._entries[kind].pop(name).owner
        del self._waiting[owner][kind, name]
        if not self._waiting[owner]:
            del self._waiting[owner]

    def _miss(self, owner: str, kind: str, type: str, json: Json) -> None:
        """Remember what happens to an object that is not ours, or not yet."""
        self._missed[owner].append((kind, type, json))
        self._missing.append(owner)
        if len(self._missing) > MISSED:
            oldest = self._missing.popleft()
            if oldest in self._missed:
                self._missed[oldest].pop(0)
                if not self._missed[oldest]:
                    del self._missed[oldest]

    def _parsed(self, kind: str, json: Json, before: Object | None) -> tuple[Object, Json]:
        try:
            json = self._prepare(json)
            object = KINDS[kind].from_api(json, self.epoch)
        except KeyError as error:
            raise ValueError(f"{kind}: the field {error} is missing") from error
        except (TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"{kind} {json['metadata']['name']}: {error}") from error
        return (_sharing(object, before) if before else object), json


def _identity(kind: str, json: Json) -> tuple[str, str, str]:
    try:
        metadata = json["metadata"]
        return metadata["name"], metadata.get("uid", ""), metadata.get("resourceVersion", "")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{kind}: the field metadata.name is missing") from error


def _without_version(json: Json | None) -> Json:
    """An object as last seen, of which only a later list tells that it is gone."""
    json = json or {}
    metadata = {k: v for k, v in json["metadata"].items() if k != "resourceVersion"}
    return {**json, "metadata": metadata}


def _made(json: Json) -> str:
    return str(json["metadata"].get("creationTimestamp") or "")


def _older(version: str, known: str) -> bool:
    return version.isdigit() and known.isdigit() and int(version) < int(known)


def _owner(kind: str, json: Json) -> str:
    """The uid of an object's controller; for an event, of what it regards."""
    if kind == "Event":
        regarding = json.get("involvedObject") or json.get("regarding") or {}
        return str(regarding.get("uid", ""))
    owners = json["metadata"].get("ownerReferences") or ()
    return next((str(o.get("uid", "")) for o in owners if o.get("controller")), "")


def _sharing(object: Any, before: Any) -> Any:
    """The object, with what has not changed shared with what it was: that saves most memory."""
    new, old = object.metadata, before.metadata
    labels = old.labels if old.labels == new.labels else new.labels
    annotations = old.annotations if old.annotations == new.annotations else new.annotations
    metadata = replace(new, labels=labels, annotations=annotations)
    if object.kind == "Event":
        return replace(object, metadata=metadata)
    spec, template = object.spec, before.spec.template
    if spec.template.json == template.json:
        spec = replace(spec, template=template)
    return replace(object, metadata=metadata, spec=spec)
