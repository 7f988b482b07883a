from pathlib import Path

import pytest

from rollviz.compare import compare
from rollviz.metrics import LABELS, metrics
from rollviz.timeline import Timeline, load
from rollviz.widgets.compare import LEAD, CompareWidget, compare_data

WATCH = Path(__file__).parent / "data" / "watch"


def recorded(name: str) -> Timeline:
    return load(WATCH / f"{name}.jsonl.gz")


RECREATE, ROLLING = recorded("recreate-5"), recorded("rolling-default-5")


def both():
    return compare({"Recreate": RECREATE, "RollingUpdate": ROLLING})


def test_the_table_has_the_metrics_of_every_run():
    recreate, rolling = both().table
    assert (recreate["run"], rolling["run"]) == ("Recreate", "RollingUpdate")
    for row, timeline in ((recreate, RECREATE), (rolling, ROLLING)):
        measured = metrics(timeline)
        assert {name: row[name] for name in LABELS} == {n: getattr(measured, n) for n in LABELS}


def test_the_repr_is_a_table():
    assert repr(both()) == (
        "                        Recreate  RollingUpdate\n"
        "duration (s)                 2.4            2.9\n"
        "downtime (s)                 0.8            0.0\n"
        "least available (pods)         0              4\n"
        "most pods                      5              9\n"
        "pod-seconds                 11.8           20.3\n"
        "requests                      24             28\n"
        "failed requests                9              0"
    )


def test_a_run_that_never_completes_says_so():
    runs = {"good": ROLLING, "stuck": recorded("bad-image-deadline")}
    assert "never" in repr(compare(runs)).splitlines()[1]


def test_traffic_is_what_the_caller_says_for_table_and_picture():
    runs = {"a": RECREATE, "b": ROLLING}
    busy = compare(runs, traffic={"per_second": 100})
    assert busy.table[0]["failed_requests"] > 10 * 7
    picture = compare_data(busy)["runs"][0]["data"]["traffic"]
    failed = [t for t, lane in picture if lane < 0 and t >= busy.starts["a"]]
    assert len(failed) == busy.table[0]["failed_requests"]


def test_the_figure_has_a_line_for_each_run():
    figure = both().figure()
    recreate, rolling = figure.data
    assert (recreate.name, rolling.name) == ("Recreate", "RollingUpdate")
    assert (min(recreate.y), min(rolling.y)) == (0, 4)
    assert recreate.x[0] == rolling.x[0] == -1
    assert recreate.x[-1] == rolling.x[-1]  # both until the longer one ends
    assert recreate.line.dash != rolling.line.dash
    assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"


def test_a_name_is_text_and_no_markup():
    hostile = "<img src=x onerror=alert(1)>"
    runs = compare({hostile: RECREATE, "b": ROLLING})
    assert runs.figure().data[0].name == "&lt;img src=x onerror=alert(1)&gt;"
    assert compare_data(runs)["runs"][0]["name"] == hostile


def test_all_runs_are_on_one_clock_that_begins_with_their_edits():
    comparison = both()
    data = compare_data(comparison)
    moments = data["moments"]
    assert moments == sorted(moments)
    assert moments[0] == -LEAD
    assert 0.0 in moments
    for run, timeline in zip(data["runs"], (RECREATE, ROLLING), strict=True):
        edit = next(step for step in timeline.steps if step.t == run["start"])
        assert edit.kind == "edited"
        assert {round(t - run["start"], 3) for t in run["data"]["times"][-2:]} <= set(moments)
    assert data["scale"][0][1:] + data["scale"][-1] == [0, moments[-1], 1]
    assert data["table"] == comparison.rows()


def test_playing_takes_as_long_as_it_took_within_reason():
    quick = compare_data(both())
    assert quick["seconds"] == 8.0
    slow = {"a": recorded("history-limit-2"), "b": recorded("undo-to-revision")}
    assert 8.0 <= compare_data(compare(slow))["seconds"] <= 60.0


def test_the_widget_is_the_same_each_time_and_has_a_text_for_readers_without_one():
    comparison = both()
    bundle, _ = comparison._repr_mimebundle_()
    assert bundle["text/plain"].startswith("                        Recreate  RollingUpdate")
    view = "application/vnd.jupyter.widget-view+json"
    assert comparison._repr_mimebundle_()[0][view] == bundle[view]
    assert isinstance(comparison._widget, CompareWidget)


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ({"a": ROLLING}, "runs: give two to 4, as in"),
        (dict.fromkeys("abcde", ROLLING), "runs: give two to 4"),
        ([ROLLING, RECREATE], "runs: give two to 4"),
        ({"a": ROLLING, "b": "web.yaml"}, r"runs\['b'\]: str is not a timeline"),
        ({"a": Timeline(), "b": ROLLING}, r"runs\['a'\]: an empty timeline: nothing to compare"),
    ],
    ids=["one", "five", "list", "text", "empty"],
)
def test_what_cannot_be_compared(runs, message):
    with pytest.raises(ValueError, match=message):
        compare(runs)
