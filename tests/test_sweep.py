import io
import sys
from contextlib import redirect_stderr
from importlib import import_module

import pytest

from rollviz import progress
from rollviz.manifest import ManifestError
from rollviz.metrics import LABELS, metrics
from rollviz.scenario import simulate
from rollviz.sweep import sweep

sweep_module = import_module("rollviz.sweep")  # rollviz.sweep is the function
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  strategy: {type: Recreate}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1"}]}
"""
ZERO = (
    "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: "
    "may not be 0 when `maxSurge` is 0"
)


def grid(**changed):
    return sweep(WEB, **{"max_surge": [0, 1, "100%"], "max_unavailable": [0, "25%"]} | changed)


def test_every_pair_is_simulated_and_measured():
    table = grid().table
    pairs = [(row["max_surge"], row["max_unavailable"]) for row in table]
    assert pairs == [(0, 0), (0, "25%"), (1, 0), (1, "25%"), ("100%", 0), ("100%", "25%")]
    assert [row["least_available"] for row in table] == [None, 3, 4, 3, 4, 3]
    assert [row["most_pods"] for row in table] == [None, 5, 6, 7, 8, 8]
    durations = {pair: row["duration"] for pair, row in zip(pairs, table, strict=True)}
    assert durations["100%", 0] < durations[1, "25%"] < durations[1, 0]


def test_a_cell_is_what_simulate_and_metrics_give():
    manifest = WEB.replace(
        "Recreate}", "RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}"
    )
    timeline = simulate(
        manifest, "kubectl set image deploy/web nginx=nginx:2", startup_seconds=[1, 3]
    )
    (cell,) = sweep(
        WEB,
        "kubectl set image deploy/web nginx=nginx:2",
        max_surge=[1],
        max_unavailable=[0],
        startup_seconds=[1, 3],
        traffic={"pre_stop": 0},
    ).cells
    assert cell.metrics == metrics(timeline, traffic={"pre_stop": 0})
    assert cell.metrics.failed_requests > 0


def test_both_zero_is_refused_in_the_api_servers_words():
    (row,) = [row for row in grid().table if row["refused"]]
    assert row["refused"] == ZERO
    assert row["duration"] is None


def test_more_than_all_may_not_be_unavailable():
    (row,) = sweep(WEB, max_surge=[1], max_unavailable=["101%"]).table
    assert row["refused"].endswith('Invalid value: "101%": must not be greater than 100%')


def test_the_repr_is_a_grid():
    assert repr(grid(metric="least_available")) == (
        'least available (pods) of "kubectl rollout restart deployment/web"\n'
        "                maxUnavailable\n"
        "maxSurge        0      25%\n"
        "       0  refused        3\n"
        "       1        4        3\n"
        "    100%        4        3\n"
        f"refused: {ZERO}"
    )


def test_what_never_completes_says_so():
    broken = sweep(
        WEB,
        "kubectl set image deploy/web nginx=nginx:oops",
        max_surge=[1],
        max_unavailable=[0],
        images={"nginx:oops": "ImagePullBackOff"},
    )
    assert "never" in repr(broken)
    assert broken.figure().data[0].z == ([None],)
    assert broken.table[0]["complete"] is False


@pytest.mark.parametrize("metric", LABELS)
def test_any_metric_is_a_heat_map(metric):
    figure = grid().figure(metric)
    (heat,) = figure.data
    assert [len(heat.z), len(heat.z[0])] == [3, 2]
    assert heat.z[2][1] == grid().table[5][metric]
    assert heat.text[0][0] == ""
    assert heat.z[0][0] is None
    assert [note.text for note in figure.layout.annotations] == ["refused"]
    assert "may not be 0 when" in heat.customdata[0][0].replace("<br>", " ")
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"max_surge": []}, ValueError, "max_surge: give a list"),
        ({"max_surge": "25%"}, ValueError, "max_surge: give a list"),
        ({"max_unavailable": 1}, ValueError, "max_unavailable: give a list"),
        ({"max_surge": [0.5]}, ValueError, "max_surge: 0.5 is neither"),
        ({"max_surge": [True]}, ValueError, "max_surge: True is neither"),
        ({"max_unavailable": ["half"]}, ValueError, "max_unavailable: 'half' is neither"),
        ({"metric": "speed"}, ValueError, "metric: there is no 'speed', but duration"),
    ],
    ids=str,
)
def test_what_cannot_be_swept(changed, error, message):
    with pytest.raises(error, match=message):
        grid(**changed)


def test_a_bad_manifest_is_an_error_and_no_grid_of_refusals():
    with pytest.raises(ManifestError, match=r"spec.replicas: Invalid value: -1"):
        sweep(WEB.replace("replicas: 4", "replicas: -1"), max_surge=[1], max_unavailable=[0])


def test_a_command_that_kubectl_refuses_is_an_error():
    with pytest.raises(ValueError, match=r'deploy/nope .*"nope" not found'):
        sweep(WEB, "kubectl set image deploy/nope a=b", max_surge=[1], max_unavailable=[0])


def test_a_slow_sweep_shows_its_progress_on_stderr(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", -1)
    with redirect_stderr(io.StringIO()) as shown:
        grid()
    assert "sweep [##########          ] 3/6" in shown.getvalue()
    assert shown.getvalue().endswith(" \r")


def test_a_quick_sweep_shows_none():
    with redirect_stderr(io.StringIO()) as shown:
        sweep(WEB, max_surge=[1], max_unavailable=[0])
    assert shown.getvalue() == ""


def test_in_a_notebook_the_bar_is_a_widget_that_goes_away(monkeypatch):
    from ipywidgets import IntProgress

    shown: list[IntProgress] = []
    monkeypatch.setattr(progress, "PATIENCE", -1)
    monkeypatch.setattr(progress, "_in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", shown.append)
    seen = [(item, shown[0].value) for item in progress.with_progress("abc", "sweep")]
    assert seen == [("a", 0), ("b", 1), ("c", 2)]
    (bar,) = shown
    assert isinstance(bar, IntProgress)
    assert bar.comm is None


def test_importing_it_brings_in_neither_plotly_nor_ipywidgets():
    import subprocess

    code = "import sys, rollviz.sweep; print({'plotly', 'ipywidgets'} & set(sys.modules))"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "set()\n"
