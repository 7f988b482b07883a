"""How fast the simulator is: beside simpy, beside a real control plane, and beside itself."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import simpy

from benchmarks import Row, fastest
from rollviz import kubectl
from rollviz.objects import Deployment, DeploymentSpec, Metadata, PodTemplate
from rollviz.rows import rows_of
from rollviz.scenario import deployment_complete
from rollviz.simulator import INSTANT, Cluster, Latency, PodBehaviour

REAL_SECONDS = 6.35
"""What a rolling update of 500 pods at 25% and 25%, ready and gone at once, took for real."""

AT_ONCE = PodBehaviour(startup_seconds=(0.0,), termination_seconds=(0.0,))


def rows() -> Iterator[Row]:
    """All measurements, one after another."""
    yield from beside_a_real_control_plane()
    yield from beside_simpy()
    yield from time_per_pod()
    yield from reading()
    yield memory()


def deployment(pods: int, image: str) -> Deployment:
    """As small a Deployment as there is, at 25% and 25%."""
    labels = {"app": "web"}
    container = {"name": "nginx", "image": image}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = DeploymentSpec(pods, {"matchLabels": labels}, PodTemplate(template))
    return Deployment(Metadata("web"), spec)


def rolled_out(pods: int, latency: Latency, cluster_type: type[Cluster] = Cluster) -> Cluster:
    """A cluster in which so many pods are ready."""
    cluster = cluster_type(pods=AT_ONCE, latency=latency)
    cluster.create(deployment(pods, "nginx:1"))
    complete(cluster)
    return cluster


def update(cluster: Cluster) -> None:
    """Roll out another image."""
    current = cluster.deployment("web")
    template = deployment(1, "nginx:2").spec.template
    cluster.replace(replace(current, spec=replace(current.spec, template=template)))
    complete(cluster)


def complete(cluster: Cluster) -> None:
    """Let time pass until the rollout is complete."""
    assert cluster.run_until(lambda c: deployment_complete(c.deployment("web")), limit=1e6)


def update_seconds(pods: int, latency: Latency, repeat: int) -> float:
    """The least CPU seconds that an update takes.

    The first rollout is not counted, nor what Python's garbage collector does about it.
    """
    best = float("inf")
    for _ in range(repeat):
        cluster = rolled_out(pods, latency)
        gc.collect()
        best = min(best, fastest(partial(update, cluster), repeat=1)[0])
    return best


# --- beside others -------------------------------------------------------------------------------


def beside_a_real_control_plane() -> Iterator[Row]:
    """The same rollout: 500 pods, one image after another."""
    for name, latency in (("control plane's latency", Latency()), ("no latency", INSTANT)):
        took = update_seconds(500, latency, repeat=15)
        note = f"{REAL_SECONDS} s there, {took * 1000:.1f} ms here; at least 200 wanted"
        yield Row(f"update of 500 pods, {name}: faster by", REAL_SECONDS / took, "x", note)


class CountingCluster(Cluster):
    """A cluster that counts what comes due."""

    calls = 0

    def call_at(self, t: float, *call: Any) -> None:
        """Count one more."""
        self.calls += 1
        super().call_at(t, *call)

    def call_after(self, seconds: float, *call: Any) -> None:
        """Count one more."""
        self.calls += 1
        super().call_after(seconds, *call)


def beside_simpy(pods: int = 1000) -> Iterator[Row]:
    """Events a second: what comes due and what is recorded, against timeouts of simpy.

    Each of ours does something: it decides, or makes an API object and files it. simpy's do
    nothing but come due: bare, scheduled in one loop and then run; in as many processes as pods;
    and one after another in a single process, where never more than one is scheduled.
    """
    for name, latency in (("control plane's latency", Latency()), ("no latency", INSTANT)):
        events = events_of_update(pods, latency)
        ours = update_seconds(pods, latency, repeat=7)
        bare, many, one = fastest(
            partial(simpy_loop, events),
            partial(simpy_timeouts, pods, events // pods),
            partial(simpy_timeouts, 1, events),
            repeat=7,
        )
        note = f"{events} events, {ours / events * 1e6:.2f} us each; simpy's {{:.2f}} us"
        title = f"events a second, {name} / simpy's"
        yield Row(f"{title}, bare", bare / ours, "x", note.format(bare / events * 1e6))
        yield Row(f"{title}, a process a pod", many / ours, "x", note.format(many / events * 1e6))
        yield Row(f"{title}, one process", one / ours, "x", note.format(one / events * 1e6))


def events_of_update(pods: int, latency: Latency) -> int:
    """How many events an update is: what comes due, and what is recorded."""
    cluster = rolled_out(pods, latency, CountingCluster)
    assert isinstance(cluster, CountingCluster)
    before = cluster.calls + len(cluster.timeline)
    update(cluster)
    return cluster.calls + len(cluster.timeline) - before


def simpy_loop(timeouts: int) -> None:
    """Bare simpy: so many timeouts scheduled in a loop, then run."""
    environment = simpy.Environment()
    for number in range(timeouts):
        environment.timeout(1.0 + number % 7 / 10)
    environment.run()


def simpy_timeouts(processes: int, timeouts: int) -> None:
    """Bare simpy: so many processes, each waiting so many times."""
    environment = simpy.Environment()

    def waits(number: int) -> Generator[simpy.Event, Any, Any]:
        for _ in range(timeouts):
            yield environment.timeout(1.0 + number % 7 / 10)

    for number in range(processes):
        environment.process(waits(number))
    environment.run()


# --- beside itself -------------------------------------------------------------------------------


def time_per_pod() -> Iterator[Row]:
    """An update's time a pod, from 100 to 100,000 pods; it should not grow."""
    for name, latency in (("no latency", INSTANT), ("control plane's latency", Latency())):
        of_100 = update_seconds(100, latency, repeat=30) / 100
        for pods, repeat in ((1_000, 7), (10_000, 2), (100_000, 2)):
            took = update_seconds(pods, latency, repeat) / pods
            note = f"{took * 1e6:.1f} us a pod against {of_100 * 1e6:.1f}; at most 1.3 wanted"
            yield Row(f"time a pod, {pods:,} / 100 pods, {name}", took / of_100, "x", note)


def reading() -> Iterator[Row]:
    """What is read off a rollout, a change: of 20,000 pods beside that of 200."""
    small, large = (rolled_out(pods, INSTANT) for pods in (200, 20_000))
    for cluster in (small, large):
        update(cluster)
    jobs: dict[str, Callable[[Cluster], object]] = {
        "timeline.steps": lambda c: c.timeline.until(c.now).steps,
        "timeline.at": lambda c: c.timeline.until(c.now).after(len(c.timeline) // 2),
        "rows": lambda c: rows_of(c.timeline),
        "kubectl get pods": lambda c: kubectl.run("get pods -o wide", c),
        "kubectl describe": lambda c: kubectl.run("describe deployment web", c),
    }
    for name, job in jobs.items():
        few = min(fastest(partial(job, small), repeat=9)) / len(small.timeline)
        many = min(fastest(partial(job, large), repeat=2)) / len(large.timeline)
        note = f"{many * 1e6:.2f} us a change against {few * 1e6:.2f}"
        yield Row(f"{name}, 20,000 / 200 pods", many / few, "x", note)


def memory(pods: int = 20_000) -> Row:
    """What a pod costs, in kB: itself, its 4 changes so far, and its place in all indexes."""
    context = get_context("spawn")
    with context.Pool(1) as pool:
        took = pool.apply(_measure_memory, (pods,))
    return Row("memory a pod", took / pods / 1000, "kB", f"{pods} pods rolled out once")


def _measure_memory(pods: int) -> float:
    rolled_out(10, INSTANT)
    before = _resident()
    cluster = rolled_out(pods, INSTANT)
    assert len(cluster.snapshot.pods) == pods
    return _resident() - before


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return float(pages * os.sysconf("SC_PAGE_SIZE"))
