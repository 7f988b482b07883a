"""The stage and the player, as Python sees them; tests/browser sees the rest."""

import gzip
import json
import re
import subprocess
import sys
from base64 import b64decode
from importlib import import_module

import pytest
import traitlets

import rollviz
from rollviz.figures import HUES
from rollviz.predict import Score
from rollviz.timeline import Timeline, load
from rollviz.widgets import fallback
from rollviz.widgets.compare import CompareWidget
from rollviz.widgets.lab import Panel, Terminal
from rollviz.widgets.mirror import MirrorPlayer
from rollviz.widgets.page import page
from rollviz.widgets.player import Player, play
from rollviz.widgets.predict import Form
from rollviz.widgets.stage import HERE, MODULES, Stage, script, stylesheet
from tests.recorded import TRACES, watch_file

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def timeline():
    return load(watch_file("rolling-default-5"))


@pytest.fixture
def player(timeline):
    return play(timeline)


def state_of(html):
    packed = html.partition('id="rollviz-state">')[2].partition("</script>")[0]
    return json.loads(gzip.decompress(b64decode(packed)))


def test_player_knows_its_timeline_and_sends_it_once(player, timeline):
    assert player.timeline is timeline
    assert player.data["name"] == "myapp-deployment"
    assert player.last_step == len(timeline.steps) - 1
    assert player.data["traffic"] and player.data["lens"]["lines"]


def test_play_opens_where_the_last_rollout_is_about_to_begin(player, timeline):
    assert timeline.steps[player.step + 1].kind == "edited"
    assert player.step > 2


def test_repr_is_the_same_in_every_run(timeline):
    assert repr(play(timeline)) == repr(play(timeline)) == "<Player of myapp-deployment: 29 steps>"


def test_step_stays_in_the_timeline(player):
    player.step = 7
    assert player.step == 7
    player.step = 10_000
    assert player.step == player.last_step
    player.step = -3
    assert player.step == 0


def test_speed_is_above_zero(player):
    with pytest.raises(traitlets.TraitError):
        player.speed = 0


def test_other_data_is_shown_by_the_same_stage(player):
    stage = Stage(data=player.data, step=25)
    stage.data = play(load(watch_file("rolling-one-replica"))).data
    stage.step = 25
    assert stage.step == stage.last_step == 10


def test_traffic_can_be_given_or_left_out(timeline):
    assert Player(timeline, traffic=[]).data["traffic"] == []


@pytest.mark.parametrize("name", TRACES)
def test_state_of_every_recording_is_a_few_tens_of_kilobytes(name):
    data = play(load(watch_file(name))).data
    assert len(json.dumps(data, separators=(",", ":"))) < 90_000


# --- without a kernel -----------------------------------------------------------------------


def test_page_is_small_whole_and_loads_nothing(player, tmp_path):
    html = player.to_html(tmp_path / "out.html").read_text("utf-8")
    assert len(html) < 100_000
    assert not re.search(r'\b(src|href)="', html)
    assert not re.search(r"https?://(?!www\.w3\.org/)|\bimport\b", html)
    assert state_of(html)["data"] == json.loads(json.dumps(player.data))


def test_page_opens_where_the_player_stands_and_as_it_looks(timeline, tmp_path):
    player = play(timeline, present=True)
    player.step = 7
    state = state_of(player.to_html(tmp_path / "out.html").read_text("utf-8"))
    assert (state["step"], state["present"]) == (7, True)


def test_names_cannot_leave_their_place_in_the_page(player):
    data = json.loads(json.dumps(player.data))
    data["name"] = data["steps"][1]["sentence"] = EVIL
    html = page(data, EVIL)
    assert html.count("<script") == 2 and html.count("</script") == 2
    assert "<img" not in html
    assert state_of(html)["data"]["name"] == EVIL


@pytest.mark.parametrize("write", [Player.to_html, Player.to_svg], ids=["html", "svg"])
def test_a_file_that_is_there_is_not_overwritten_unasked(player, tmp_path, write):
    path = tmp_path / "mine"
    path.write_text("precious")
    with pytest.raises(FileExistsError):
        write(player, path)
    assert path.read_text() == "precious"
    write(player, path, overwrite=True)
    assert "rollviz" in path.read_text("utf-8") or "<svg" in path.read_text("utf-8")


def test_display_is_a_picture_then_the_widget(player, monkeypatch):
    shown = []
    monkeypatch.setattr(fallback, "display", lambda data, **_: shown.append(data))
    player._ipython_display_()
    picture, widget = shown
    assert picture["text/html"].startswith('<div class="rollviz-fallback"><img')
    assert "data:image/svg+xml;base64," in picture["text/html"]
    assert widget["application/vnd.jupyter.widget-view+json"]["model_id"] == player.model_id
    assert widget["text/plain"] == repr(player)


def test_a_film_too_large_for_a_notebook_becomes_a_picture(player, monkeypatch):
    film = len(fallback.film(player.data, ""))
    monkeypatch.setattr(fallback, "LARGEST_FILM", 1000)
    assert len(fallback.film(player.data, "")) < film / 2


@pytest.mark.parametrize("make", ["lab", "compare", "predict"])
def test_every_other_widget_leaves_something_to_read_too(timeline, monkeypatch, make):
    shown = []
    monkeypatch.setattr(import_module("rollviz.predict"), "_SCORE", Score())
    monkeypatch.setattr(fallback, "display", lambda data, **_: shown.append(data))
    evil = "<script>alert(1)</script>"
    {
        "lab": rollviz.Lab,
        "compare": lambda: rollviz.compare({evil: timeline, "b": timeline}),
        "predict": lambda: rollviz.predict(evil, of=timeline, answer=rollviz.most_pods),
    }[make]()._ipython_display_()
    html = shown[0]["text/html"]
    assert html.startswith('<div class="rollviz-fallback">') and "<script" not in html
    assert "&lt;script&gt;" in html or make == "lab"
    assert "application/vnd.jupyter.widget-view+json" in shown[1]


def test_an_empty_timeline_plays_and_is_written(tmp_path):
    player = play(Timeline())
    assert repr(player) == "<Player of an empty timeline: 0 steps>"
    assert "An empty timeline" in player.to_html(tmp_path / "out.html").read_text("utf-8")
    assert "empty" in player.to_svg(tmp_path / "out.svg").read_text("utf-8")


# --- one script, one stylesheet -------------------------------------------------------------


def test_script_is_one_module_without_imports():
    text = script()
    assert not re.search(r"^(import|export (?!default)|//)", text, re.MULTILINE)
    assert text.count("export default") == 1


@pytest.mark.parametrize("widget", [Player, MirrorPlayer, CompareWidget, Panel, Terminal, Form])
def test_no_two_modules_of_a_script_have_a_name_in_common(widget):
    names = re.findall(
        r"^(?:const|let|class|(?:async )?function) (\w+)", str(widget._esm), re.MULTILINE
    )
    assert len(names) > 3
    assert [name for name in set(names) if names.count(name) > 1] == []


@pytest.mark.parametrize("name", MODULES)
def test_modules_import_only_from_those_before_them(name):
    text = (HERE / f"{name}.js").read_text("utf-8")
    imported = re.findall(r'from "\./(\w+)\.js"', text)
    assert set(imported) <= set(MODULES[: MODULES.index(name)])


@pytest.mark.parametrize("name", MODULES)
def test_data_never_becomes_markup(name):
    text = (HERE / f"{name}.js").read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)


def test_stylesheet_has_the_hues_of_the_charts():
    text = stylesheet()
    for i, (light, dark) in enumerate(HUES):
        assert f"--rollviz-hue-{i}: light-dark({light}, {dark})" in text


def test_every_class_of_the_stylesheet_is_our_own():
    classes = set(re.findall(r"\.([a-zA-Z][\w-]*)", re.sub(r"(?s)/\*.*?\*/", "", stylesheet())))
    foreign = {name for name in classes if not name.startswith("rollviz")}
    assert foreign <= {"vscode-dark"}


def test_importing_figures_loads_no_plotly():
    code = "import sys, rollviz.figures; print({'plotly', 'ipywidgets'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
