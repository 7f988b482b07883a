"""The player where people meet it: in a notebook in JupyterLab."""

import json
import urllib.request

import pytest
from playwright.sync_api import expect

from rollviz.timeline import load
from rollviz.widgets import fallback as fallbacks
from rollviz.widgets.player import play
from tests.browser.conftest import BUILD, PATIENCE, SIZE, listen, wait_until
from tests.recorded import watch_file

pytestmark = pytest.mark.browser

RECORDING = watch_file("rolling-one-replica")
PLAY = f"""
import rollviz
player = rollviz.play(rollviz.load({str(RECORDING)!r}))
player
"""
HEARD = """
from ipywidgets import Label, dlink
heard = Label()
dlink((player, "step"), (heard, "value"), "Python is at {}".format)
heard
"""
BUSY = """
import time
print("busy", flush=True)
time.sleep(8)
"""
OTHER = f"""
from rollviz.figures import stage_data
player.step = 3
player.data = stage_data(rollviz.load({str(watch_file("rolling-default-5"))!r}))
"""


WATCH = """() => {
  window.seen = new Set();
  new MutationObserver(() => {
    for (const pod of document.querySelectorAll('.rollviz-pod')) {
      window.seen.add(`${pod.dataset.hue} ${pod.classList[1].replace('rollviz-', '')}`);
    }
  }).observe(document.querySelector('.rollviz-stage'), { attributes: true, subtree: true });
}"""


@pytest.fixture
def page(browser):
    """A page on which things move."""
    context = browser.new_context(viewport=SIZE)
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    complaints = listen(page)
    yield page
    context.close()
    assert complaints == []


def pods(page, hue, shape=""):
    """The pods of a version on the stage, or those of one shape."""
    shape = f".rollviz-{shape}" if shape else ""
    return page.locator(f"[data-pod][data-hue='{hue}']{shape}:not([display])")


def at(page, step):
    """Wait until a step is on show and nothing moves any more."""
    page.wait_for_selector(f".rollviz-where:has-text('step {step} of')")
    page.wait_for_selector(".rollviz:not([data-moving])")


def go(page, key, times=1):
    page.focus(".rollviz")
    for _ in range(times):
        page.keyboard.press(key)


def picture(page):
    stage = page.eval_on_selector(".rollviz-stage", "node => node.outerHTML")
    return stage, page.inner_text(".rollviz-sentence")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_play_moves_pods_and_stepping_back_restores_the_picture(page, lab, dark):
    lab.run(page, PLAY, dark=dark)
    page.wait_for_selector(".rollviz-row")
    go(page, "Home")
    go(page, "ArrowRight", 5)
    at(page, 5)
    before = picture(page)
    assert pods(page, 0, "available").count() == 1 and pods(page, 1).count() == 0

    page.evaluate(WATCH)
    go(page, "+", 2)
    page.get_by_role("button", name="Play (Space)").click()
    at(page, 10)
    after = picture(page)
    assert {"1 starting", "1 available", "0 terminating"} <= set(page.evaluate("() => [...seen]"))
    assert pods(page, 0).count() == 0 and pods(page, 1, "available").count() == 1
    assert after[1] != before[1]
    check_colours(page, dark)

    go(page, "ArrowLeft", 5)
    at(page, 5)
    assert picture(page) == before


def check_colours(page, dark):
    page.locator(".rollviz-legend").scroll_into_view_if_needed()
    page.screenshot(path=BUILD / f"lab-{'dark' if dark else 'light'}.png")
    ink, paper = page.eval_on_selector(
        ".rollviz", "node => [getComputedStyle(node).color, getComputedStyle(node).backgroundColor]"
    )
    assert (brightness(ink) > brightness(paper)) == dark
    assert abs(brightness(ink) - brightness(paper)) > 150


def brightness(colour):
    return sum(map(float, colour[colour.index("(") + 1 : -1].split(",")[:3])) / 3


def test_python_and_the_page_show_the_same_and_no_key_gets_through(page, lab):
    lab.run(page, PLAY, HEARD, OTHER)
    page.wait_for_selector(".rollviz-where:has-text('step 3 of 29')")
    assert page.locator(".rollviz").count() == 1
    go(page, "ArrowRight")
    page.get_by_text("Python is at 4").wait_for()
    for focus in (".rollviz", ".rollviz-play", ".rollviz-scrubber"):
        page.focus(focus)
        for key in ("b", "a", "x", "m", "d", "d", "Enter", "Escape", "PageDown"):
            page.keyboard.press(key)
    assert page.locator(".jp-CodeCell").count() == page.locator(".jp-Cell").count() == 3
    assert page.locator(".jp-Dialog").count() == 0


def test_it_plays_on_while_the_kernel_is_busy(page, lab):
    lab.run(page, PLAY, BUSY, "print('done')")
    page.get_by_text("busy", exact=True).wait_for()
    go(page, "+", 3)
    go(page, "Space")
    at(page, 10)
    assert page.locator(".jp-OutputArea-output", has_text="done").count() == 0


# --- without a kernel -----------------------------------------------------------------------


OTHERS = """
timeline = rollviz.load({recording!r})
rollviz.compare({{"a": timeline, "b": timeline}})
"""


def test_a_notebook_opened_again_shows_pictures_and_no_error(browser, lab):
    context = browser.new_context(viewport={"width": 1280, "height": 4000})
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    compare = OTHERS.format(recording=str(RECORDING))
    predict = 'rollviz.predict("How many?", of=timeline, answer=rollviz.most_pods)'
    name = lab.run(page, PLAY, compare, "rollviz.Lab()", predict)
    widgets = ".rollviz-row, .rollviz-compare, .rollviz-lab, .rollviz-predict"
    page.wait_for_function(
        f"() => new Set([...document.querySelectorAll('{widgets}')]"
        ".map((node) => node.closest('.jp-Cell'))).size === 4"
    )
    fallbacks = page.locator(".rollviz-fallback")
    assert fallbacks.count() == 4
    for fallback in fallbacks.all():
        expect(fallback).to_be_hidden()
    page.keyboard.press("Control+s")
    saved = lab.folder / name
    wait_until(
        lambda: saved.read_text("utf-8").count('class=\\"rollviz-fallback') == 4, "a saved notebook"
    )
    stop_kernel(lab, name)
    lab.open(page, name)
    wait_for_picture(page)
    for fallback in fallbacks.all():
        expect(fallback).to_be_visible()
    for error in page.get_by_text("Error displaying widget").all():
        expect(error).to_be_hidden()
    page.screenshot(path=BUILD / "without-kernel.png")
    context.close()  # not listened to: JupyterLab complains of the widgets that are not there


def stop_kernel(lab, name):
    for session in lab.ask("/api/sessions"):
        if session["path"] == name:
            url = f"{lab.url}/api/sessions/{session['id']}?token={lab.token}"
            urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()


def wait_for_picture(page):
    page.locator(".rollviz-fallback img").first.wait_for()
    loaded = "document.querySelector('.rollviz-fallback img').naturalWidth > 0"
    page.wait_for_function(f"() => {loaded}")


def displayed(player, monkeypatch):
    """Both outputs that a cell gets, as a notebook's file has them."""
    shown = []
    monkeypatch.setattr(fallbacks, "display", lambda data, **_: shown.append(data))
    player._ipython_display_()
    return shown


def test_a_notebook_from_elsewhere_shows_the_picture(page, lab, monkeypatch):
    fallback, widget = displayed(play(load(RECORDING)), monkeypatch)
    shown = {"output_type": "display_data", "metadata": {}}
    cell = {
        "cell_type": "code",
        "execution_count": 1,
        "id": "player",
        "metadata": {},
        "source": "player",
        "outputs": [shown | {"data": data} for data in (fallback, widget)],
    }
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (lab.folder / "elsewhere.ipynb").write_text(json.dumps(notebook), "utf-8")
    page.goto(f"{lab.url}/doc/tree/elsewhere.ipynb?token={lab.token}&reset")
    wait_for_picture(page)
    assert page.get_by_text("Error displaying widget").count() == 0
