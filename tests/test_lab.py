import base64
import gzip
import json
import re
import zlib
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollviz.lab import (
    GALLERY,
    IMAGES,
    LIMITS,
    NAME,
    UPDATE,
    Experiment,
    Knobs,
    LabError,
    read,
    share,
    story,
)
from rollviz.manifest import ManifestError
from rollviz.metrics import metrics
from rollviz.traffic import requests
from rollviz.widgets.lab import Lab

UNDO = f"kubectl rollout undo deployment/{NAME}"


def packed(body) -> str:
    """A text as share() makes it, of anything."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return "rollviz1." + base64.urlsafe_b64encode(zlib.compress(text)).decode().rstrip("=")


# --- knobs and what they mean ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("knobs", "metric", "value"),
    [
        ({}, "most_pods", 9),
        ({"strategy": "Recreate"}, "least_available", 0),
        ({"replicas": 10, "max_surge": 0, "max_unavailable": 1}, "least_available", 9),
        ({"replicas": 4, "max_surge": "100%", "max_unavailable": 0}, "most_pods", 8),
        ({"quota": 5, "max_unavailable": 0}, "most_pods", 5),
        ({"replicas": 6, "nodes": 2, "room": 3, "max_unavailable": 0}, "complete", False),
        ({"image": "missing"}, "complete", False),
        ({"image": "crashing"}, "complete", False),
        ({"image": "never ready"}, "complete", False),
    ],
    ids=str,
)
def test_a_knob_does_what_it_says(knobs, metric, value):
    timeline = Experiment(Knobs(**knobs)).play().timeline
    assert getattr(metrics(timeline), metric) == value


def test_a_slow_image_takes_four_times_as_long():
    good, slow = (metrics(Experiment(Knobs(image=i)).play().timeline) for i in ("good", "slow"))
    assert slow.duration == pytest.approx(4 * good.duration, abs=1)


def test_the_grace_period_cuts_termination_short():
    patient = metrics(Experiment(Knobs(termination=20, grace=30)).play().timeline)
    killed = metrics(Experiment(Knobs(termination=20, grace=2)).play().timeline)
    assert killed.pod_seconds < patient.pod_seconds


@pytest.mark.parametrize(("readiness", "lost"), [(True, False), (False, True)])
def test_without_a_readiness_probe_requests_are_lost(readiness, lost):
    run = Experiment(Knobs(readiness=readiness))
    sent = requests(run.play().timeline, **run.traffic)
    assert any(request.failed for request in sent) is lost
    assert not sent[0].failed
    assert not sent[-1].failed  # it goes on until every pod answers


def test_both_knobs_at_zero_are_refused_in_the_api_servers_words():
    with pytest.raises(ManifestError, match="may not be 0 when `maxSurge` is 0"):
        Experiment(Knobs(max_surge=0, max_unavailable=0)).play()


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"replicas": -1}, "replicas: -1: must be a whole number from 0 to 1000"),
        ({"replicas": 1001}, "replicas: 1001: must be"),
        ({"replicas": 2.5}, "replicas: 2.5: must be a whole number"),
        ({"replicas": True}, "replicas: True: must be a whole number"),
        ({"startup": "2"}, "startup: '2': must be a number from 0.1 to 600"),
        ({"startup": float("nan")}, "startup: nan: must be a number"),
        ({"max_surge": "25"}, "max_surge: '25': must be a number of pods or a percentage"),
        ({"max_unavailable": -1}, "max_unavailable: -1: must be"),
        ({"strategy": "Canary"}, "strategy: 'Canary': must be one of RollingUpdate, Recreate"),
        ({"image": ["good"]}, r"image: \['good'\]: must be one of good, slow"),
        ({"readiness": 1}, "readiness: 1: must be one of True, False"),
    ],
    ids=str,
)
def test_a_knob_refuses_what_it_does_not_take(knobs, message):
    with pytest.raises(LabError, match=message):
        Knobs(**knobs)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("rm -rf /", "'rm -rf /': must begin with kubectl"),
        ("kubectl apply -f /etc/passwd", "files can't be used here"),
        ("kubectl apply -f/etc/passwd", "files can't be used here"),
        ("kubectl apply --filename=/etc/passwd", "files can't be used here"),
        ("kubectl apply -k .", "files can't be used here"),
        ("kubectl 'oops", "No closing quotation"),
        ("1e9: kubectl get pods", "must begin with kubectl"),
        ("99999: kubectl get pods", "a wait of 99999 s is more than 3600"),
        ("kubectl scale deploy/x --replicas=1000000", "more than 1000 replicas"),
        ("kubectl scale deploy/x --replicas 1000000", "more than 1000 replicas"),
        ("kubectl " + "x" * 300, "of at most 300 characters"),
        (7, "must be a kubectl command"),
    ],
)
def test_a_command_that_cannot_be_used_here(command, message):
    with pytest.raises(LabError, match=message):
        Experiment(commands=(command,))


# --- fork -----------------------------------------------------------------------------------


@pytest.mark.parametrize("t", [0.0, 0.05, 1.5, 3.2, 5.1, 7.0, 100.0])
def test_a_fork_has_the_same_past(t):
    run = story("rollover").run
    timeline = run.play().timeline

    forked = run.fork(timeline, t, UNDO).play().timeline

    past = timeline.index_at(t)
    assert forked.changes[:past] == timeline.changes[:past]
    undo = forked.commands[-1]
    assert undo.run == UNDO
    assert undo.t == pytest.approx(max(t, 0.07), abs=0.01)
    assert [c.run for c in forked.commands[:-1]] == [c.run for c in timeline.commands if c.t <= t]


def test_a_fork_without_a_readiness_probe_has_the_same_past():
    run = story("no readiness probe").run
    timeline = run.play().timeline
    t = timeline.duration
    assert run.fork(timeline, t, UNDO).play().timeline.commands[2].t == pytest.approx(t, abs=0.01)


def test_a_fork_can_do_nothing_more():
    run = story("rollback").run
    timeline = run.play().timeline
    undo = timeline.commands[-1]
    assert run.fork(timeline, undo.t - 1).commands == (UPDATE,)


# --- sharing --------------------------------------------------------------------------------

EXPERIMENTS = st.builds(
    Experiment,
    st.builds(
        Knobs,
        strategy=st.sampled_from(["RollingUpdate", "Recreate"]),
        replicas=st.integers(*map(int, LIMITS["replicas"])),
        max_surge=st.one_of(st.integers(0, 1000), st.integers(0, 999).map("{}%".format)),
        image=st.sampled_from(list(IMAGES)),
        startup=st.floats(*LIMITS["startup"]),
        readiness=st.booleans(),
        quota=st.integers(*map(int, LIMITS["quota"])),
    ),
    st.lists(st.sampled_from([UPDATE, UNDO, f"2.5: {UNDO}"]), max_size=20).map(tuple),
)


@given(EXPERIMENTS)
def test_a_shared_run_is_read_back(run):
    text = share([run])
    assert read(text) == [run]
    assert read(f"  look: https://example.org/lab#run={text}&x=1\n") == [run]


def test_a_shared_run_is_short_and_comes_out_the_same():
    run = story("rollback").run
    assert len(share([run])) < 160
    (again,) = read(share([run]))
    assert again.play().timeline.changes == run.play().timeline.changes


def test_both_futures_are_shared():
    run = story("good update").run
    other = run.fork(run.play().timeline, 4.0, UNDO)
    assert read(share([run, other])) == [run, other]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "this is no shared run"),
        ("hello", "this is no shared run"),
        ("rollviz2.abc", "of format 2, and this rollviz reads 1: update it"),
        ("rollviz1.abc", "damaged"),
        (share([Experiment()])[:-9], "damaged"),
        (packed(b"not json"), "damaged"),
        (packed(b"[" * 5000), "damaged"),
        (packed({}), "damaged: it holds neither"),
        (packed([{}]), "damaged: it holds neither"),
        (packed([[], []]), "damaged: it holds neither"),
        (packed([{}, "kubectl get pods"]), "damaged: it holds neither"),
        (packed([{"power": 9}, []]), "'power': there is no such knob"),
        (packed([{"replicas": "5"}, []]), "replicas: '5': must be a whole number"),
        (packed([{"replicas": 10**9}, []]), "replicas: 1000000000: must be"),
        (packed([{"strategy": {"type": "x"}}, []]), "strategy: .*: must be one of"),
        (packed([{"image": "x" * 5000}, []]), "image: 'xxx.*...*': must be one of"),
        (packed([{}, ["rm -rf /"]]), "must begin with kubectl"),
        (packed([{}, [None]]), "must be a kubectl command"),
        (packed([{}, [UPDATE] * 21]), "commands: 21 are more than 20"),
        (packed(b"[{}," + b" " * 10**7 + b"[]]"), "damaged"),
    ],
)
def test_a_strangers_text_is_checked(text, message):
    with pytest.raises(LabError, match=message) as refused:
        read(text)
    assert len(str(refused.value)) < 300
    assert refused.value._render_traceback_() == [str(refused.value)]


@settings(max_examples=200)
@given(
    st.one_of(
        st.text(),
        st.binary().map(packed),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ).map(packed),
    )
)
def test_any_other_text_is_an_error_and_no_crash(text):
    try:
        read(text)
    except LabError as error:
        assert str(error)


# --- the gallery ----------------------------------------------------------------------------


@pytest.mark.parametrize("tale", GALLERY, ids=lambda tale: tale.name)
def test_every_story_plays_and_kubectl_takes_every_command(tale):
    timeline = tale.run.play().timeline
    assert [command for command in timeline.commands if command.exit_code] == []
    assert len(timeline.steps) < 200
    assert tale.about.endswith((".", "!"))


@pytest.mark.parametrize(
    ("name", "least", "most", "complete"),
    [
        ("good update", 4, 9, True),
        ("Recreate", 0, 5, True),
        ("missing image", 4, 8, False),
        ("no room for the surge", 6, 7, False),
        ("quota", 5, 5, False),
        ("one at a time", 4, 6, True),
    ],
)
def test_a_story_tells_what_it_says(name, least, most, complete):
    cost = metrics(story(name).run.play().timeline)
    assert (cost.least_available, cost.most_pods, cost.complete) == (least, most, complete)


def test_a_story_that_is_not_there():
    with pytest.raises(LabError, match="'canary': there is no such story: there are good update"):
        story("canary")


# --- the widget -----------------------------------------------------------------------------


def test_it_opens_before_the_update():
    lab = Lab()
    command = lab.timeline.steps[lab.player.step + 1].command
    assert command and command.run == UPDATE
    assert lab.panel.about == "Old pods leave only as new ones become ready."
    assert re.fullmatch(
        r"rolled out in 4\.\d s · at least 4 available · at most 9 pods · 0 of 5\d requests lost",
        lab.panel.status,
    )
    assert lab.panel.hints == {
        "max_surge": "25% of 5 = 1.25, rounds up to 2",
        "max_unavailable": "25% of 5 = 1.25, rounds down to 1",
    }


def test_a_knob_plays_it_again_and_keeps_the_playhead():
    lab = Lab()
    lab.player.step = 13
    second = lab.player.data["times"][26]
    lab.panel.knobs = {**lab.panel.knobs, "max_surge": 1}
    assert lab.timeline.last.deployments[NAME].spec.strategy.max_surge == 1
    assert lab.panel.hints["max_surge"] == "1 pod"
    assert lab.player.data["times"][2 * lab.player.step] == pytest.approx(second, abs=0.5)
    assert lab.panel.story == ""


def test_at_the_end_it_stays_at_the_end():
    lab = Lab()
    lab.player.step = lab.player.last_step
    lab.set(replicas=9)
    assert lab.player.step == lab.player.last_step


def test_what_kubectl_prints_comes_when_the_knob_stands_still():
    lab = Lab()
    lab.panel.knobs = {**lab.panel.knobs, "replicas": 6}
    assert lab.player.data["lens"]["lines"] == ["…"]
    assert lab.panel.status == ""
    hear(lab, rest=True)
    assert len(lab.player.data["lens"]["lines"]) > 10
    assert lab.panel.status.startswith("rolled out in")


def hear(lab, **said):
    """What the page says, when no knob waits to be sent."""
    lab._hear({**said, "turns": lab.panel.turns, "knobs": lab.panel.knobs})


def test_what_is_said_after_a_turned_knob_may_come_before_it():
    """ipywidgets holds a state back while another is on its way; a message overtakes it."""
    lab = Lab()
    turned = {"knobs": {**lab.panel.knobs, "replicas": 6}, "turns": 1}
    lab._hear({"rest": True, **turned})
    assert lab.knobs.replicas == 6
    assert lab.panel.status.startswith("rolled out in")
    lab.panel.set_state(turned)
    assert lab.panel.status.startswith("rolled out in")

    turned = {"knobs": {**lab.panel.knobs, "replicas": 7}, "turns": 2}
    lab._hear({"load": "rollback", **turned})
    lab.panel.set_state(turned)  # it was turned before, and comes too late
    assert lab.panel.story == "rollback"
    assert lab.panel.knobs == asdict(story("rollback").run.knobs)
    lab.panel.set_state({**turned, "turns": 3})  # this time somebody means it
    assert lab.knobs.replicas == 7


def test_what_is_said_before_the_page_has_heard_of_a_run_turns_no_knob():
    lab = Lab()
    said = {"turns": 0, "knobs": lab.panel.knobs}
    lab._hear({"load": "a hundred pods", **said})
    lab._hear({"load": "rollback", **said})
    assert lab.panel.story == "rollback"


class Wire:
    """Stands for a widget's comm: it writes down what a browser would be sent."""

    comm_id, kernel = "wire", True

    def __init__(self, name, sent):
        self.name, self.sent = name, sent

    def send(self, data, buffers=None, **_):
        self.sent.append((self.name, data["method"], data["state"], buffers))

    def on_msg(self, callback):
        pass

    def close(self, *_, **__):
        pass


def test_of_all_that_a_turned_knob_sends_the_picture_goes_first():
    lab, sent = Lab("a hundred pods"), []
    for name in ("player", "panel", "terminal"):
        getattr(lab, name).comm = Wire(name, sent)
    turned = {"knobs": lab.panel.knobs | {"replicas": 90}, "turns": 1}
    lab.panel.set_state(turned)
    (player, _, state, [picture]), *others = sent
    assert (player, set(state)) == ("player", {"step"})
    assert json.loads(gzip.decompress(picture)) == json.loads(json.dumps(lab.player.data))
    assert len(picture) < 20_000
    assert ("panel", "echo_update", turned, None) in others
    assert len(others) == 3  # the other two are the panel's words, and the terminal's


def test_a_knob_that_is_refused_is_told_to_other_browsers_all_the_same():
    lab, sent = Lab(), []
    lab.panel.comm = Wire("panel", sent)
    turned = {"knobs": lab.panel.knobs | {"replicas": -1}, "turns": 1}
    lab.panel.set_state(turned)
    assert ("panel", "echo_update", turned, None) in sent
    hear(lab, rest=True)
    assert "replicas" in lab.panel.problem  # still


def test_a_knob_that_came_too_late_is_put_back_in_the_browser_that_turned_it():
    lab, sent = Lab(), []
    turned = {"knobs": lab.panel.knobs | {"replicas": 7}, "turns": 1}
    lab._hear({"load": "rollback", **turned})
    lab.panel.comm = Wire("panel", sent)
    lab.panel.set_state(turned)
    told = [state["knobs"] for _, _, state, _ in sent if "knobs" in state]
    assert told[-1] == asdict(story("rollback").run.knobs)


def test_knobs_that_are_refused_say_so_and_leave_the_picture():
    lab = Lab()
    before = lab.player.data
    lab.panel.knobs = {**lab.panel.knobs, "max_surge": 0, "max_unavailable": 0}
    assert "may not be 0 when `maxSurge` is 0" in lab.panel.problem
    assert lab.player.data == before
    lab.panel.knobs = {**lab.panel.knobs, "max_unavailable": 1}
    assert lab.panel.problem == ""
    lab.panel.knobs = {**lab.panel.knobs, "max_unavailable": 0}
    assert lab.panel.problem != ""
    lab.panel.knobs = {**lab.panel.knobs, "max_unavailable": 1}  # back to what was played
    assert lab.panel.problem == ""


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"replicas": 5000}, "replicas: 5000: must be"),
        ({"speed": 9}, "speed: there is no such knob"),
    ],
    ids=str,
)
def test_a_knob_that_cannot_be_set(changed, message):
    with pytest.raises(LabError, match=message):
        Lab().set(**changed)


def test_a_reading_command_answers_from_the_picture_on_show():
    lab = Lab()
    assert lab.kubectl(f"kubectl get deployment {NAME}").splitlines()[1].split()[1] == "5/5"
    lab.player.step = 8
    assert lab.kubectl("get rs").count(NAME) == 2
    assert lab.kubectl("get nodes").count("node-") == 3
    assert "at most" in lab.panel.status  # and nothing was changed
    assert lab.terminal.line == "kubectl get nodes"


def test_a_changing_command_in_mid_rollout_shows_both_futures():
    lab = Lab()
    lab.player.step = 10
    assert "rolled back" in lab.kubectl(UNDO)
    assert lab.panel.futures == ["as it was", f"rollout undo deployment/{NAME}"]
    assert [type(child).__name__ for child in lab.children] == [
        "Panel",
        "CompareWidget",
        "Terminal",
    ]
    before, after = lab.children[1].comparison.runs.values()
    assert after.last.deployments[NAME].revision == 3
    assert before.last.deployments[NAME].revision == 2


def test_a_knob_turns_both_futures():
    lab = Lab()
    lab.player.step = 10
    lab.kubectl(UNDO)
    lab.set(replicas=7)
    assert [run.knobs.replicas for run in lab.runs] == [7, 7]
    assert len(lab.panel.futures) == 2


@pytest.mark.parametrize(("index", "revision"), [(0, 2), (1, 3)])
def test_one_of_both_futures_is_kept(index, revision):
    lab = Lab()
    lab.player.step = 10
    lab.kubectl(UNDO)
    lab.keep(index)
    assert lab.timeline.last.deployments[NAME].revision == revision
    assert lab.panel.futures == []
    assert lab.children[1] is lab.player
    with pytest.raises(LabError, match="only after a fork"):
        lab.keep(0)


def test_at_the_end_a_changing_command_just_goes_on():
    lab = Lab()
    lab.player.step = lab.player.last_step
    end = lab.timeline.duration
    lab.kubectl(UNDO)
    assert lab.panel.futures == []
    assert lab.timeline.last.deployments[NAME].revision == 3
    assert lab.player.data["times"][2 * lab.player.step] == pytest.approx(end, abs=0.01)


def test_a_command_that_kubectl_refuses_makes_no_future():
    lab = Lab()
    assert "not found" in lab.kubectl("kubectl scale deployment/nope --replicas=3")
    assert lab.terminal.failed
    assert len(lab.runs) == 1
    assert "files can't be used here" in lab.kubectl("kubectl delete -f deployment.yaml")
    assert "unknown command" in lab.kubectl("rolout undo")


def test_two_futures_are_enough():
    lab = Lab()
    lab.player.step = 10
    lab.kubectl(UNDO)
    assert "keep one of them first" in lab.kubectl(UNDO)


def test_fork_here_without_a_command_leaves_out_what_came():
    lab = Lab("rollback")
    lab.fork()
    assert lab.panel.futures == ["as it was", "nothing more is done"]
    plain = Lab()
    plain.player.step = plain.player.last_step
    hear(plain, fork=True)
    assert plain.panel.problem == "no command was to come after this step: give one to run here"


def test_what_was_shared_is_loaded_by_whoever_gets_it():
    lab = Lab("slow start")
    lab.set(replicas=3)
    again = Lab(lab.share())
    assert again.timeline.changes == lab.timeline.changes
    lab.player.step = 10
    lab.kubectl(UNDO)
    assert Lab(lab.share()).panel.futures == lab.panel.futures
    hear(again, load="rollover")
    assert (again.panel.story, again.runs) == ("rollover", [story("rollover").run])
    hear(again, load="rollviz1.oops")
    assert again.panel.problem.startswith("this run is damaged")
    assert again.panel.story == "rollover"


def test_its_repr_says_what_is_on_show():
    lab = Lab()
    assert repr(lab).startswith("<Lab: <Timeline of myapp-deployment: 8.")
    lab.player.step = 10
    lab.kubectl(UNDO)
    assert repr(lab).endswith("and another future>")
