"""A prediction in JupyterLab: answered by keyboard, locked, watched, told."""

import pytest
from playwright.sync_api import expect

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
SCORE = "rollviz.score()"


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
