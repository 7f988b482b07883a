"""An API server in a process of its own that sends one long watch of pods, as fast as it is read.

``python -m benchmarks.stream PODS EVENTS [PAUSE [WAIT]]``: prints its address; serves a
Deployment with PODS pods, and in the watch EVENTS changes of them, PAUSE seconds apart (by
default none), the first WAIT seconds after it was opened. Each of those then carries, as the
pod's address, the machine's monotonic clock in ns, and is to be seen: the pod is no longer
ready, or is again.
"""

from __future__ import annotations

import copy
import gzip
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

RECORDING = Path(__file__).parents[1] / "tests/data/watch/rolling-default-5.jsonl.gz"
KINDS = {"deployments": "Deployment", "replicasets": "ReplicaSet", "pods": "Pod", "events": "Event"}


def _recorded() -> dict[str, Any]:
    """The last state of a recorded rollout, one object of each kind, its pods ready."""
    found: dict[str, Any] = {}
    with gzip.open(RECORDING, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            object = row["object"]
            if row["type"] != "DELETED" and not object["metadata"].get("deletionTimestamp"):
                found[row["kind"]] = object
    return found


def objects(pods: int) -> dict[str, list[Any]]:
    """A Deployment, its ReplicaSet and so many pods."""
    recorded = _recorded()
    owner = recorded["Pod"]["metadata"]["ownerReferences"][0]
    recorded["ReplicaSet"]["metadata"].update(name=owner["name"], uid=owner["uid"])
    made = []
    for number in range(pods):
        pod = copy.deepcopy(recorded["Pod"])
        pod["metadata"].update(name=f"{owner['name']}-{number:05}", uid=f"uid-{number}")
        pod["metadata"].update(resourceVersion=str(1000 + number))
        made.append(pod)
    return {
        "deployments": [recorded["Deployment"]],
        "replicasets": [recorded["ReplicaSet"]],
        "pods": made,
        "events": [],
    }


class Handler(BaseHTTPRequestHandler):
    """Lists, and one watch that has something to say."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    there: dict[str, list[Any]]
    events: int
    pause: float
    wait: float
    stream: bytes

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        """Answer discovery, lists and watches."""
        url = urlsplit(self.path)
        plural = url.path.rpartition("/")[2]
        if plural in KINDS and "watch=" in url.query:
            self._watch(plural)
        elif plural in KINDS:
            group = "apps/v1" if plural in ("deployments", "replicasets") else "v1"
            items, metadata = self.there[plural], {"resourceVersion": "1000000"}
            found = {"kind": f"{KINDS[plural]}List", "apiVersion": group, "metadata": metadata}
            self._answer({**found, "items": items})
        else:
            self._answer(DISCOVERY.get(url.path, {}))

    def _answer(self, found: Any) -> None:
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _watch(self, plural: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            if plural == "pods":
                self._send_events()
            while True:
                time.sleep(1)
                self.wfile.flush()
        except OSError:
            self.close_connection = True

    def _send_events(self) -> None:
        if not self.pause:
            self.wfile.write(self.stream)  # made beforehand, so that the reader sets the pace
            return
        time.sleep(self.wait)
        for number in range(self.events):
            pods = self.there["pods"]
            ready = bool(number // len(pods) % 2)
            self.wfile.write(_event(pods, number, f"{time.monotonic_ns()}", ready))
            time.sleep(self.pause)


def _event(pods: list[Any], number: int, sent: str, ready: bool = True) -> bytes:
    """One change of a pod, as a chunk of a watch."""
    pod = pods[number % len(pods)]
    metadata = {**pod["metadata"], "resourceVersion": str(2_000_000 + number)}
    conditions = [
        {**condition, "status": str(ready)} if condition["type"] == "Ready" else condition
        for condition in pod["status"]["conditions"]
    ]
    status = {**pod["status"], "podIP": sent, "conditions": conditions}
    pod = {**pod, "metadata": metadata, "status": status}
    data = json.dumps({"type": "MODIFIED", "object": pod}, separators=(",", ":")).encode() + b"\n"
    return b"%x\r\n%b\r\n" % (len(data), data)


def _resources(group: str, *plurals: str) -> Any:
    verbs = ["get", "list", "watch"]
    return {
        "kind": "APIResourceList",
        "groupVersion": group,
        "resources": [
            {"name": p, "singularName": "", "namespaced": True, "kind": KINDS[p], "verbs": verbs}
            for p in plurals
        ],
    }


_APPS = {"groupVersion": "apps/v1", "version": "v1"}
DISCOVERY = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {
        "kind": "APIGroupList",
        "groups": [{"name": "apps", "versions": [_APPS], "preferredVersion": _APPS}],
    },
    "/api/v1": _resources("v1", "pods", "events"),
    "/apis/apps/v1": _resources("apps/v1", "deployments", "replicasets"),
}
"""What kubectl asks for first."""


def main() -> None:
    """Serve until killed."""
    Handler.there = objects(int(sys.argv[1]))
    Handler.events = int(sys.argv[2])
    Handler.pause, Handler.wait = map(float, (*sys.argv[3:], "0", "0")[:2])
    pods = Handler.there["pods"]
    count = 0 if Handler.pause else Handler.events
    Handler.stream = b"".join(_event(pods, i, f"10.0.{i % 9}.{i % 250}") for i in range(count))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
