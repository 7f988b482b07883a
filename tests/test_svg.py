"""The film as one SVG: for READMEs, and for notebooks without a kernel."""

import re
from xml.etree import ElementTree

import pytest

from rollviz.figures import stage_data
from rollviz.svg import svg
from rollviz.timeline import Timeline, load
from tests.recorded import TRACES, watch_file

HOSTILE = "<img src=x onerror=alert(1)>\" ' & \x00 שלום 🚀" + "x" * 253


def film(name, step=None):
    return svg(stage_data(load(watch_file(name))), step)


def texts(document):
    return [
        "".join(node.itertext()) for node in ElementTree.fromstring(document).iter() if node.text
    ]


@pytest.mark.parametrize("name", TRACES)
def test_every_recording_is_a_film_that_loads_nothing(name):
    document = film(name)
    root = ElementTree.fromstring(document)
    assert not re.search(r"href=\"(?!#)|url\(|<script|<foreignObject", document)
    assert len(root.findall(".//{*}g[@class='sentence']")) == len(load(watch_file(name)).steps)


def test_animations_run_forward_through_the_whole_film():
    root = ElementTree.fromstring(film("rolling-default-5"))
    moving = [node for node in root.iter() if "keyTimes" in node.attrib]
    assert {node.attrib["dur"] for node in moving} == {moving[0].attrib["dur"]}
    for node in moving:
        times = [float(t) for t in node.attrib["keyTimes"].split(";")]
        assert times[0] == 0 or node.attrib["calcMode"] == "discrete"
        assert times == sorted(times) and times[-1] <= 1
        assert len(times) == len(node.attrib["values"].split(";"))


def test_a_still_picture_shows_one_step_and_moves_nothing():
    timeline = load(watch_file("rolling-default-5"))
    document = film("rolling-default-5", step=16)
    assert "animate" not in document
    pods = ElementTree.fromstring(document).findall(".//{*}use")
    assert len(pods) == len(timeline.after(timeline.steps[16].stop).pods)
    assert "visibility" not in document


def test_a_reader_without_animation_sees_the_last_step():
    root = ElementTree.fromstring(film("rolling-default-5"))
    shown = [node for node in root.findall(".//{*}use") if "visibility" not in node.attrib]
    assert [node.attrib["href"] for node in shown] == ["#available"] * 5


def test_hostile_names_are_text():
    data = stage_data(load(watch_file("rolling-default-5")))
    data["name"] = data["lanes"][0]["image"] = data["steps"][3]["command"] = HOSTILE
    document = svg(data)
    assert "<img" not in document
    found = " ".join(texts(document))
    assert "<img src=x onerror=alert(1)>" in found and "�" in found and "\x00" not in found
    assert "x" * 200 not in "".join(texts(document)[1:])


def test_many_pods_are_left_to_the_counts():
    data = stage_data(load(watch_file("rolling-default-5")))
    data["slots"] = 1000
    assert ElementTree.fromstring(svg(data)).findall(".//{*}use") == []


def test_an_empty_timeline_says_so():
    assert "This timeline is empty: nothing has happened yet." in texts(svg(stage_data(Timeline())))
