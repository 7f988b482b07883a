"""rollviz.mirror: a player whose end is now, and what it sends to the browser."""

import json
import threading
from copy import deepcopy

import pytest

import rollviz
from rollviz.live import LiveError
from rollviz.live.store import Store
from rollviz.reel import Reel
from rollviz.widgets import mirror as mirrors
from rollviz.widgets.mirror import MirrorPlayer
from tests.kubeconfig import write_kubeconfig
from tests.recorded import recorded_scaling, recording, scaling
from tests.test_reel import apply, told
from tests.watch_server import WatchServer, status

pytest.importorskip("kubernetes")

NAME = "myapp-deployment"
ROWS = recording("rolling-default-5")
HALF = len(ROWS) // 2
QUICK = {"backoff": (0.02, 0.1), "patience": 0.2}


@pytest.fixture(autouse=True)
def no_threads_left():
    yield
    assert [t.name for t in threading.enumerate() if t.name.startswith("rollviz-")] == []


@pytest.fixture
def server():
    with WatchServer() as server:
        yield server


class Browser:
    """What a browser has of a mirror: the other side of widgets/mirror.js."""

    def __init__(self, made):
        self.mirror = None
        self.data = {}
        self.sent = []
        self.away = False
        made.setattr(MirrorPlayer, "send", lambda _, content, buffers=None: self.hear(content))
        made.setattr(MirrorPlayer, "send_state", lambda _, key=None: self.take_all(key))

    def take_all(self, key):
        if key == "data" and self.mirror is not None:
            self.data = json.loads(json.dumps(self.mirror.data))

    def show(self, mirror):
        self.mirror = mirror
        with mirror._lock:
            self.take_all("data")
        self.ask()
        return mirror

    def hear(self, message):
        self.sent.append(message)
        if self.away or not self.data:
            return
        if message["from"] > self.data["version"]:
            self.ask()
        elif message["to"] > self.data["version"]:
            apply(self.data, message["patch"])
            self.data["version"] = message["to"]

    def ask(self):
        self.mirror._hear({"have": self.data["version"]})


@pytest.fixture
def browser(monkeypatch):
    return Browser(monkeypatch)


@pytest.fixture
def mirrored(server, browser, tmp_path):
    """Makes mirrors of the server, shown in a browser and live unless told otherwise."""
    made = []

    def make(what=NAME, *, live=True, **options):
        kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", server.url)
        made.append(rollviz.mirror(what, kubeconfig=kubeconfig, **QUICK, **options))
        browser.show(made[-1])
        return made[-1].wait(timeout=60) if live else made[-1]

    yield make
    for one in made:
        one.stop()


def same(browser, mirror, count=None):
    """Wait until the mirror has so many changes, and see that the browser shows them."""
    if count is not None:
        mirror.wait(lambda m: len(m.timeline) == count, timeout=60)
    with mirror._lock:  # or it draws between the two
        mirror.draw()
        assert told(browser.data) == told(mirror.data)


# From the cluster into the browser


def test_a_rollout_arrives_in_the_browser_piece_by_piece(server, mirrored, browser):
    mirror, store, count = mirrored(), Store(lambda name: name == NAME), 0
    for row in ROWS:  # one after another: no watch overtakes another by far
        server.play([row])
        count += len(list(store.apply(row["kind"], row["type"], deepcopy(row["object"]))))
        mirror.source.wait(lambda m: len(m.timeline) == count, timeout=60)  # noqa: B023
        if row in (ROWS[HALF], ROWS[-1]):
            same(browser, mirror)
    assert scaling(mirror.timeline) == recorded_scaling("rolling-default-5")
    assert browser.data["steps"][-1]["sentence"].startswith("Rollout complete")
    assert mirror.findings == []


def test_only_what_is_new_is_sent(server, mirrored, browser):
    server.play(ROWS[:HALF])
    mirror = mirrored()
    mirror.draw()
    browser.sent.clear()
    for number, row in enumerate(ROWS[HALF:], HALF + 1):
        server.play([row])
        if number % 10 == 0:
            same(browser, mirror)
    same(browser, mirror)
    sent = len(json.dumps(browser.sent, separators=(",", ":")))
    assert sent / (len(ROWS) - HALF) < 500
    assert all(a["to"] == b["from"] for a, b in zip(browser.sent, browser.sent[1:], strict=False))


def test_a_browser_that_was_away_asks_for_everything(server, mirrored, browser):
    mirror = mirrored()
    server.play(ROWS[:HALF])
    same(browser, mirror, HALF)
    browser.away = True
    server.play(ROWS[HALF:-10])
    mirror.wait(lambda m: len(m.timeline) == len(ROWS) - 10, timeout=60)
    mirror.draw()
    assert told(browser.data) != told(mirror.data)
    browser.away = False
    server.play(ROWS[-10:])
    same(browser, mirror, len(ROWS))


def test_a_browser_that_cannot_ask_yet_is_sent_all_since_the_beginning(server, browser, tmp_path):
    """A busy kernel does not hear that a browser is there."""
    server.play(ROWS[:HALF])
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", server.url)
    with MirrorPlayer(NAME, kubeconfig=kubeconfig, **QUICK) as mirror:
        mirror.wait(timeout=60)
        browser.mirror = mirror
        browser.ask = lambda: pytest.fail("it has missed something")
        with mirror._lock:
            browser.data = json.loads(json.dumps(mirror.data))
        seen = len(mirror.timeline)
        browser.away = True
        server.play(ROWS[HALF : HALF + 20])
        mirror.wait(lambda m: len(m.timeline) == seen + 20, timeout=60)
        mirror.draw()
        browser.away = False
        server.play(ROWS[HALF + 20 : HALF + 40])
        mirror.wait(lambda m: len(m.timeline) == seen + 40, timeout=60)
        same(browser, mirror)


def test_a_timeline_that_begins_later_takes_the_place_of_a_long_one(server, mirrored, browser):
    mirror = mirrored(history=60)
    for begin in range(0, len(ROWS), 20):
        server.play(ROWS[begin : begin + 20])
        there = sorted(name for _, name in server.objects["Pod"])
        mirror.wait(lambda m: sorted(m.timeline.last.pods) == there, timeout=60)  # noqa: B023
        same(browser, mirror)
    assert len(mirror.timeline) < len(ROWS)
    shown = [pod["name"] for pod in browser.data["pods"] if pod["looks"][-1][1] >= 0]
    assert sorted(shown) == there


# Several Deployments


def _named(name):
    deployment = next(row["object"] for row in ROWS if row["kind"] == "Deployment")
    metadata = {**deployment["metadata"], "name": name, "uid": name, "namespace": "shop"}
    return {**deployment, "metadata": metadata}


def test_one_of_several_deployments_is_chosen(server, mirrored, browser):
    server.put(_named("api"))
    mirror = mirrored(["api", NAME])
    server.play(ROWS)
    same(browser, mirror, len(ROWS) + 1)
    assert sorted(mirror.deployments) == ["api", NAME]
    mirror.deployment = NAME
    assert browser.data["name"] == NAME and browser.data["pods"]
    mirror.deployment = "api"
    assert browser.data["name"] == "api" and not browser.data["pods"]


def test_a_label_selector_finds_what_comes_later(server, mirrored):
    mirror = mirrored("app=myapp")
    server.play(ROWS[:HALF])
    mirror.wait(lambda m: len(m.timeline) == HALF, timeout=60)
    mirror.draw()
    assert mirror.deployments == [NAME]


# What goes wrong is told in place


def test_a_deployment_that_is_elsewhere_is_told_with_its_namespaces(server, mirrored):
    server.namespace = "prod"
    server.play(ROWS[:HALF])
    server.namespace = "shop"
    mirror = mirrored()
    mirror.draw()
    assert mirror.state == "live"
    assert f"there is a '{NAME}' in namespace prod" in mirror.message


def test_a_lost_connection_shows_and_comes_back(server, mirrored):
    server.play(ROWS[:HALF])
    mirror = mirrored()
    seen = []
    mirror.observe(lambda change: seen.append(change["new"]), "state")
    for plural in ("deployments", "replicasets", "pods", "events"):
        server.fail(plural, "watch", *[status(503)] * 9999)
    server.drop_connections()
    mirror.wait(lambda m: m.state == "reconnecting", timeout=60)
    server.faults.clear()
    mirror.wait(timeout=60)
    assert seen[0] == "reconnecting" and mirror.state == "live"
    assert mirror.message == ""


@pytest.mark.parametrize(
    ("what", "options", "words"),
    [
        ("Not A Name", {}, "neither the name of a Deployment"),
        ([], {}, "neither the name of a Deployment"),
        (NAME, {"kubeconfig": "/nowhere"}, "there is no file"),
        (NAME, {"context": "nope"}, "there is no context 'nope'; it has class"),
        (NAME, {"record": "/"}, "is there already"),
    ],
    ids=["name", "nothing", "kubeconfig", "context", "recording"],
)
def test_bad_input_is_told_in_the_widget(what, options, words, tmp_path):
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:9")
    mirror = rollviz.mirror(what, **{"kubeconfig": kubeconfig, **options})
    with pytest.raises(LiveError, match=words):
        mirror.wait(timeout=60)
    mirror.draw()
    assert mirror.state == "failed"
    assert words in mirror.message and "\n" not in mirror.message
    assert words in repr(mirror)
    mirror.stop()


def test_no_cluster_is_told_with_its_address_and_a_way_on(tmp_path):
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:9")
    with rollviz.mirror(NAME, kubeconfig=kubeconfig, **QUICK) as mirror:
        with pytest.raises(LiveError):
            mirror.wait(timeout=60)
        mirror.draw()
        for words in ("http://127.0.0.1:9", "kubectl cluster-info", "rollviz.Cluster()"):
            assert words in mirror.message


def test_in_a_browser_without_a_server_it_says_why(monkeypatch):
    monkeypatch.setattr("sys.platform", "emscripten")
    mirror = rollviz.mirror(NAME)
    assert mirror.state == "failed"
    assert "Python in a browser cannot reach a cluster" in mirror.message
    assert "rollviz.Cluster()" in mirror.message


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_picture_that_can_not_be_drawn_says_so(server, mirrored, monkeypatch):
    mirror = mirrored()
    monkeypatch.setattr(Reel, "read", lambda *_: 1 / 0)
    told = threading.Event()
    mirror.observe(lambda change: "ZeroDivisionError" in change["new"] and told.set(), "message")
    server.play(ROWS[:HALF])
    assert told.wait(60)
    assert mirror.state == "failed"
    monkeypatch.undo()


# Its end


def test_when_it_is_stopped_the_timeline_stays(server, mirrored, tmp_path):
    server.play(ROWS)
    with mirrored() as mirror:
        mirror.wait(lambda m: m.timeline.last.pods, timeout=60)
    assert mirror.state == "stopped"
    assert len(mirror.timeline.last.pods) == 5
    mirror.save(tmp_path / "seen.jsonl")
    assert len(rollviz.load(tmp_path / "seen.jsonl").last.pods) == 5
    assert mirror.data["name"] == NAME


def test_the_same_cell_run_again_stops_the_mirror_before(mirrored):
    before, after = mirrored(), mirrored()
    assert (before.state, after.state) == ("stopped", "live")


def test_another_deployment_is_another_mirror(mirrored):
    one, other = mirrored(), mirrored("other")
    assert (one.state, other.state) == ("live", "live")


def test_closing_the_widget_stops_it(mirrored):
    mirror = mirrored()
    mirror.close()
    assert mirror.source.state == "stopped"


def test_changes_between_two_redraws_are_drawn_together(server, mirrored, browser, monkeypatch):
    monkeypatch.setattr(mirrors, "PAUSE", 60.0)
    mirror = mirrored()
    server.play(ROWS[:HALF])
    mirror.wait(lambda m: len(m.timeline) == HALF, timeout=60)
    assert len(browser.sent) <= 2
    same(browser, mirror)


def test_a_browser_is_sent_the_data_as_they_are_to_patch_them():
    assert MirrorPlayer.data.metadata == {"sync": True}
