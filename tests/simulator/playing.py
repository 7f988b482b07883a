"""Short scenarios: a Deployment called web, and what is done to it."""

from dataclasses import asdict, replace

from rollviz import scenario
from rollviz.rows import rows_of
from rollviz.simulator import Latency


def web(
    replicas, surge=None, unavailable=None, *, image="nginx:1", cpu=None, strategy=None, **spec
):
    """The manifest of a Deployment; other fields of its spec by the API's names."""
    container = {"name": "nginx", "image": image}
    if cpu is not None:
        container["resources"] = {"requests": {"cpu": cpu}}
    if surge is not None:
        knobs = {"maxSurge": surge, "maxUnavailable": unavailable}
        spec["strategy"] = {"type": "RollingUpdate", "rollingUpdate": knobs}
    if strategy is not None:
        spec["strategy"] = {"type": strategy}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [container]},
            },
            **spec,
        },
    }


def kubectl(line, **when):
    """A step; without a time it waits for the rollout before it."""
    return {"run": f"kubectl {line}", **(when or {"after": "complete"})}


def image(tag, **when):
    """The step that everybody knows."""
    return kubectl(f"set image deployment/web nginx=nginx:{tag}", **when)


def apply(manifest, **when):
    """The manifest changed and applied again."""
    return kubectl("apply -f deployment.yaml", **when) | {"manifest": manifest}


def play(
    manifest,
    *steps,
    until="complete",
    images=None,
    startup=(0.6,),
    ends=(0.5,),
    pace=1,
    **cluster,
):
    """The run of a scenario that begins with applying the manifest.

    ``pace`` is how long the control plane takes, against a recorded one.
    """
    pods = {"startup_seconds": list(startup), "termination_seconds": list(ends)}
    given = {
        "manifest": manifest,
        "cluster": cluster,
        "pods": pods | {"images": images or {}},
        "steps": [kubectl("apply -f deployment.yaml", wait=0), *steps],
        "until": until,
    }
    latency = Latency(**{part: pace * takes for part, takes in asdict(Latency()).items()})
    return scenario.run(replace(scenario.parse(given), latency=latency))


def sizes(run, since=0.0):
    """What the Deployment controller did, from ``since`` on: (ReplicaSet by age, from, to)."""
    return [
        (row["replicaSet"], "deleted")
        if row.get("deleted")
        else (row["replicaSet"], row["from"], row["to"])
        for row in rows_of(run.timeline)["scaling"]
        if row["t"] >= since
    ]


def begun(run, command):
    """When the n-th command was begun (counted from 0), in seconds."""
    return run.timeline.commands[command].t


def progress(run):
    """The Progressing condition at the end: (status, reason)."""
    condition = run.cluster.deployment("web").status.condition("Progressing")
    return condition.status, condition.reason


def lowest_available(run, since):
    """The fewest available pods at any time from ``since`` on."""
    timeline = run.timeline
    first = timeline.index_at(since)
    return min(
        timeline.after(index).counts().available for index in range(first, len(timeline) + 1)
    )
