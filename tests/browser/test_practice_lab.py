"""The practice lab as a learner does it: typed, answered and run cell by cell in JupyterLab."""

import re
import shutil

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BUILD, choose
from tests.strip_notebooks import ROOT

pytestmark = pytest.mark.browser

PATH = ROOT / "notebooks" / "10_practice_lab.ipynb"
CURL, HEALED = "lab.Curl(cluster)", "lab.healed.check(cluster)"
PREDICTED = {
    "What do the 35 requests get during the rolling update?": "both colours, no failure",
    "How many of the 35 requests fail?": "22",
    "How many pods are available at the worst moment?": "0",
    "At which revision is the Deployment now?": "5",
}
TYPED = [  # what the cells with dots or a comment are filled with, in turn, and what they then say
    [
        ('lab.what_is_there.check({"replicas": 4, "image": "v1", "strategy": "?"})', "Not yet."),
        ("%kubectl describe deployment frontend", "RollingUpdate"),
        (
            'answer = {"image": "webapp-color:v1", "strategy": "RollingUpdate", "replicas": 4}\n'
            "lab.what_is_there.check(answer)",
            "Right.",
        ),
    ],
    [(f"%kubectl set image deploy/frontend *=webapp-color:v2\n{CURL}", "6 green, 0 failed")],
    [
        ("lab.down_at_once.check(2)", "Hint: maxUnavailable is 25%"),
        ("lab.down_at_once.check(4 // 4)", "Right."),
    ],
    [
        ('lab.another_strategy.check({"type": "recreate"})', "the API server refuses it"),
        ('lab.another_strategy.check(dict(type="Recreate"))', "Right."),
    ],
    [(f"%kubectl set image deploy/frontend *=webapp-color:v3\n{CURL}", "13 green, 22 failed")],
    [
        (f"%kubectl rollout undo deploy/frontend\n{HEALED}", "Hint: Wait for it"),
        (f"%kubectl rollout status deploy/frontend\n{HEALED}", "Right."),
    ],
]


class Learner:
    """Goes through an open notebook from its top by keyboard, one cell after the other."""

    def __init__(self, page):
        self.page, self.at, self.ran = page, 0, 0
        self.cell.click(position={"x": 2, "y": 2})
        self.arrive()

    @property
    def cell(self):
        return self.page.locator(".jp-Notebook .jp-Cell").nth(self.at)

    def arrive(self):
        """Until the cell that should be next is the one that keys go to."""
        expect(self.cell).to_have_class(re.compile("jp-mod-active"))
        expect(self.cell).to_be_focused()

    def go(self, key, by=1):
        self.page.keyboard.press(key)
        self.at += by
        self.arrive()

    def run(self, folded=False):
        """Run a code cell, and give what it shows: counted, so that nothing is read too early."""
        cell = self.cell
        self.ran += 1
        self.go("Shift+Enter")
        if not folded:  # what is folded has no number
            expect(cell.locator(".jp-InputPrompt")).to_have_text(f"[{self.ran}]:")
        return cell.locator(".jp-OutputArea")

    def type(self, tries):
        """Put one answer after the other into the cell; leave when the last one is as wanted."""
        for number, (text, wanted) in enumerate(tries):
            if number:
                self.go("ArrowUp", -1)
            self.page.keyboard.press("Enter")
            expect(self.cell.locator(".cm-content")).to_be_focused()
            self.page.keyboard.press("Control+A")
            self.page.keyboard.insert_text(text)
            expect(self.run()).to_contain_text(wanted)

    def predict(self):
        """Answer the question that the cell asks, and go on from there."""
        question = self.run(folded=True).locator(".rollviz-predict")
        expect(question).to_have_accessible_name(
            question.locator(".rollviz-question").text_content()
        )
        answer = PREDICTED[question.locator(".rollviz-question").text_content()]
        if question.get_by_role("radio").count():
            question.get_by_label(answer, exact=True).check()
        else:
            question.locator(".rollviz-number").fill(answer)
        question.get_by_role("button", name="Lock in").click()
        # Told by itself, where the picture has come to the answer.
        expect(question).to_have_attribute("data-state", "told")
        expect(question).to_contain_text(f"Right: {answer}")
        expect(question).to_be_focused()
        self.at -= 1  # the cell with the question is the one that was clicked
        self.go("Shift+Enter")


def test_the_practice_lab_can_be_done_from_its_first_cell_to_the_full_score(lab, page):
    # In a folder of its own: by its path a notebook finds the kernel that ran it in another test.
    shutil.copytree(ROOT / "notebooks", lab.folder / "practice")
    lab.open(page, f"practice/{PATH.name}")
    choose(page, "Edit", "Clear Outputs of All Cells")
    learner, typed, shown = Learner(page), iter(TYPED), []
    *cells, _ = nbformat.read(PATH, as_version=4).cells
    for cell in cells:
        if cell.cell_type == "markdown":
            learner.go("Shift+Enter")
        elif cell.source.startswith("# Solution"):
            learner.go("ArrowDown")
        elif "rollviz.predict(" in cell.source:
            learner.predict()
        elif "..." in cell.source or "# your command here" in cell.source:
            learner.type(next(typed))
        else:
            output = learner.run()
            if ".check(" in cell.source:
                expect(output).to_contain_text("Right.")
            shown.append(output)
    assert not list(typed)
    expect(shown[-1]).to_contain_text("4 of 4 right")
    page.screenshot(path=BUILD / "practice-lab.png")
