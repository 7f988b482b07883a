"""A comparison in JupyterLab: all runs on one clock."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BUILD

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=alert(1)>"
SETUP = f"""
from rollviz.compare import compare
from rollviz.lab import Experiment, Knobs
def run(**knobs): return Experiment(Knobs(**knobs)).play().timeline
compare({{"Recreate": run(strategy="Recreate"), "{HOSTILE * 3}": run(), "slow": run(startup=8)}})
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_runs_play_on_one_clock(lab, page, dark):
    page.set_viewport_size({"width": 1280, "height": 1250})
    lab.run(page, SETUP, dark=dark)
    runs = page.locator(".rollviz-run")
    expect(runs).to_have_count(3)
    expect(runs.nth(1).locator("strong")).to_have_text(HOSTILE * 3)
    expect(runs.nth(0).locator(".rollviz-run-counts")).to_have_text("5 available, 5 in all")
    everything = page.locator(".rollviz-compare")
    everything.focus()
    page.keyboard.press("End")
    expect(everything.locator(".rollviz-where")).to_have_text("17.2 s after the edit")
    said = everything.locator("[aria-live=polite]")
    expect(said).to_contain_text("17.2 s after the edit. Recreate: 5 available, 5 in all. <img")
    page.keyboard.press("Home")
    expect(everything.locator(".rollviz-where")).to_have_text("0.5 s before the edit")
    cells = page.locator(".jp-CodeCell").count()
    for key in ("ArrowRight", "ArrowRight", "b", "ArrowRight"):
        page.keyboard.press(key)
    assert page.locator(".jp-CodeCell").count() == cells
    page.keyboard.press(" ")
    expect(runs.nth(0).locator(".rollviz-run-counts")).to_contain_text("0 available")
    page.keyboard.press(" ")
    expect(everything.get_by_role("button", name="Play (Space)")).to_be_visible()
    page.keyboard.press("Home")
    counts = runs.nth(1).locator(".rollviz-run-counts")
    where = everything.locator(".rollviz-where")
    while "4 available" not in counts.inner_text():  # on to the first moment of one pod down
        page.keyboard.press("ArrowRight")
        assert where.inner_text() != "17.2 s after the edit"
    expect(runs.nth(0).locator(".rollviz-run-counts")).to_contain_text("0 available")
    heads = [head.bounding_box() for head in everything.locator(".rollviz-playhead").all()]
    assert len({round(head["x"]) for head in heads}) == 1  # one clock
    expect(page.locator(".rollviz-costs tbody tr").first).to_contain_text("duration (s)")
    page.screenshot(path=BUILD / f"compare-{'dark' if dark else 'light'}.png")


def test_nothing_is_cut_off_on_a_narrow_screen(lab, page):
    page.set_viewport_size({"width": 700, "height": 1250})
    lab.run(page, SETUP)
    compared = page.locator(".rollviz-compare")
    expect(compared.locator(".rollviz-run")).to_have_count(3)
    expect(compared.locator(".rollviz-band svg").first).to_be_visible()
    wide = compared.evaluate("node => [node.scrollWidth, node.clientWidth]")
    assert wide[0] <= wide[1] + 1
    page.screenshot(path=BUILD / "compare-narrow.png")
