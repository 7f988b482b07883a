"""The player in a real Chromium: first as an offline page, where most of it can be seen."""

from itertools import pairwise

import pytest

from rollviz.lab.gallery import story
from rollviz.scenario import simulate
from rollviz.timeline import Timeline, load
from rollviz.widgets.player import Player, play
from tests.browser.conftest import BUILD, listen
from tests.recorded import TRACES, watch_file

pytestmark = pytest.mark.browser

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "\"><script>alert(1)</script>'",
    "x" * 253,
    "שלום עולם",
    "🚀🎉👩‍👩‍👧‍👦",
]
BOXES = """() => JSON.stringify(
  ['stage', 'row', 'band', 'why', 'counts', 'controls', 'legend'].flatMap((part) =>
    [...document.querySelectorAll(`.rollviz-${part}`)].map((node) => {
      const { x, y, width, height } = node.getBoundingClientRect();
      return [part, x, y, width, height];
    })))"""
OVERLAPS = """() => {
  const box = (node) => {
    const words = document.createRange();
    words.selectNodeContents(node);
    return words.getBoundingClientRect();
  };
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
    && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const words = [...document.querySelectorAll('.rollviz-label > *, .rollviz-size > *')].map(box);
  const pods = [...document.querySelectorAll('[data-pod]:not([display])')];
  const hits = (pod) => words.some((there) => meet(pod.getBoundingClientRect(), there));
  return pods.filter(hits).length;
}"""
COUNT_PLACES = """() => {
  window.places = new Set();
  const ask = window.requestAnimationFrame;
  window.requestAnimationFrame = (run) => ask((now) => {
    window.asked += 1;
    run(now);
    for (const pod of document.querySelectorAll('[data-pod].rollviz-terminating')) {
      window.places.add(pod.getAttribute('transform'));
    }
  });
}"""
UNGUARDED = """nodes => nodes.filter((node) =>
  node.closest('.rollviz') && !node.dataset.lmSuppressShortcuts).length"""


@pytest.fixture(scope="session")
def offline(tmp_path_factory):
    """Write an offline page for a timeline, and give its address."""
    folder = tmp_path_factory.mktemp("offline")

    def write(timeline, **options):
        path = folder / f"{len(list(folder.iterdir()))}.html"
        return Player(timeline, **options).to_html(path).as_uri()

    return write


@pytest.fixture
def opened(page, offline):
    """Open a recording's offline page."""

    def open(name="rolling-default-5", **options):
        timeline = load(watch_file(name))
        visit(page, offline(timeline, **options))
        return timeline

    return open


def visit(page, address):
    """Open an offline page. It unpacks and lays itself out after the browser calls it loaded."""
    page.goto(address)
    page.wait_for_selector(".rollviz-svg[width], .rollviz-empty")
    settled(page)


def settled(page):
    """Wait until nothing moves any more."""
    page.wait_for_selector(".rollviz:not([data-moving])")


def stage(page):
    settled(page)
    return page.evaluate("() => document.querySelector('.rollviz-stage').outerHTML")


def shapes(page, hue):
    """How many pods of a version are on the stage, by their shape."""
    settled(page)
    names = page.eval_on_selector_all(
        f"[data-pod][data-hue='{hue}']:not([display])", "nodes => nodes.map((n) => n.classList[1])"
    )
    return {name.removeprefix("rollviz-"): names.count(name) for name in set(names)}


def sentence(page):
    return page.inner_text(".rollviz-sentence")


def step(page):
    words = page.inner_text(".rollviz-where")
    return int(words.split()[1])


def go(page, to):
    page.evaluate(
        """(step) => {
          const scrubber = document.querySelector('.rollviz-scrubber');
          scrubber.value = step;
          scrubber.dispatchEvent(new Event('input'));
        }""",
        to,
    )


def test_old_pods_leave_and_new_ones_become_available(page, opened):
    timeline = opened()
    before = next(step.index for step in timeline.steps if step.kind == "condition")
    go(page, before)
    assert shapes(page, 0) == {"available": 5} and shapes(page, 1) == {}
    page.keyboard.press("End")
    assert shapes(page, 0) == {} and shapes(page, 1) == {"available": 5}


def test_play_moves_on_by_itself_and_stops_at_the_end(page, opened):
    timeline = opened("rolling-one-replica")
    for _ in range(3):
        page.keyboard.press("+")
    page.click("[aria-label^='Play']")
    page.wait_for_selector("[aria-label^='Pause']")
    page.wait_for_selector("[aria-label^='Play']")
    assert step(page) == len(timeline.steps) - 1
    assert shapes(page, 1) == {"available": 1}


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_pods_move_where_motion_is_wanted_and_then_nothing_runs(browser, offline, motion):
    context = browser.new_context(reduced_motion=motion)
    page = context.new_page()
    visit(page, offline(load(watch_file("rolling-default-5"))))
    go(page, 10)
    settled(page)
    page.evaluate(COUNT_PLACES)
    go(page, 11)
    settled(page)
    places = page.evaluate("() => window.places.size")
    assert places > 2 if motion == "no-preference" else places == 1
    page.evaluate("() => { window.asked = 0; }")
    page.evaluate("() => new Promise((done) => setTimeout(done, 200))")
    assert page.evaluate("() => window.asked") == 0
    context.close()


@pytest.mark.parametrize("name", ["rolling-default-5", "bad-image-then-undo", "history-limit-2"])
def test_stepping_back_restores_the_earlier_picture_exactly(page, opened, name):
    timeline = opened(name)
    ways = range(0, len(timeline.steps), 6)
    there = {}
    for k in ways:
        go(page, k)
        there[k] = stage(page), sentence(page), page.inner_text(".rollviz-counts")
    for k in reversed(ways):
        go(page, k)
        assert (stage(page), sentence(page), page.inner_text(".rollviz-counts")) == there[k]


@pytest.mark.parametrize("name", TRACES)
def test_every_recording_shows_what_the_snapshot_holds(page, opened, name):
    timeline = opened(name)
    for each in timeline.steps[:: max(1, len(timeline.steps) // 4)]:
        go(page, each.index)
        settled(page)
        shown = page.eval_on_selector_all(
            "[data-pod]:not([display])", "nodes => nodes.map((n) => n.dataset.pod)"
        )
        assert set(shown) == set(timeline.after(each.stop).pods)


def test_nothing_but_the_pods_moves_from_step_to_step(page, opened):
    timeline = opened("bad-image-then-undo")
    boxes = set()
    for each in timeline.steps:
        go(page, each.index)
        boxes.add(page.evaluate(BOXES))
    assert len(boxes) == 1


@pytest.mark.parametrize("width", [390, 1280, 1920])
@pytest.mark.parametrize("name", ["rolling-default-5", "scale-mid-rollout", "history-limit-2"])
def test_nothing_is_cut_off_or_overlaps(page, opened, name, width):
    page.set_viewport_size({"width": width, "height": 900})
    timeline = opened(name)
    for k in range(0, len(timeline.steps), 9):
        go(page, k)
        settled(page)
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(OVERLAPS) == 0


# --- keys, buttons, touch -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "keys", "end"),
    [
        (0, ["ArrowRight", "ArrowRight"], 2),
        (5, ["ArrowLeft"], 4),
        (0, ["ArrowLeft"], 0),
        (9, ["PageDown"], 10),
        (9, ["PageUp"], 2),
        (9, ["End"], 29),
        (9, ["Home"], 0),
    ],
    ids=["forward", "back", "stays at the start", "decision", "decision before", "end", "home"],
)
def test_keys_step(page, opened, start, keys, end):
    opened()
    go(page, start)
    for key in keys:
        page.keyboard.press(key)
    assert step(page) == end


@pytest.mark.parametrize(
    ("label", "end"),
    [
        ("Previous decision (PageUp)", 2),
        ("One step back (←)", 8),
        ("One step forward (→)", 10),
        ("Next decision (PageDown)", 10),
    ],
)
def test_buttons_step(page, opened, label, end):
    opened()
    go(page, 9)
    page.get_by_role("button", name=label, exact=True).click()
    assert step(page) == end


def test_space_plays_and_pauses(page, opened):
    opened()
    page.keyboard.press("Space")
    page.wait_for_selector("[aria-label^='Pause']")
    page.keyboard.press("Space")
    page.wait_for_selector("[aria-label^='Play']")


def test_plus_and_minus_change_the_speed(page, opened):
    opened()
    page.keyboard.press("+")
    assert page.inner_text(".rollviz-speed") == "2×"
    page.keyboard.press("-")
    page.keyboard.press("-")
    assert page.inner_text(".rollviz-speed") == "0.5×"


def test_the_buttons_for_speed_loop_nodes_and_working_do_what_their_keys_do(page, opened):
    opened()
    for speed in ("2×", "4×", "8×", "0.25×"):
        page.click(".rollviz-speed")
        assert page.inner_text(".rollviz-speed") == speed
    for name in ("Loop (L)", "Nodes"):
        button = page.get_by_role("button", name=name, exact=True)
        pressed = button.get_attribute("aria-pressed")
        button.click()
        assert button.get_attribute("aria-pressed") != pressed
    assert page.get_by_text("node-1", exact=True).is_visible()
    page.get_by_role("button", name="working").click()
    assert page.is_hidden(".rollviz-working")


def test_full_screen_comes_and_goes(page, opened):
    opened()
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement?.matches('.rollviz')")
    page.keyboard.press("f")
    page.wait_for_function("() => !document.fullscreenElement")


def test_the_scrubber_is_dragged(page, opened):
    timeline = opened()
    box = page.locator(".rollviz-scrubber").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 10, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, middle, steps=5)
    page.mouse.up()
    assert step(page) == len(timeline.steps) - 1


def test_question_mark_shows_every_key_that_there_is(page, opened):
    opened()
    page.keyboard.press("?")
    shown = page.eval_on_selector_all(".rollviz-keys kbd", "nodes => nodes.map((n) => n.innerText)")
    assert {"Space", "←", "→", "PageUp", "PageDown", "Home", "End", "L", "N", "W", "F", "?"} <= set(
        shown
    )
    page.keyboard.press("?")
    assert page.is_hidden(".rollviz-keys")


def test_everything_that_can_be_focused_keeps_its_keys_to_itself(page, opened):
    opened()
    page.keyboard.press("?")
    loose = "[tabindex], button, input, a, select, textarea"
    assert page.eval_on_selector_all(loose, UNGUARDED) == 0


def test_loop_begins_again(page, opened):
    opened("rolling-one-replica")
    page.keyboard.press("l")
    page.keyboard.press("End")
    for _ in range(3):
        page.keyboard.press("+")
    page.keyboard.press("Space")
    page.wait_for_function(
        "() => document.querySelector('.rollviz-where').innerText.startsWith('step 9')"
    )
    page.wait_for_function(
        "() => document.querySelector('.rollviz-where').innerText.startsWith('step 1 ')"
    )


def test_working_can_be_put_away(page, opened):
    opened()
    go(page, 11)
    assert "floor" in page.inner_text(".rollviz-working")
    page.keyboard.press("w")
    assert page.is_hidden(".rollviz-working")


def test_the_band_is_a_scrubber_too(page, opened):
    opened()
    box = page.locator(".rollviz-band").bounding_box()
    page.mouse.click(box["x"] + 30, box["y"] + 50)
    assert step(page) < 2
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 50)
    assert 5 < step(page) < 25


def test_touch_works(browser, offline):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    complaints = listen(page)
    visit(page, offline(load(watch_file("rolling-default-5"))))
    page.tap("[aria-label^='One step forward']")
    assert step(page) == 1
    context.close()
    assert complaints == []


LINES = """nodes => nodes.map((node) =>
  node.getBoundingClientRect().height / parseFloat(getComputedStyle(node).fontSize))"""
NUMBERS = ".rollviz-working .rollviz-value, .rollviz-size b, .rollviz-counts b, .rollviz-count"


@pytest.mark.parametrize("width", [390, 1280])
def test_numbers_and_labels_are_on_one_line(page, offline, width):
    page.set_viewport_size({"width": width, "height": 900})
    visit(page, offline(load(watch_file("rolling-default-10"))))
    go(page, 30)
    for part in (NUMBERS, ".rollviz-tab", ".rollviz-expression"):
        assert max(page.eval_on_selector_all(part, LINES)) < 2.5


def test_durations_of_silences_do_not_cover_each_other(page, offline):
    visit(page, offline(story("crash loop").run.play().timeline))
    spans = page.eval_on_selector_all(
        ".rollviz-silence, .rollviz-axis",
        "nodes => nodes.map((n) => n.getBoundingClientRect()).map((box) => [box.left, box.right])",
    )
    assert len(spans) > 2
    spans.sort()
    assert all(left[1] < right[0] for left, right in pairwise(spans))


# --- panels ---------------------------------------------------------------------------------


def test_ledger_says_what_the_revision_was(page, opened):
    opened("rollback-after-success")
    page.keyboard.press("End")
    page.get_by_role("button", name="Ledger").click()
    rows = page.eval_on_selector_all(
        ".rollviz-ledger tbody tr", "rows => rows.map((r) => r.innerText.split('\\t')[0])"
    )
    assert rows == ["3 (was 1)", "2"]


def test_lens_prints_what_kubectl_prints_and_its_events_lead_to_their_steps(page, opened):
    opened()
    page.get_by_role("button", name="kubectl").click()
    page.get_by_role("button", name="get rs", exact=True).click()
    go(page, 16)
    assert "myapp-deployment-6869b56dbf   3         3         3" in page.inner_text(
        ".rollviz-print"
    )
    page.get_by_role("button", name="describe", exact=True).click()
    go(page, 29)
    below = "(node) => node.scrollHeight - node.clientHeight - node.scrollTop"
    assert page.locator(".rollviz-print").evaluate(below) < 2, "the newest event is out of sight"
    page.get_by_role("button", name="from 5 to 4").click()
    assert step(page) == 11


def test_nodes_hold_all_pods(page, opened):
    timeline = opened("rolling-default-10")
    go(page, 30)
    page.keyboard.press("n")
    settled(page)
    words = page.eval_on_selector_all(
        ".rollviz-row .rollviz-muted", "nodes => nodes.map((n) => n.innerText)"
    )
    assert sum(int(word.split()[0]) for word in words) == len(
        timeline.after(timeline.steps[30].stop).pods
    )
    page.keyboard.press("n")
    assert page.locator(".rollviz-size").count() == 2


def test_screen_readers_hear_the_step(page, opened):
    opened()
    go(page, 11)
    assert page.inner_text("[aria-live=polite]").startswith(
        "step 11 of 29. 5 wanted, maxUnavailable"
    )
    assert page.get_attribute(".rollviz-scrubber", "aria-valuetext") == "step 11 of 29"


def test_present_shows_the_picture_and_its_reason_only(page, opened):
    page.set_viewport_size({"width": 1920, "height": 1080})
    opened(present=True)
    assert page.is_hidden(".rollviz-controls") and page.is_hidden(".rollviz-working")
    assert page.locator(".rollviz button:visible").count() == 0
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    assert "may come" in sentence(page)
    assert (
        page.evaluate(
            "() => parseFloat(getComputedStyle(document.querySelector('.rollviz')).fontSize)"
        )
        > 20
    )
    assert page.evaluate("() => document.documentElement.scrollHeight <= 1080")
    page.keyboard.press("w")
    assert page.is_visible(".rollviz-working")


def test_an_empty_timeline_says_so_in_place(page, offline):
    visit(page, offline(Timeline()))
    assert page.inner_text(".rollviz") == "This timeline is empty: nothing has happened yet."


# --- data is data ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE, ids=["img", "script", "253", "right to left", "emoji"])
def test_hostile_names_are_shown_as_text(page, tmp_path, name):
    player = play(load(watch_file("bad-image-deadline")))
    data = player.data
    data["name"] = data["steps"][3]["sentence"] = data["lens"]["lines"][0] = name
    data["steps"][2]["command"] = name
    for lane in data["lanes"]:
        lane["name"] = lane["image"] = lane["hash"] = name
        lane["cause"] = [[0, name]]
    for pod in data["pods"]:
        pod["name"] = name
    data["looks"] = [[shape, name] for shape, _ in data["looks"]]
    data["nodes"] = [name for _ in data["nodes"]]
    player.data = data
    visit(page, player.to_html(tmp_path / "out.html").as_uri())
    page.get_by_role("button", name="kubectl").click()
    for k in (2, 3, player.last_step):
        go(page, k)
        settled(page)
    assert page.inner_text(".rollviz-title") == name
    assert page.get_attribute(".rollviz-title", "title") == name
    assert page.inner_text(".rollviz-image >> nth=0") == name
    assert page.locator(".rollviz img, .rollviz script").count() == 0
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


# --- many pods ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def large(offline):
    labels = {"app": "web"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "nginx", "image": "nginx:1"}]},
    }

    def address(replicas):
        manifest = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": template,
            },
        }
        update = "kubectl set image deployment/web nginx=nginx:2"
        return offline(simulate(manifest, update, startup_seconds=[2, 3, 4]))

    return address


def test_a_thousand_pods_are_counted_not_smeared(page, large):
    visit(page, large(1000))
    page.keyboard.press("End")
    assert page.locator("[data-pod]").count() == 0
    shown = page.eval_on_selector_all(
        ".rollviz-available .rollviz-count", "nodes => nodes.map((n) => n.textContent)"
    )
    assert shown == ["0", "1000"]


@pytest.mark.parametrize("replicas", [1, 100])
def test_other_sizes_are_drawn_one_by_one(page, large, replicas):
    visit(page, large(replicas))
    page.keyboard.press("End")
    assert shapes(page, 1) == {"available": replicas}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_screenshots_to_look_at(browser, offline, theme, width):
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 800})
    page = context.new_page()
    complaints = listen(page)
    visit(page, offline(load(watch_file("rolling-default-5"))))
    go(page, 16)
    settled(page)
    page.screenshot(path=BUILD / f"player-{theme}-{width}.png", full_page=True)
    context.close()
    assert complaints == []
