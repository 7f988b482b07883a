"""How every widget looks, beside a picture that somebody approved: see pictures.py.

After a change that is meant to be seen: look at build/browser/pictures, then ``make approve``.
"""

import pytest
from PIL import ImageChops
from playwright.sync_api import expect

from rollviz.timeline import load
from rollviz.widgets.player import Player
from tests.browser.conftest import BUILD, PATIENCE, listen, wait_until
from tests.browser.pictures import (
    PIN_FONT,
    PINNED,
    Album,
    differences,
    opened,
    shrunk,
)
from tests.kubeconfig import write_kubeconfig
from tests.recorded import recording, watch_file
from tests.watch_server import WatchServer

pytestmark = pytest.mark.browser
TWO_FRAMES = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(done)))"""
FITS = "(node) => node._fullLayout.width <= node.clientWidth"
WIDTHS = (390, 1280, 1920)
THEMES = ("light", "dark")
STEP = 16
SETUP = """
import rollviz
from rollviz.lab import Experiment, Knobs
def run(**knobs): return Experiment(Knobs(**knobs)).play().timeline
"""
LAB = "rollviz.Lab()"
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
"""
SWEEP = f'rollviz.sweep("""{WEB}""", max_surge=[0, 1, "100%"], max_unavailable=[0, "25%"]).figure()'
COMPARE = 'rollviz.compare({"Recreate": run(strategy="Recreate"), "RollingUpdate": run()})'
CHART = f"{COMPARE}.figure()"
PREDICT = 'rollviz.predict("How many pods at most?", of=run(), answer=rollviz.most_pods)'


@pytest.fixture
def album(request):
    return Album(BUILD / "pictures", request.config.getoption("--approve", default=False))


@pytest.fixture(params=THEMES)
def themed(browser, request):
    """A page in which all words are of one font, and nothing takes time to move."""
    context = browser.new_context(
        color_scheme=request.param, reduced_motion="reduce", viewport={"width": 800, "height": 3000}
    )
    context.add_init_script(PIN_FONT)
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    complaints = listen(page)
    yield page, request.param
    context.close()
    assert complaints == []


def settle(page, width):
    """Make the page that wide, and wait for it to be drawn so."""
    page.set_viewport_size({"width": width, "height": 3000})
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def open_player(page, tmp_path, **options):
    player = Player(load(watch_file("rolling-default-5")), **options)
    player.step = STEP
    page.goto(player.to_html(tmp_path / "player.html", overwrite=True).as_uri())
    page.wait_for_selector(PINNED, state="attached")
    page.wait_for_selector(".rollviz:not([data-moving]) .rollviz-svg[width]")


def whole(page):
    return page.locator(".rollviz").screenshot()


@pytest.mark.parametrize("present", [False, True], ids=["player", "present"])
def test_the_player(themed, album, tmp_path, present):
    page, theme = themed
    open_player(page, tmp_path, present=present)
    for width in WIDTHS:
        settle(page, width)
        album.check(whole(page), f"{'present' if present else 'player'}-{theme}-{width}")


def test_lab_comparison_and_prediction(themed, album, lab):
    page, theme = themed
    lab.run(page, SETUP, LAB, COMPARE, PREDICT, dark=theme == "dark")
    number = page.locator(".rollviz-predict input")
    number.fill("9")
    number.press("Enter")
    expect(page.locator(".rollviz-predict")).to_contain_text("1 of 1 right")
    expect(page.locator(".rollviz-lab-status")).to_contain_text("0 of")
    expect(page.locator(".rollviz-costs")).to_contain_text("downtime")
    page.wait_for_selector(PINNED, state="attached")
    for width in WIDTHS:
        settle(page, width)
        for name in ("lab", "compare", "predict"):
            output = page.locator(f".jp-OutputArea-child:has(.rollviz-{name})")
            album.check(output.screenshot(), f"{name}-{theme}-{width}")


def test_chart_and_sweep(themed, album, lab):
    page, theme = themed
    lab.run(page, SETUP, CHART, SWEEP, dark=theme == "dark")
    plots = page.locator(".js-plotly-plot")
    expect(plots).to_have_count(2)
    expect(plots.last.locator(".heatmaplayer image")).to_be_attached()
    page.wait_for_selector(PINNED, state="attached")
    for width in WIDTHS:
        settle(page, width)
        for plot, name in zip(plots.all(), ("chart", "sweep"), strict=True):
            wait_until(lambda plot=plot: plot.evaluate(FITS), "a plot as wide as its place")
            album.check(plot.screenshot(), f"{name}-{theme}-{width}")


def test_the_mirror(themed, album, lab, tmp_path):
    """As it is found: what happened before it looked has no times that could be compared."""
    page, theme = themed
    with WatchServer() as server:
        server.play(recording("rolling-default-5"))
        kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", server.url)
        call = f"rollviz.mirror('myapp-deployment', kubeconfig={str(kubeconfig)!r})"
        lab.run(page, "import rollviz", call, dark=theme == "dark")
        expect(page.locator(".rollviz-bar")).to_have_attribute("data-state", "live")
        expect(page.locator("[data-pod].rollviz-available")).to_have_count(5)
        page.wait_for_selector(PINNED, state="attached")
        for width in WIDTHS:
            settle(page, width)
            album.check(page.locator(".rollviz-mirror").screenshot(), f"mirror-{theme}-{width}")


def test_what_can_be_opened(themed, album, tmp_path):
    page, theme = themed
    open_player(page, tmp_path)
    for width in WIDTHS:
        settle(page, width)
        for name in ("Nodes", "Ledger", "kubectl", "Keys"):
            button = page.get_by_role("button", name=name, exact=True)
            button.click()
            settle(page, width)
            album.check(whole(page), f"{name.lower()}-{theme}-{width}")
            button.click()


# --- what such a comparison sees ----------------------------------------------------------------

WRONG = {
    "a lane is missing": ".rollviz-row:nth-child(2) { display: none }",
    "a pod is missing": "[data-hue='1'].rollviz-available { display: none }",
    "a version has another hue": ".rollviz { --rollviz-hue-1: #a8538a !important }",
    "there is no playhead": ".rollviz-playhead { display: none }",
    "a label covers another": ".rollviz-image { transform: translateY(-1em) }",
    "the theme is the other": ".rollviz { color-scheme: dark !important }",
}


@pytest.mark.parametrize("themed", ["light"], indirect=True)
def test_a_break_is_seen_and_a_shift_by_a_pixel_is_not(themed, tmp_path):
    page, _ = themed
    open_player(page, tmp_path)
    settle(page, 1280)
    right = shrunk(opened(whole(page)))
    for by in ((1, 0), (0, 1), (-1, 0), (0, -1)):
        shifted = ImageChops.offset(opened(whole(page)), *by)
        assert differences(right, shrunk(shifted)) == []
    for wrong, rule in WRONG.items():
        style = page.add_style_tag(content=rule)
        assert differences(right, shrunk(opened(whole(page)))), wrong
        style.evaluate("node => node.remove()")
    assert differences(right, shrunk(opened(whole(page)))) == []
