"""What is drawn: a timeline as data, the same for the stage, the SVG film and the chart."""

import json
from itertools import pairwise

import pytest

from rollviz.cast import BELOW, SHAPES, Slots, value_at
from rollviz.figures import HUES, chart, stage_data
from rollviz.film import Film, squeeze
from rollviz.scenario import simulate
from rollviz.timeline import Timeline, load
from rollviz.traffic import requests
from tests.recorded import TRACES, watch_file

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, labels: {{app: web}}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  strategy: {strategy}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: nginx, image: "nginx:1"}}]}}
"""
UPDATE = "kubectl set image deployment/web nginx=nginx:2"


def rollout(replicas=5, *commands, strategy="{type: RollingUpdate}", **behaviour):
    manifest = MANIFEST.format(replicas=replicas, strategy=strategy)
    return simulate(manifest, *(commands or [UPDATE]), **behaviour)


@pytest.fixture(params=TRACES)
def timeline(request):
    return load(watch_file(request.param))


def histories(data):
    yield from (data["spec"], data["band"])
    for lane in data["lanes"]:
        yield from (lane[key] for key in ("alive", "revision", "cause", "size", "counts"))
    for pod in data["pods"]:
        yield from (pod["looks"], pod["on"])


def row_at(history, p):
    return next((row for row in reversed(history) if row[0] <= p), None)


def look(data, pod, p):
    row = row_at(pod["looks"], p)
    return data["looks"][row[1]] if row and row[1] >= 0 else None


def test_data_is_json_and_every_history_runs_forward(timeline):
    data = stage_data(timeline)
    assert json.loads(json.dumps(data)) == data
    for history in histories(data):
        assert [row[0] for row in history] == sorted({row[0] for row in history})
        assert all(before[1:] != after[1:] for before, after in pairwise(history))


def test_picture_at_a_step_is_the_snapshot_at_its_end(timeline):
    data = stage_data(timeline)
    for step in timeline.steps[1:]:
        snapshot = timeline.after(step.stop)
        shown = {p["name"]: look(data, p, step.index) for p in data["pods"]}
        there = {name: shape_and_word for name, shape_and_word in shown.items() if shape_and_word}
        assert set(there) == set(snapshot.pods)
        assert {name: word for name, (_, word) in there.items()} == {
            name: pod.state for name, pod in snapshot.pods.items()
        }
        sizes = {lane["name"]: row_at(lane["size"], step.index) for lane in data["lanes"]}
        for rs in snapshot.replica_sets.values():
            status = rs.status
            assert sizes[rs.name][1:] == [rs.spec.replicas, status.replicas, status.ready_replicas]


def test_counts_are_those_of_the_snapshot(timeline):
    data = stage_data(timeline)
    for step in timeline.steps[1:]:
        snapshot = timeline.after(step.stop)
        _, available, not_terminating, everything = row_at(data["band"], step.index) or [0] * 4
        counts = snapshot.counts()
        assert (not_terminating, everything) == counts[1:]
        if not any(rs.spec.min_ready_seconds for rs in snapshot.replica_sets.values()):
            assert available == counts.available


def test_lanes_add_up_to_the_band(timeline):
    data = stage_data(timeline)
    for p, *counts in data["band"]:
        rows = [row_at(lane["counts"], p) or [p, 0, 0, 0, 0, 0, 0] for lane in data["lanes"]]
        tally = dict(
            zip(SHAPES, map(sum, zip(*[row[1:] for row in rows], strict=True)), strict=True)
        )
        everything = sum(tally.values())
        assert counts == [tally["available"], everything - tally["terminating"], everything]


def test_pods_keep_their_slot_and_share_it_with_nobody(timeline):
    data = stage_data(timeline)
    for step in timeline.steps:
        places = []
        for pod in data["pods"]:
            match look(data, pod, step.index):
                case ["terminating", _]:
                    places.append(("exit", pod["exit"]))
                    assert pod["exit"] < data["exits"]
                case [_, _]:
                    places.append((pod["lane"], pod["slot"]))
                    assert pod["slot"] < data["slots"]
        assert len(places) == len(set(places))


def test_pods_stand_on_nodes_that_there_are_and_one_to_a_place(timeline):
    data = stage_data(timeline)
    for step in timeline.steps:
        there = [p for p in data["pods"] if look(data, p, step.index)]
        places = [tuple(row_at(pod["on"], step.index)[1:]) for pod in there]
        assert len(places) == len(set(places))
        assert all(node < len(data["nodes"]) and slot < data["node_slots"] for node, slot in places)


def test_min_ready_seconds_keep_a_ready_pod_from_being_available():
    timeline = load(watch_file("min-ready-seconds"))
    data = stage_data(timeline)
    waiting = next(step for step in timeline.steps if step.kind == "ready" and step.t > 2)
    pod = next(pod for pod in data["pods"] if pod["name"] == waiting.objects[0])
    assert look(data, pod, waiting.index) == ["ready", "Ready"]
    counted = next(s for s in timeline.steps[waiting.index :] if s.kind == "available")
    assert look(data, pod, counted.index) == ["available", "Ready"]


def test_a_pod_fails_with_its_reason():
    timeline = load(watch_file("bad-image-deadline"))
    assert ["failing", "ImagePullBackOff"] in stage_data(timeline)["looks"]


def test_terminating_pods_go_beyond_the_ceiling():
    data = stage_data(load(watch_file("rolling-default-5")))
    ceiling = data["spec"][0][8]
    assert max(row[2] for row in data["band"]) == ceiling
    assert max(row[3] for row in data["band"]) > ceiling


def test_an_undone_revision_has_a_new_number_and_its_old_one():
    lane = stage_data(load(watch_file("rollback-after-success")))["lanes"][0]
    assert [row[1:] for row in lane["revision"]] == [[1, []], [3, [1]]]


def test_hue_is_the_version_also_when_its_replica_set_is_made_anew():
    timeline = rollout(
        1,
        UPDATE,
        "kubectl set image deployment/web nginx=nginx:3",
        "kubectl set image deployment/web nginx=nginx:1",
    )
    lanes = stage_data(timeline)["lanes"]
    assert [(lane["image"], lane["hue"]) for lane in lanes] == [
        ("nginx:1", 0),
        ("nginx:2", 1),
        ("nginx:3", 2),
    ]


def test_recreate_has_neither_floor_nor_ceiling():
    data = stage_data(rollout(3, strategy="{type: Recreate}"))
    assert data["spec"] == [[0.5, 3, "Recreate", None, None, 0, 0, None, None, 0]]


def test_steps_have_their_words_and_their_working():
    data = stage_data(rollout())
    step = next(s for s in data["steps"] if s["decision"] and "go" in s["sentence"])
    assert step["source"] == "rolling.go reconcileOldReplicaSets"
    assert ["floor", "5 − 1", 4] in [data["lines"][line] for line in step["working"]]


@pytest.mark.parametrize(
    ("strategy", "lanes"),
    [("{type: RollingUpdate}", {0, 1}), ("{type: Recreate}", {0, -1})],
    ids=["answered by both versions", "lost while there is no pod"],
)
def test_traffic_is_the_lane_that_answered_or_none(strategy, lanes):
    timeline = rollout(2, strategy=strategy)
    data = stage_data(timeline, traffic=requests(timeline, 10))
    assert {lane for _, lane in data["traffic"]} == lanes


@pytest.mark.parametrize("draw", [stage_data, chart], ids=["stage_data", "chart"])
def test_a_deployment_that_is_not_there_is_named_with_those_that_are(draw):
    with pytest.raises(KeyError, match="'nope' is not in this timeline, which has web"):
        draw(rollout(1), "nope")


def test_an_empty_timeline_has_no_name_and_nothing_to_draw():
    data = stage_data(Timeline())
    assert data["name"] == "" and data["pods"] == data["lanes"] == []
    assert len(data["steps"]) == 1


def test_a_thousand_pods_take_a_second_and_grow_in_proportion():
    data = stage_data(rollout(1000))
    assert len(data["pods"]) == 2000
    assert data["slots"] == 1000
    assert len(json.dumps(data)) < 1_000_000


# --- time -----------------------------------------------------------------------------------


def test_every_change_belongs_to_its_step_on_the_film(timeline):
    film = Film(timeline)
    places = [film.of_change(i) for i in range(len(timeline.changes))]
    assert places == sorted(places)
    assert list(film.positions()) == [round(place, 3) for place in places]
    for step in film.steps[1:]:
        own = places[step.start : step.stop]
        assert own[0] == step.index - 0.5
        assert all(place < step.index + 0.5 or place == step.index + 0.5 for place in own)


def test_both_clocks_of_the_film_run_forward(timeline):
    film = Film(timeline)
    assert len(film.times) == len(film.seconds) == 2 * len(film.steps) - 1
    for clock in (film.times, film.seconds):
        assert clock == sorted(clock)


def test_a_step_leaves_time_to_read_it_and_a_long_wait_does_not_bore():
    film = Film(rollout(startup_seconds=[100.0]))
    shown = [b - a for a, b in pairwise(film.seconds[::2])]
    assert min(shown) >= 1.0
    assert max(shown) <= 3.0


def test_a_film_of_a_thousand_steps_still_ends():
    assert Film(rollout(300)).seconds[-1] <= 120


@pytest.mark.parametrize(
    ("times", "scale"),
    [
        ([0, 5, 10], [[0, 0.0], [10, 1.0]]),
        ([0, 30, 70], [[0, 0.0], [70, 1.0]]),
        ([0, 10, 610, 620], [[0, 0.0], [10, 0.4167], [610, 0.5833], [620, 1.0]]),
        ([0, 5, 605, 615, 1215, 1220], None),
        ([3], [[3, 0.0], [3, 0.0]]),
    ],
    ids=["short", "less than a minute", "deadline", "two deadlines", "one moment"],
)
def test_long_silences_are_drawn_short(times, scale):
    found = squeeze(times)
    assert scale is None or found == scale
    assert [place for _, place in found] == sorted(place for _, place in found)
    if scale is None:
        assert [second for second, _ in found] == times[:1] + times[1:-1] + times[-1:]


# --- slots ----------------------------------------------------------------------------------


def test_slots_give_the_first_free_place_or_the_one_wished_for():
    slots = Slots()
    assert [slots.take(), slots.take(), slots.take(5), slots.take()] == [0, 1, 5, 2]
    slots.give(0)
    assert slots.take(5) == 0
    assert slots.count == 6


def test_pods_in_the_first_slots_sink_straight_down():
    data = stage_data(rollout(4, strategy="{type: Recreate}"))
    gone = [pod for pod in data["pods"] if pod["exit"] is not None]
    assert len(gone) == 4 < BELOW
    assert all(pod["exit"] == pod["slot"] for pod in gone)


# --- chart ----------------------------------------------------------------------------------


def test_chart_has_the_three_counts_between_floor_and_ceiling():
    timeline = load(watch_file("rolling-default-5"))
    figure = chart(timeline)
    traces = {trace.name: trace for trace in figure.data}
    assert list(traces) == [
        "nginx:1.27",
        "nginx:1.28",
        "not terminating",
        "everything",
        "available",
        "floor",
        "ceiling",
    ]
    counts = timeline.at(3.5).counts()
    for name, count in zip(("available", "not terminating", "everything"), counts, strict=True):
        trace = traces[name]
        assert value_at([[x, y] for x, y in zip(trace.x, trace.y, strict=True)], 3.5, 1) == count
    assert set(traces["floor"].y) == {4} and set(traces["ceiling"].y) == {7}


def test_chart_stacks_versions_in_the_hues_of_the_stage_and_shares_with_no_cloud():
    figure = chart(load(watch_file("rolling-default-5")))
    assert [trace.fillcolor for trace in figure.data[:2]] == [HUES[0][0], HUES[1][0]]
    assert len({trace.x for trace in figure.data[:2]}) == 1
    assert "sendChartToCloud" in figure.layout.modebar.remove
    assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"


def test_chart_of_an_empty_timeline_says_so():
    assert "empty" in chart(Timeline()).layout.title.text


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_hues_stand_out_from_their_background_and_are_all_different(theme):
    page = ["#ffffff", "#11151a"][theme]
    assert all(contrast(hue[theme], page) >= 3 for hue in HUES)
    assert len({hue[theme] for hue in HUES}) == len(HUES)


def contrast(one, other):
    bright, dim = sorted(map(luminance, (one, other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
