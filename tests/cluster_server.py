"""A simulated cluster as an API server on 127.0.0.1, for the real kubectl to work on.

The objects, the API server's printed columns and its refusals are rollviz's; everything that
kubectl does on its own side (arguments, requests, patches, layout, words) is the real one's.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from rollviz import manifest
from rollviz.kubectl import selectors
from rollviz.kubectl.apply import MERGE_KEYS
from rollviz.kubectl.resources import ALL, DEPLOYMENT, EMPTY, POD, REPLICA_SET, RESOURCES, Resource
from rollviz.kubectl.tables import Table, table_of
from rollviz.kubectl.view import View
from rollviz.objects import Deployment
from rollviz.simulator import ApiError, Cluster

NAMESPACES = {"default", "kube-system"}
EVERY_KIND = sorted((*RESOURCES, *EMPTY), key=lambda resource: resource.plural)
EVERY_VERB = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
NO_SUCH_PAGE = "the server could not find the requested resource"
INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class ClusterServer:
    """Serves a cluster. Use it as a context manager; ``url`` is where it listens."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.lock = threading.RLock()
        self.requests: list[str] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self._http.owner = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    def __enter__(self) -> ClusterServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Refused(Exception):
    def __init__(self, status: dict[str, Any]) -> None:
        super().__init__(status["message"])
        self.status = status


def _status(code: int, reason: str, message: str, details: Any = None) -> dict[str, Any]:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "details": details or {},
        "code": code,
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    @property
    def owner(self) -> ClusterServer:
        return self.server.owner  # type: ignore[attr-defined]

    def _handle(self) -> None:
        url = urlsplit(self.path)
        options = {key: values[0] for key, values in parse_qs(url.query).items()}
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "protobuf" in self.headers.get("Content-Type", ""):
            words = "the body of the request was in an unknown format"
            self._answer(415, _status(415, "UnsupportedMediaType", words))
            return  # and kubectl says it again in JSON
        body = json.loads(sent) if sent else None
        with self.owner.lock:
            self.owner.requests.append(f"{self.command} {self.path}")
            try:
                self._route(url.path, options, body)
            except _Refused as refused:
                self._answer(refused.status["code"], refused.status)
            except selectors.SelectorError as error:
                self._answer(400, _status(400, "BadRequest", str(error)))
            except ApiError as error:
                self._answer(error.code, _status(error.code, error.reason, error.message))
            except manifest.ManifestError as error:
                self._answer(error.code, error.status())

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle

    def _route(self, path: str, options: dict[str, str], body: Any) -> None:
        if path in FIXED:
            self._answer(200, FIXED[path])
            return
        parts = path.strip("/").split("/")
        if parts[:3] == ["api", "v1", "namespaces"] and len(parts) == 4:
            self._namespace(parts[3])
            return
        if len(parts) < 3:
            raise _Refused(_status(404, "NotFound", NO_SUCH_PAGE))
        prefix, rest = (parts[:2], parts[2:]) if parts[0] == "api" else (parts[:3], parts[3:])
        group = prefix[1] if prefix[0] == "apis" else ""
        namespace = ""
        if rest[0] == "namespaces" and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        resource = next((r for r in EVERY_KIND if (r.group, r.plural) == (group, rest[0])), None)
        if resource is None:
            if self.command == "GET" and len(rest) == 1:
                self._answer(200, {"kind": "List", "apiVersion": "v1", "metadata": {}, "items": []})
                return
            raise _Refused(_status(404, "NotFound", NO_SUCH_PAGE))
        self._serve(resource, namespace, rest[1:], options, body)

    def _serve(
        self, resource: Resource, namespace: str, rest: list[str], options: Any, body: Any
    ) -> None:
        if self.command == "GET" and options.get("watch") in ("true", "1"):
            self._watch(resource, options)
        elif self.command == "GET" and not rest:
            self._list(resource, namespace, options)
        elif self.command == "GET" and rest[1:] == ["scale"]:
            self._answer(200, self._scale_of(self._object(resource, namespace, rest[0])))
        elif self.command == "GET":
            self._one(resource, self._object(resource, namespace, rest[0]))
        elif self.command == "POST":
            self._create(namespace, options, body)
        elif self.command == "PUT":
            self._put(resource, namespace, rest, body)
        elif self.command == "PATCH":
            self._patch(resource, namespace, rest, options, body)
        else:
            self._delete(resource, namespace, rest[0], options, body or {})

    def _namespace(self, name: str) -> None:
        if name not in NAMESPACES:
            message = f'namespaces "{name}" not found'
            details = {"name": name, "kind": "namespaces"}
            raise _Refused(_status(404, "NotFound", message, details))
        self._answer(200, {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}})

    # --- reading ---------------------------------------------------------------------------------

    def _view(self) -> View:
        return View.of(self.owner.cluster)

    def _object(self, resource: Resource, namespace: str, name: str) -> Any:
        item = self._view().get(resource, name)
        if item is None or (namespace != "default" and resource.namespaced):
            message = f'{resource.qualified_plural} "{name}" not found'
            details = {"name": name, "group": resource.group, "kind": resource.plural}
            raise _Refused(_status(404, "NotFound", message, details))
        return self._versioned(item)

    def _versioned(self, item: Any) -> Any:
        versions = self._view().resource_versions()
        version = versions.get((item["kind"], item["metadata"]["name"]), "1")
        return {**item, "metadata": {**item["metadata"], "resourceVersion": version}}

    def _selected(self, resource: Resource, namespace: str, options: Any) -> list[Any]:
        matches = selectors.parse(options.get("labelSelector", ""))
        items = self._view().items(resource)
        if namespace and namespace != "default":
            items = []
        has_fields = selectors.parse_fields(options.get("fieldSelector", ""), resource.kind)
        return [
            self._versioned(item)
            for item in items
            if matches(item["metadata"].get("labels") or {}) and has_fields(item)
        ]

    def _list(self, resource: Resource, namespace: str, options: Any) -> None:
        items = self._selected(resource, namespace, options)
        version = str(len(self.owner.cluster.timeline.changes))
        if self._wants_table():
            self._answer(200, self._table(resource, items, version))
            return
        version_of = f"{resource.group}/{resource.version}"
        api_version = version_of if resource.group else "v1"
        self._answer(
            200,
            {
                "kind": f"{resource.kind}List",
                "apiVersion": api_version,
                "metadata": {"resourceVersion": version},
                "items": items,
            },
        )

    def _one(self, resource: Resource, item: Any) -> None:
        whole = self._table(resource, [item], "") if self._wants_table() else item
        self._answer(200, whole)

    def _wants_table(self) -> bool:
        return "as=Table" in self.headers.get("Accept", "").split(",")[0]

    def _table(self, resource: Resource, items: list[Any], version: str) -> Any:
        view = self._view()
        wide, narrow = table_of(resource, True), table_of(resource, False)
        now = view.epoch + view.now
        columns = [
            {"name": _title(name), "type": "string", "format": "", "description": "", "priority": 0}
            for name in wide.header(True)
        ]
        _priorities(columns, narrow, wide)
        columns[wide.name_column or 0]["format"] = "name"
        rows = [
            {
                "cells": wide.row(item, now, True),
                "object": item if "includeObject=Object" in self.path else _partial(item),
            }
            for item in items
        ]
        return {
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": {"resourceVersion": version},
            "columnDefinitions": columns,
            "rows": rows,
        }

    def _watch(self, resource: Resource, options: Any) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        cluster = self.owner.cluster
        changes = cluster.timeline.changes
        seen = int(options.get("resourceVersion") or len(changes))
        name = dict(
            term.split("=", 1) for term in options.get("fieldSelector", "").split(",") if term
        ).get("metadata.name")
        matches = selectors.parse(options.get("labelSelector", ""))
        if options.get("sendInitialEvents") == "true":
            seen = len(changes)
            for item in self._selected(resource, "default", options):
                self._event("ADDED", resource, item, seen)
            mark = {
                "kind": resource.kind,
                "apiVersion": "apps/v1",
                "metadata": {
                    "resourceVersion": str(seen),
                    "annotations": {INITIAL_EVENTS_END: "true"},
                    "creationTimestamp": None,
                },
                "spec": {
                    "selector": None,
                    "template": {"metadata": {}, "spec": {"containers": None}},
                    "strategy": {},
                },
                "status": {},
            }
            self._send({"type": "BOOKMARK", "object": mark})
        while True:
            while seen < len(changes):
                change = changes[seen]
                seen += 1
                item = change.object
                if (
                    item.kind == resource.kind
                    and name in (None, item.metadata.name)
                    and matches(item.metadata.labels)
                ):
                    self._event(change.type, resource, item.to_api(cluster.epoch), seen)
            due = cluster.next_event()
            if due is None or due > cluster.now + (60 if self._wants_table() else 700):
                if not self._wants_table():
                    self.connection.recv(1)  # until kubectl hangs up
                return
            cluster.run_to(due)

    def _event(self, type: str, resource: Resource, item: Any, version: int) -> None:
        item = {**item, "metadata": {**item["metadata"], "resourceVersion": str(version)}}
        object = self._table(resource, [item], str(version)) if self._wants_table() else item
        self._send({"type": type, "object": object})

    def _send(self, event: Any) -> None:
        self.wfile.write(json.dumps(event).encode() + b"\n")
        self.wfile.flush()

    # --- writing ---------------------------------------------------------------------------------

    def _create(self, namespace: str, options: Any, body: Any) -> None:
        if namespace not in NAMESPACES:
            raise _Refused(
                _status(
                    404,
                    "NotFound",
                    f'namespaces "{namespace}" not found',
                    {"name": namespace, "kind": "namespaces"},
                )
            )
        manifest.check(body)
        for_warning = manifest.warnings(body)
        deployment = Deployment.from_api(manifest.defaulted(body))
        cluster = self.owner.cluster
        if "dryRun" in options:
            cluster = cluster.fork()
        made = cluster.create(deployment)
        headers = [("Warning", f'299 - "{words}"') for words in for_warning]
        created = made.to_api(cluster.epoch)
        self._answer(201, created if "dryRun" in options else self._versioned(created), headers)

    def _patch(
        self, resource: Resource, namespace: str, rest: list[str], options: Any, body: Any
    ) -> None:
        current = self._object(resource, namespace, rest[0])
        cluster = self.owner.cluster
        if "dryRun" in options:
            cluster = cluster.fork()
        kind = self.headers["Content-Type"]
        if rest[1:] == ["scale"]:
            scale = merge(self._scale_of(current), body)
            changed = {
                **current,
                "spec": {**current["spec"], "replicas": scale["spec"]["replicas"]},
            }
        elif kind == "application/json-patch+json":
            changed = json_patch(current, body)
        elif kind == "application/merge-patch+json":
            changed = merge(current, body)
        else:
            changed = strategic("", current, body)
        before, after = (
            {key: value for key, value in item.items() if key != "status"}
            for item in (current, changed)
        )
        manifest.check_update(before, after)
        stored = cluster.replace(Deployment.from_api(manifest.defaulted(after)))
        answer = self._versioned(stored.to_api(cluster.epoch))
        self._answer(200, self._scale_of(answer) if rest[1:] == ["scale"] else answer)

    def _put(self, resource: Resource, namespace: str, rest: list[str], body: Any) -> None:
        current = self._object(resource, namespace, rest[0])
        cluster = self.owner.cluster
        spec = {**current["spec"], "replicas": body["spec"]["replicas"]}
        stored = cluster.replace(Deployment.from_api({**current, "spec": spec}))
        self._answer(200, self._scale_of(stored.to_api(cluster.epoch)))

    def _delete(
        self, resource: Resource, namespace: str, name: str, options: Any, body: Any
    ) -> None:
        item = self._object(resource, namespace, name)
        cluster = self.owner.cluster
        if not ("dryRun" in options or body.get("dryRun")):
            if resource is DEPLOYMENT:
                cluster.delete_deployment(name)
            elif resource is POD:
                cluster.delete_pod(name, body.get("gracePeriodSeconds"))
                cluster.run_until(lambda c: name not in c.snapshot.pods)
            elif resource is REPLICA_SET:
                cluster.delete_replica_set(name)
        self._answer(
            200,
            {
                "kind": "Status",
                "apiVersion": "v1",
                "metadata": {},
                "status": "Success",
                "details": {
                    "name": name,
                    "group": resource.group,
                    "kind": resource.plural,
                    "uid": item["metadata"]["uid"],
                },
            },
        )

    def _scale_of(self, item: Any) -> Any:
        metadata = item["metadata"]
        return {
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": {
                key: metadata[key]
                for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
                if key in metadata
            },
            "spec": {"replicas": item["spec"]["replicas"]},
            "status": {"replicas": (item.get("status") or {}).get("replicas", 0)},
        }

    def _answer(self, code: int, item: Any, headers: Any = ()) -> None:
        body = json.dumps(item).encode()
        content = "application/json"
        if (
            "g=apidiscovery.k8s.io" in self.headers.get("Accept", "")
            and item.get("kind") == "APIGroupDiscoveryList"
        ):
            content += ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        self.send_response(code)
        self.send_header("Content-Type", content)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _title(name: str) -> str:
    return name.title()


def _priorities(columns: list[Any], narrow: Table, wide: Table) -> None:
    shown = set(narrow.header(False))
    for column, name in zip(columns, wide.header(True), strict=True):
        column["name"] = name
        column["priority"] = 0 if name in shown else 1


def _partial(item: Any) -> Any:
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": item["metadata"],
    }


# --- patches -------------------------------------------------------------------------------------


def merge(current: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(current) if isinstance(current, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def strategic(field: str, current: Any, patch: Any) -> Any:
    """A strategic merge patch, with the directives that kubectl sends."""
    if isinstance(patch, dict):
        return _strategic_map(current if isinstance(current, dict) else {}, patch)
    if isinstance(patch, list) and field in MERGE_KEYS:
        key = MERGE_KEYS[field]
        merged = {element[key]: element for element in current or []}
        for element in patch:
            if element.get("$patch") == "delete":
                merged.pop(element[key], None)
            else:
                merged[element[key]] = strategic("", merged.get(element[key]), element)
        return list(merged.values())
    return patch


def _strategic_map(current: Any, patch: Any) -> Any:
    merged = dict(current)
    orders = {}
    for key, value in patch.items():
        if key == "$retainKeys":
            continue
        if key.startswith("$setElementOrder/"):
            orders[key.removeprefix("$setElementOrder/")] = value
        elif key == "$patch":
            continue
        elif value is None:
            merged.pop(key, None)
        else:
            merged[key] = strategic(key, merged.get(key), value)
    for key, order in orders.items():
        if key in MERGE_KEYS and key in merged:
            by = MERGE_KEYS[key]
            place = {element[by]: n for n, element in enumerate(order)}
            merged[key] = sorted(merged[key], key=lambda e: place.get(e[by], len(place)))
    if "$retainKeys" in patch:
        merged = {key: value for key, value in merged.items() if key in patch["$retainKeys"]}
    return merged


def json_patch(current: Any, patch: Any) -> Any:
    """RFC 6902: ``add`` and ``replace`` of fields, which is what an undo sends."""
    changed = json.loads(json.dumps(current))
    for change in patch:
        *parents, last = (
            part.replace("~1", "/").replace("~0", "~") for part in change["path"].split("/")[1:]
        )
        at = changed
        for name in parents:
            at = at[name]
        if change["op"] in ("add", "replace"):
            at[last] = change["value"]
        else:
            del at[last]
    return changed


# --- discovery -----------------------------------------------------------------------------------


def _discovered(resource: Resource) -> Any:
    version = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    found: Any = {
        "resource": resource.plural,
        "responseKind": version,
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": EVERY_VERB,
        "shortNames": list(resource.short),
    }
    if resource in ALL:
        found["categories"] = ["all"]
    if resource.group == "apps":
        found["subresources"] = [
            {
                "subresource": "scale",
                "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"},
                "verbs": ["get", "patch", "update"],
            }
        ]
    return found


def _groups(*names: str) -> Any:
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [_group(name, [r for r in EVERY_KIND if r.group == name]) for name in names],
    }


def _group(name: str, resources: list[Resource]) -> Any:
    version = {
        "version": resources[0].version,
        "resources": [_discovered(resource) for resource in resources],
        "freshness": "Current",
    }
    return {"metadata": {"name": name} if name else {}, "versions": [version]}


def _operation(group: str, kind: str) -> Any:
    return {
        "x-kubernetes-group-version-kind": {"group": group, "version": "v1", "kind": kind},
        "x-kubernetes-action": "patch",
        "parameters": [
            {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
            for name in ("dryRun", "fieldManager", "fieldValidation")
        ],
        "responses": {},
    }


def _openapi(path: str, group: str, kind: str) -> Any:
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.36.2"},
        "paths": {path: {"patch": _operation(group, kind)}},
        "components": {},
    }


FIXED = {
    "/api": _groups(""),
    "/apis": _groups(*sorted({resource.group for resource in EVERY_KIND} - {""})),
    "/version": {"major": "1", "minor": "36", "gitVersion": "v1.36.2"},
    "/openapi/v3": {
        "paths": {
            path: {"serverRelativeURL": f"/openapi/v3/{path}?hash=1"}
            for path in ("apis/apps/v1", "api/v1")
        }
    },
    "/openapi/v3/apis/apps/v1": _openapi(
        "/apis/apps/v1/namespaces/{namespace}/deployments/{name}", "apps", "Deployment"
    ),
    "/openapi/v3/api/v1": _openapi("/api/v1/namespaces/{name}", "", "Namespace"),
}
