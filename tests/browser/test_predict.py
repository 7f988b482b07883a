"""A prediction in JupyterLab: answered by keyboard, locked, watched, told."""

import re

import pytest
from playwright.sync_api import expect

from rollviz.lab import Experiment, Knobs
from tests.browser.conftest import BUILD

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=alert(1)> שלום 🚀"
SETUP = """
import rollviz
from rollviz.lab import Experiment, Knobs
update = Experiment(Knobs(startup=1)).play().timeline
"""
NUMBER = 'rollviz.predict("How many pods at most?", of=update, answer=rollviz.most_pods)'
CHOICE = f"""
name = "{HOSTILE}"
rollviz.predict(name, of=update, answer=lambda timeline: name, choices=[name, "no"])
"""
STEP = """
def first_ready(timeline): return next(s for s in timeline.steps if s.kind == "ready")
rollviz.predict("Which step: the first pod is ready?", of=update, answer=first_ready)
"""
SCORE = "rollviz.score()"
ACTIVE = re.compile("jp-mod-active")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_number_is_locked_before_the_rollout_plays_and_told_where_it_can_be_seen(lab, page, dark):
    lab.run(page, SETUP, NUMBER, dark=dark)
    form = page.locator(".rollviz-predict")
    number = form.locator("input")
    number.fill("lots")
    number.press("Enter")
    expect(form.get_by_role("alert")).to_have_text("Type a number, such as 7.")
    assert page.locator(".rollviz-stage").count() == 0
    number.fill("7")
    number.press("Enter")
    expect(form).to_contain_text("Locked: 7 pods. Now watch.")
    expect(number).to_be_disabled()
    expect(form.get_by_role("button", name="Show the answer")).to_be_focused()
    assert "9" not in form.text_content()
    expect(page.locator(".rollviz-stage")).to_be_visible()
    expect(form).to_contain_text("Not quite: you said 7 pods, it is 9 pods.")
    expect(form).to_contain_text("2 terminating = 9")
    expect(form).to_contain_text("0 of 1 right")
    expect(page.locator('.rollviz-stage [class*="rollviz-pod"]:visible')).to_have_count(9)
    page.screenshot(path=BUILD / f"predict-{'dark' if dark else 'light'}.png")


def test_a_choice_is_made_by_keyboard_and_no_key_reaches_the_notebook(lab, page):
    lab.run(page, SETUP, CHOICE, SCORE)
    form = page.locator(".rollviz-predict")
    expect(form.locator(".rollviz-question")).to_have_text(HOSTILE)
    cells = page.locator(".jp-CodeCell").count()
    form.get_by_role("button", name="Lock in").click()
    expect(form.get_by_role("alert")).to_have_text("Choose one first.")
    form.get_by_role("radio").nth(1).focus()
    page.keyboard.press("ArrowUp")
    for key in "abdj":
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    form.get_by_role("button", name="Show the answer").press("Enter")
    expect(form).to_contain_text(f"Right: {HOSTILE}.")
    assert page.locator(".jp-CodeCell").count() == cells


def test_shift_enter_goes_on_to_the_next_cell_from_a_question_and_from_its_picture(lab, page):
    lab.run(page, SETUP, NUMBER, SCORE)
    form, cells = page.locator(".rollviz-predict"), page.locator(".jp-CodeCell")
    form.locator("input").fill("7")
    form.locator("input").press("Shift+Enter")  # as long as the question is open, this answers it
    expect(form).to_have_attribute("data-state", "told")
    for place in (form, page.locator('[aria-label^="Rollout of"]')):
        place.focus()
        expect(cells.nth(1)).to_have_class(ACTIVE)
        page.keyboard.press("Shift+Enter")
        expect(cells.nth(2)).to_have_class(ACTIVE)
        expect(cells.nth(2)).to_be_focused()
    assert form.count() == 1, "the question was not asked again"
    expect(form).to_have_attribute("data-state", "told")


@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
def test_a_step_is_found_by_keyboard_and_locked(lab, page, right):
    steps = Experiment(Knobs(startup=1)).play().timeline.steps
    first = next(step.index for step in steps if step.kind == "ready")
    lab.run(page, SETUP, STEP)
    form, player = page.locator(".rollviz-predict"), page.locator('[aria-label^="Rollout of"]')
    player.press("Home")
    for _ in range(first if right else 1):
        player.press("ArrowRight")
    expect(form).to_contain_text(f"The step on show: {first if right else 1}")
    form.get_by_role("button", name="Lock in").press("Enter")
    expect(form).to_contain_text("Right:" if right else "Not quite:")
    expect(player.locator(".rollviz-where")).to_contain_text(f"step {first} of")
    expect(form.get_by_role("button", name="Lock in")).to_be_hidden()
