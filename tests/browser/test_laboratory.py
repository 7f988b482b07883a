"""rollviz.Lab in JupyterLab: knobs, fork, share, and every control of it."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BUILD

pytestmark = pytest.mark.browser
CELL = """
from rollviz.widgets.lab import Lab
lab = Lab({story!r})
lab
"""
UNDO = "rollout undo deployment/myapp-deployment"
SAID = """
from ipywidgets import Label
said = Label()
lab.panel.observe(lambda _: setattr(said, "value", str(lab.knobs)), "hints")
lab.panel.observe(lambda _: setattr(said, "value", str(lab.knobs)), "knobs")
said
"""
TURNED = {
    "replicas": ("ArrowRight", "replicas=6"),
    "maxSurge": ("ArrowRight", "max_surge='26%'"),
    "maxUnavailable": ("ArrowLeft", "max_unavailable='24%'"),
    "startup": ("ArrowRight", "startup=2.5"),
    "termination": ("ArrowRight", "termination=1.5"),
    "grace period": ("ArrowLeft", "grace=29"),
    "nodes": ("ArrowRight", "nodes=4"),
    "pods per node": ("End", "room=20"),
    "pod quota": ("End", "quota=60"),
}
CHOSEN = {
    "new image": ("slow", "image='slow'"),
    "readiness probe": ("no", "readiness=False"),
    "strategy": ("Recreate", "strategy='Recreate'"),
}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_knob_a_fork_and_a_choice(lab, page, dark):
    page.set_viewport_size({"width": 1280, "height": 1250})
    lab.run(page, CELL.format(story="good update"), dark=dark)
    panel, theme = page.locator(".rollviz-lab"), "dark" if dark else "light"
    expect(panel).to_contain_text("25% of 5 = 1.25, rounds up to 2")
    expect(panel.locator(".rollviz-lab-status")).to_contain_text("0 of 5")
    cells = page.locator(".jp-CodeCell").count()
    panel.get_by_label("replicas", exact=True).focus()
    for key in ("ArrowRight", "ArrowRight", "b"):
        page.keyboard.press(key)
    expect(panel).to_contain_text("25% of 7 = 1.75, rounds up to 2")
    player = page.locator('.rollviz[aria-label^="Rollout of"]')
    expect(player.locator(".rollviz-rule")).to_contain_text("7 replicas")
    for _ in range(6):
        player.press("ArrowRight")
    where = player.locator(".rollviz-where").text_content().split("·")[1].strip()
    expect(page.locator(".rollviz-terminal")).to_contain_text(f"at {where}")  # Python heard
    panel.get_by_label("maxSurge", exact=True).press("End")
    expect(panel).to_contain_text("100% of 7 = 7")
    expect(player.locator(".rollviz-rule")).to_contain_text("100%")
    expect(player.locator(".rollviz-where")).to_contain_text(f"· {where[:1]}")
    page.screenshot(path=BUILD / f"laboratory-{theme}.png")
    line = page.get_by_label("kubectl command")
    line.fill("get rs")
    line.press("Enter")
    expect(page.locator(".rollviz-terminal .rollviz-print")).to_contain_text("DESIRED")
    line.fill(UNDO)
    line.press("Enter")
    expect(page.locator(".rollviz-run strong").nth(1)).to_have_text(UNDO)
    page.screenshot(path=BUILD / f"laboratory-futures-{theme}.png")
    panel.get_by_role("button", name="Keep the second").click()
    player.press("End")
    expect(player).to_contain_text("revision 3 (was 1)")
    assert page.locator(".jp-CodeCell").count() == cells


def test_what_is_refused_is_said_in_place(lab, page):
    lab.run(page, CELL.format(story="one at a time"))
    panel = page.locator(".rollviz-lab")
    panel.get_by_label("maxUnavailable", exact=True).press("Home")
    expect(panel.get_by_role("alert")).to_contain_text("may not be 0 when `maxSurge` is 0")
    panel.get_by_label("maxUnavailable", exact=True).press("ArrowRight")
    expect(panel.get_by_role("alert")).to_have_text("")
    panel.get_by_label("This run as a text").fill("rollviz1.<img src=x onerror=alert(1)>")
    panel.get_by_role("button", name="Load").click()
    expect(panel.get_by_role("alert")).to_contain_text("this is no shared run")
    panel.get_by_label("Lab", exact=True).select_option("rollover")
    expect(panel).to_contain_text("A second update while the first is under way.")
    expect(panel.get_by_role("alert")).to_have_text("")


def test_every_knob_is_turned_by_keyboard_and_python_hears_it(lab, page):
    lab.run(page, CELL.format(story="good update"), SAID)
    panel, said = page.locator(".rollviz-lab"), page.locator(".widget-label")
    expect(said).to_be_attached()
    for label, (key, knob) in TURNED.items():
        panel.get_by_label(label, exact=True).press(key)
        expect(said).to_contain_text(knob)
    panel.get_by_role("button", name="maxSurge in percent: give it in pods").press("Enter")
    expect(said).to_contain_text("max_surge=2,")
    panel.get_by_role("button", name="maxSurge in pods: give it in percent").press("Enter")
    expect(said).to_contain_text("max_surge='33%'")
    for label, (choice, knob) in CHOSEN.items():
        panel.get_by_label(label, exact=True).select_option(choice)
        expect(said).to_contain_text(knob)
    expect(panel.get_by_label("maxSurge", exact=True)).to_be_disabled()


def test_a_run_is_copied_and_loaded_forked_and_kept(lab, page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lab.run(page, CELL.format(story="rollback"))
    panel, stories = page.locator(".rollviz-lab"), page.get_by_label("Lab", exact=True)
    expect(panel.locator(".rollviz-lab-status")).to_contain_text("rolled out")
    panel.get_by_role("button", name="Copy").click()
    expect(panel.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied.startswith("rollviz1.")
    stories.select_option("good update")
    expect(panel).to_contain_text("Old pods leave only as new ones become ready.")
    panel.get_by_label("This run as a text").fill(copied)
    panel.get_by_role("button", name="Load").click()
    expect(stories).to_have_value("rollback")
    panel.get_by_role("button", name="Fork here").click()
    runs = page.locator(".rollviz-run")
    expect(runs).to_have_count(2)
    expect(panel.get_by_role("button", name="Fork here")).to_be_hidden()
    panel.get_by_role("button", name="Keep the first").click()
    expect(runs).to_have_count(0)
    expect(stories).to_have_value("rollback")


def test_a_turned_knob_shows_with_a_hundred_pods(lab, page):
    lab.run(page, CELL.format(story="a hundred pods"))
    replicas = page.get_by_label("replicas", exact=True)
    for pods in (99, 98):
        replicas.press("ArrowLeft")
        expect(page.locator(".rollviz-rule").last).to_contain_text(f"{pods} replicas")
