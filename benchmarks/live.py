"""How fast the live mirror is, how late, and how large, beside ``kubectl get pods -w``.

Each row is (name, value, unit, note). The server runs in a process of its own
(``benchmarks.stream``), so what is measured is this side of the socket.

``python -m benchmarks.live`` prints them alone.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks import Row, picture
from rollviz.live import Mirror
from rollviz.objects import Pod

NAME = "myapp-deployment"
EVENTS = 20_000


def rows() -> Iterator[Row]:
    """All measurements, one after another."""
    yield from throughput()
    for pods in (100, 5000):
        yield from latency(pods)
        yield from picture.rows(_stream, NAME, pods)
    yield from memory()


def throughput(pods: int = 100, events: int = EVENTS) -> Iterator[Row]:
    """Events a second from the socket into the timeline; and printed by kubectl."""
    with _stream(pods, events) as (url, kubeconfig):
        mirrored = _mirrored(kubeconfig, pods + 2, events)
        note = f"{events} events of {pods} pods"
        yield Row("mirror: events from socket to timeline", mirrored, "events/s", note)
        printed = _printed_by_kubectl(url, events)
    if printed:
        yield Row("kubectl get pods -w, the same stream", printed, "events/s", _kubectl_version())
        yield Row("mirror / kubectl", mirrored / printed, "x", "more is better")


def _mirrored(kubeconfig: str, there: int, events: int) -> float:
    """Events a second that a mirror takes in."""
    moments: list[tuple[float, int]] = []
    all_there = threading.Event()

    def told(mirror: Mirror) -> None:
        count = len(mirror.timeline)
        if not moments and count > there:
            moments.append((time.perf_counter(), count))
        if count == there + events:
            moments.append((time.perf_counter(), count))
            all_there.set()

    with Mirror(NAME, "shop", kubeconfig=kubeconfig) as mirror:
        mirror.subscribe(told)
        assert all_there.wait(300), mirror
    (begun, first), (end, last) = moments[:2]
    return (last - first) / (end - begun)


def latency(pods: int, events: int = 1000, pause: float = 0.002) -> Iterator[Row]:
    """From sending an event to when a subscriber holds the new state; in milliseconds."""
    late: list[float] = []

    def told(mirror: Mirror) -> None:
        pod = mirror.timeline.changes[-1].object
        if isinstance(pod, Pod) and pod.status.pod_ip.isdigit():
            assert mirror.timeline.last.pods[pod.name] is pod
            late.append((time.monotonic_ns() - int(pod.status.pod_ip)) / 1e6)

    with (
        _stream(pods, events, pause) as (_, kubeconfig),
        Mirror(NAME, "shop", kubeconfig=kubeconfig) as mirror,
    ):
        mirror.subscribe(told)
        mirror.wait(lambda _: len(late) >= events * 0.9, timeout=120)
    note = f"{pods} pods, one event each {pause * 1000:.0f} ms, the whole state taken each time"
    cuts = statistics.quantiles(late, n=100)
    yield Row(f"mirror: event to timeline, {pods} pods, median", cuts[49], "ms", note)
    yield Row(f"mirror: event to timeline, {pods} pods, p99", cuts[98], "ms", note)


def memory(pods: int = 5000, events: int = EVENTS) -> Iterator[Row]:
    """What a mirror of many pods adds to a process, in MB, measured in one of its own."""
    context = get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=_measure_memory, args=(pods, events, answers))
    process.start()
    client, listed, later = answers.get(timeout=300)
    process.join()
    yield Row("mirror: the kubernetes client alone", client, "MB", "imported, not connected")
    yield Row(f"mirror: {pods} pods", listed, "MB", "over that")
    yield Row(f"mirror: {pods} pods and {events} changes", later, "MB", "over that of the client")


def _measure_memory(pods: int, events: int, answers: Any) -> None:
    begin = _resident()
    import kubernetes.client

    client = _resident() - begin
    del kubernetes
    with _stream(pods, 0) as (_, kubeconfig), Mirror(NAME, kubeconfig=kubeconfig) as mirror:
        mirror.wait(timeout=60)
        listed = _resident() - begin - client
    del mirror
    with _stream(pods, events) as (_, kubeconfig), Mirror(NAME, kubeconfig=kubeconfig) as mirror:
        mirror.wait(lambda m: len(m.timeline) == pods + 2 + events, timeout=300)
        answers.put((client, listed, _resident() - begin - client))


def _resident() -> float:
    """This process's memory in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def _stream(
    pods: int, events: int, pause: float = 0.0, wait: float = 1.5
) -> Iterator[tuple[str, str]]:
    """The server; gives its address and a kubeconfig for it."""
    numbers = map(str, (pods, events, pause, wait))
    command = [sys.executable, "-m", "benchmarks.stream", *numbers]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with tempfile.TemporaryDirectory() as folder:
        try:
            assert server.stdout
            url = server.stdout.readline().strip()
            path = Path(folder) / "kubeconfig"
            path.write_text(json.dumps(_kubeconfig(url)))
            yield url, str(path)
        finally:
            server.kill()
            server.wait()


def _kubeconfig(url: str) -> dict[str, Any]:
    context = {"cluster": "bench", "user": "", "namespace": "shop"}
    return {
        "current-context": "bench",
        "contexts": [{"name": "bench", "context": context}],
        "clusters": [{"name": "bench", "cluster": {"server": url}}],
        "users": [],
    }


def _printed_by_kubectl(url: str, events: int) -> float:
    """Events a second that kubectl prints; 0 where there is no kubectl."""
    kubectl = _kubectl()
    if not kubectl:
        return 0.0
    with tempfile.TemporaryDirectory() as home:
        command = [kubectl, f"--server={url}", "-n", "shop", "get", "pods", "-w"]
        environment = {**os.environ, "HOME": home, "KUBECONFIG": "/dev/null"}
        watching = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        try:
            assert watching.stdout
            for _ in range(101):  # the header, and the pods that are there
                watching.stdout.readline()
            begun = time.perf_counter()
            for _ in range(events):
                assert watching.stdout.readline()
            return events / (time.perf_counter() - begun)
        finally:
            watching.kill()
            watching.wait()


def _kubectl() -> str | None:
    beside = Path(sys.executable).with_name("kubectl")
    return str(beside) if beside.exists() else shutil.which("kubectl")


def _kubectl_version() -> str:
    command = [_kubectl() or "", "version", "--client"]
    return subprocess.run(command, capture_output=True, text=True).stdout.partition("\n")[0]


if __name__ == "__main__":
    for row in rows():
        print(f"{row.name:55} {row.value:10.2f} {row.unit:9} {row.note}")
