"""A server on 127.0.0.1 that speaks the Kubernetes API's list and watch, and misbehaves on request.

It holds objects, gives every change a ``resourceVersion``, and serves what a mirror or kubectl
asks for: discovery, lists in pages, watches with bookmarks. It lets an account do what the rules
say that it was given (those of ``deploy/rbac-readonly.yaml``, mostly), refuses any method but
GET, and keeps a record of every request. Faults are queued by resource and verb, and the next
such request gets the first in the queue.
"""

from __future__ import annotations

import contextlib
import json
import re
import select
import ssl
import threading
import time
from collections import defaultdict, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "let-me-in"
USER = "system:serviceaccount:shop:rollviz"

PLURALS = {
    "deployments": ("apps", "Deployment"),
    "replicasets": ("apps", "ReplicaSet"),
    "pods": ("", "Pod"),
    "events": ("", "Event"),
}
KINDS = {kind: plural for plural, (_, kind) in PLURALS.items()}
VERSIONS = {"apps": "apps/v1", "": "v1"}
GLANCE = 0.2
"""Seconds after which a watch in which nothing happens looks whether anybody is still there."""

VERBS = ["get", "list", "watch"]
ALL_RIGHTS = [{"apiGroups": ["apps", ""], "resources": list(PLURALS), "verbs": VERBS}]

PATH = re.compile(
    r"/(?:api/v1|apis/(?P<group>apps)/v1)(?:/namespaces/(?P<namespace>[^/]+))?/(?P<plural>\w+)"
    r"(?:/(?P<name>[^/]+))?"
)


class WatchServer:
    """The API server. Use it as a context manager; ``url`` is where it listens."""

    def __init__(
        self,
        *,
        rules=None,
        cluster_wide=True,
        certificate=None,
        clients=None,
        namespace="shop",
        port=0,
    ):
        self.rules = ALL_RIGHTS if rules is None else rules
        self.cluster_wide = cluster_wide
        self.namespace = namespace
        self.pages = {}
        self.objects: dict[str, dict[tuple[str, str], Any]] = {kind: {} for kind in KINDS}
        self.log = []
        self.version = 100
        self.oldest = 0
        self.requests = []
        self.connections = set()
        self.clock_ahead = 0.0
        self.token = TOKEN
        self.closing = False
        self.changed = threading.Condition()
        self.faults = defaultdict(deque)
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.owner = self
        self.port = self._http.server_address[1]
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            if clients:
                context.load_verify_locations(clients)
                context.verify_mode = ssl.CERT_REQUIRED
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        with self.changed:
            self.closing = True
            self.changed.notify_all()
        self._http.shutdown()
        self.drop_connections()
        self._http.server_close()
        self._thread.join()

    def put(self, object):
        """Create or replace an object, as a controller would; returns it with its new version."""
        kind, metadata = object["kind"], object["metadata"]
        with self.changed:
            self.version += 1
            metadata = {**metadata, "resourceVersion": str(self.version)}
            key = metadata["namespace"], metadata["name"]
            old = self.objects[kind].get(key)
            if old and old["metadata"]["uid"] != metadata["uid"]:
                self.delete(kind, *key)
                return self.put(object)
            object = {**object, "metadata": metadata}
            self.objects[kind][key] = object
            self._log(kind, "MODIFIED" if old else "ADDED", object)
        return object

    def delete(self, kind, namespace, name):
        """Delete an object."""
        with self.changed:
            self.version += 1
            object = self.objects[kind].pop((namespace, name))
            metadata = {**object["metadata"], "resourceVersion": str(self.version)}
            self._log(kind, "DELETED", {**object, "metadata": metadata})

    def play(self, rows):
        """Let the changes of a recording happen, in its order, in this server's namespace."""
        for row in rows:
            metadata = {**row["object"]["metadata"], "namespace": self.namespace}
            if row["type"] == "DELETED":
                self.delete(row["kind"], self.namespace, metadata["name"])
            else:
                self.put({**row["object"], "metadata": metadata})

    def restore(self, other):
        """Go on from what another server held."""
        with self.changed:
            self.version, self.log, self.objects = other.version, other.log, other.objects

    def bookmark(self):
        """Tell every watch that asked for it how far it has come."""
        with self.changed:
            self.version += 1
            for kind in KINDS:
                metadata = {"resourceVersion": str(self.version), "creationTimestamp": None}
                self._log(kind, "BOOKMARK", {"kind": kind, "metadata": metadata})

    def compact(self):
        """Forget what happened: who watches from an earlier version is Gone."""
        with self.changed:
            self.oldest = self.version

    def fail(self, plural, verb, *faults):
        """Let the next such requests go wrong, each in its way."""
        self.faults[plural, verb].extend(faults)

    def drop_connections(self, plural=None):
        """Break all connections off, or those that watch one resource."""
        for handler in list(self.connections):
            if plural in (None, handler.plural):
                handler.hang_up()

    def watching(self, plural):
        """How many watches of a resource are open."""
        return sum(handler.watching == plural for handler in list(self.connections))

    def count(self, plural, verb):
        """How many such requests there were."""
        return sum(request[1:3] == (verb, plural) for request in self.requests)

    def wait(self, holds, timeout=60.0):
        """Wait until ``holds()``, which may be about a file or another process too."""
        end = time.monotonic() + timeout
        with self.changed:
            while not holds():
                assert time.monotonic() < end, "the server waited in vain"
                self.changed.wait(0.05)

    def _log(self, kind, type, object):
        self.log.append((self.version, kind, type, object))
        self.changed.notify_all()


class _Http(ThreadingHTTPServer):
    owner: WatchServer
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """Clients that hang up are what is tested here."""


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement
    plural = watching = ""

    def setup(self):
        super().setup()
        self.server.owner.connections.add(self)

    def finish(self):
        self.server.owner.connections.discard(self)
        super().finish()

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + self.server.owner.clock_ahead)

    def hang_up(self):
        self.close_connection = True
        with contextlib.suppress(OSError):  # it has hung up first
            self.connection.shutdown(2)

    def do_GET(self):
        owner, url = self.server.owner, urlsplit(self.path)
        options = {key: values[0] for key, values in parse_qs(url.query).items()}
        found = PATH.fullmatch(url.path)
        verb = "watch" if options.get("watch") in ("true", "True", "1") else "list"
        verb = "get" if found and found["name"] else verb
        plural = self.plural = found["plural"] if found else ""
        with owner.changed:
            owner.requests.append((self.command, verb, plural, url.path, options))
            fault = owner.faults[plural, verb].popleft() if owner.faults[plural, verb] else None
            owner.changed.notify_all()
        if fault and fault(self) is not GO_ON:
            return
        if url.path in DISCOVERY:
            return self.answer(200, DISCOVERY[url.path])
        if not found or plural not in PLURALS:
            return self.status(404, "NotFound", "the server could not find the requested resource")
        if self._refused(verb, plural, found["namespace"]):
            return
        kind, namespace = PLURALS[plural][1], found["namespace"]
        if verb == "get":
            return self._get(kind, namespace, found["name"])
        serve = self._watch if verb == "watch" else self._list
        serve(kind, namespace, options)

    def refuse(self):
        """A method that would change something."""
        owner = self.server.owner
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        owner.requests.append((self.command, self.command, "", self.path, {"body": body}))
        self.status(405, "MethodNotAllowed", "this server is only read")

    do_POST = do_PUT = do_PATCH = do_DELETE = refuse

    def status(self, code, reason, message, headers=None):
        """Answer with a ``Status``, as the API server words a failure."""
        self.answer(code, _status(code, reason, message), headers)

    def answer(self, code, json_object, headers=None):
        body = json.dumps(json_object).encode()
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refused(self, verb, plural, namespace):
        owner, (group, _) = self.server.owner, PLURALS[plural]
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if (scheme.lower(), token) != ("bearer", owner.token):
            self.status(401, "Unauthorized", "Unauthorized")
            return True
        wanted = {"apiGroups": group, "resources": plural, "verbs": verb}
        granted = any(
            all(word in rule[key] for key, word in wanted.items()) for rule in owner.rules
        )
        if granted and (namespace == owner.namespace or owner.cluster_wide):
            return False
        name = f"{plural}.{group}" if group else plural
        scope = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
        self.status(
            403,
            "Forbidden",
            f'{name} is forbidden: User "{USER}" cannot {verb} resource "{plural}" in API group '
            f'"{group}" {scope}',
        )
        return True

    def _get(self, kind, namespace, name):
        there = self.server.owner.objects[kind].get((namespace, name))
        if there is None:
            return self.status(404, "NotFound", f'{KINDS[kind]} "{name}" not found')
        self.answer(200, {"apiVersion": VERSIONS[PLURALS[KINDS[kind]][0]], **there})

    def _list(self, kind, namespace, options):
        owner, start = self.server.owner, 0
        if "continue" in options:
            token, start = options["continue"].split("-")
            version, items = owner.pages[token]
            start = int(start)
        else:
            with owner.changed:
                objects = [object for _, object in sorted(owner.objects[kind].items())]
                version = owner.version
            # Lists leave out what every item has in common.
            items = [
                {"metadata": o["metadata"], **{k: o[k] for k in o if k not in COMMON}}
                for o in objects
                if _fits(o, namespace, options)
            ]
        stop = start + int(options.get("limit", 0) or len(items))
        metadata: dict[str, Any] = {"resourceVersion": str(version)}
        if stop < len(items):
            token = f"{kind}{version}"
            owner.pages[token] = version, items
            metadata |= {"continue": f"{token}-{stop}", "remainingItemCount": len(items) - stop}
        list_of = {"kind": f"{kind}List", "apiVersion": VERSIONS[PLURALS[KINDS[kind]][0]]}
        self.answer(200, {**list_of, "metadata": metadata, "items": items[start:stop]})

    def _watch(self, kind, namespace, options):
        owner = self.server.owner
        version = int(options.get("resourceVersion") or 0)
        if "sendInitialEvents" in options:  # kubectl then lists, as with servers that are older
            return self.status(422, "Invalid", "sendInitialEvents is forbidden for watch")
        if version < owner.oldest:
            words = f"too old resource version: {version} ({owner.oldest})"
            return self.status(410, "Expired", words)
        self.start_stream()
        end = time.monotonic() + float(options.get("timeoutSeconds", 60))
        try:
            for line in self._lines(kind, namespace, options, version, end):
                self.chunk(line)
            self.chunk(b"")
        except OSError:
            self.close_connection = True
        finally:
            self.watching = ""

    def _lines(self, kind, namespace, options, version, end):
        owner, index = self.server.owner, 0
        while not owner.closing and time.monotonic() < end and not self.is_alone():
            with owner.changed:
                fresh = owner.log[index:]
                if not fresh:
                    owner.changed.wait(min(end - time.monotonic(), GLANCE))
                    continue
            index += len(fresh)
            for number, changed, type, object in fresh:
                if changed != kind or number <= version:
                    continue
                if type == "BOOKMARK" and not options.get("allowWatchBookmarks"):
                    continue
                if type == "BOOKMARK" or _fits(object, namespace, options):
                    yield json.dumps({"type": type, "object": object}).encode() + b"\n"

    def start_stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        with self.server.owner.changed:
            self.watching = self.plural
            self.server.owner.changed.notify_all()

    def is_alone(self):
        """Whether who watches has hung up: there is nothing else to read from them."""
        return bool(select.select([self.connection], [], [], 0)[0])

    def chunk(self, data):
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()


COMMON = ("kind", "apiVersion", "metadata")
GO_ON = object()
"""What a fault returns that changes how the request is served, rather than serving it."""


def _status(code, reason, message):
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    }


def _fits(object, namespace, options):
    metadata = object["metadata"]
    if namespace and metadata["namespace"] != namespace:
        return False
    for wanted in filter(None, options.get("fieldSelector", "").split(",")):
        if wanted != f"metadata.name={metadata['name']}":
            return False
    labels = metadata.get("labels") or {}
    for wanted in filter(None, options.get("labelSelector", "").split(",")):
        key, _, value = wanted.partition("=")
        if labels.get(key) != value:
            return False
    return True


def status(code, message="not now", **headers):
    """Fault: answer with a failure; ``Retry_After="1"`` sets that header."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.status(code, "Failure", message, headers)


def not_kubernetes(handler):
    """Fault: what a login page in between answers."""
    body = b"<html>Please log in</html>"
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def hang_up(handler):
    """Fault: break the connection off without an answer."""
    handler.hang_up()


def no_answer(handler):
    """Fault: take a request, and never say anything."""
    owner = handler.server.owner
    with owner.changed:
        owner.changed.wait_for(lambda: owner.closing or handler.close_connection, 60)


def silence(handler):
    """Fault: answer a watch, and then say nothing, neither an event nor the end."""
    handler.start_stream()
    owner = handler.server.owner
    with owner.changed:
        owner.changed.wait_for(lambda: owner.closing or handler.close_connection, 60)


def after(events, change):
    """Fault: let so many events of a watch pass, then ``change(handler, line)`` the next one."""

    def fault(handler):
        chunk, passed = handler.chunk, iter(range(events))

        def changed(line):
            if line and next(passed, None) is None:
                handler.chunk = chunk
                change(handler, line)
            else:
                chunk(line)

        handler.chunk = changed
        return GO_ON

    return fault


def cut(handler, line):
    """Break off in the middle of an event."""
    half = line[: len(line) // 2]
    handler.wfile.write(f"{len(line):x}\r\n".encode() + half)
    handler.wfile.flush()
    handler.hang_up()
    raise ConnectionAbortedError


def end_early(handler, line):
    """End the watch as it should be ended, but in the middle of a line."""
    handler.chunk(line[: len(line) // 2])
    handler.chunk(b"")
    handler.close_connection = True
    raise ConnectionAbortedError


def garble(handler, line):
    """Send something else in place of an event, and go on with the next."""
    handler.chunk(b'{"type": "MODIFIED", "object": {"metadata"' + line[-20:] + b"\n")


def instead(make):
    """Send what ``make`` makes of an event in its place, and go on with the next."""

    def change(handler, line):
        handler.chunk(json.dumps(make(json.loads(line))).encode() + b"\n")

    return change


def expire(handler, line):
    """Send 410 Gone as an event, which ends a watch."""
    event = {"type": "ERROR", "object": _status(410, "Expired", "too old resource version")}
    handler.chunk(json.dumps(event).encode() + b"\n")
    handler.chunk(b"")
    handler.close_connection = True
    raise ConnectionAbortedError


def slowly(handler):
    """Fault: send every event in chunks of 50 bytes."""
    chunk = handler.chunk

    def in_pieces(line):
        for start in range(0, len(line), 50):
            chunk(line[start : start + 50])
        if not line:
            chunk(b"")

    handler.chunk = in_pieces
    return GO_ON


def _resources(group):
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": VERSIONS[group],
        "resources": [
            {
                "name": plural,
                "singularName": kind.lower(),
                "namespaced": True,
                "kind": kind,
                "verbs": VERBS,
                "shortNames": {"deployments": ["deploy"], "replicasets": ["rs"]}.get(plural, []),
            }
            for plural, (there, kind) in PLURALS.items()
            if there == group
        ],
    }


DISCOVERY = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [
            {
                "name": "apps",
                "versions": [{"groupVersion": "apps/v1", "version": "v1"}],
                "preferredVersion": {"groupVersion": "apps/v1", "version": "v1"},
            }
        ],
    },
    "/api/v1": _resources(""),
    "/apis/apps/v1": _resources("apps"),
}
"""What kubectl asks for first."""
