"""Every notebook as a learner has it: run in JupyterLab, questions answered, pictures played."""

import re
import shutil

import nbformat
import pytest

from tests.browser.conftest import BUILD, SIZE, choose, wait_until
from tests.strip_notebooks import ROOT, paths

pytestmark = pytest.mark.browser

OUTPUT = ".jp-OutputArea-output"
ERRORS = f'{OUTPUT}[data-mime-type="application/vnd.jupyter.error"]'
COMPLAINTS = f'{OUTPUT}[data-mime-type="application/vnd.jupyter.stderr"]'
PLAYED = ".rollviz:has(.rollviz-play):not(.widget-vbox *)"
OF_A_QUESTION = ".widget-vbox .rollviz:has(.rollviz-play)"
SCROLLED = ".jp-WindowedPanel-outer"
TALLEST = 16_000  # pixels that Chromium can take a picture of
HAS_RUN = r"""(count) => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]
  .filter((prompt) => /\[\d+\]/.test(prompt.textContent)).length === count"""
TELL = """(question) => [...question.querySelectorAll('button')]
  .find((button) => button.textContent === 'Show the answer' && !button.hidden)?.click()"""
HAS_BEGUN = "(player) => Number(player.querySelector('.rollviz-scrubber').value) > 0"
AT_ITS_END = """(player) => {
  const { value, max } = player.querySelector('.rollviz-scrubber');
  return Number(value) === Number(max)
    && player.querySelector('.rollviz-play').getAttribute('aria-label').startsWith('Play');
}"""


@pytest.fixture(scope="module")
def course(lab):
    """The notebooks and all that lies beside them, in a JupyterLab."""
    shutil.copytree(ROOT / "notebooks", lab.folder, dirs_exist_ok=True)
    return lab


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_a_notebook_runs_its_questions_can_be_answered_and_its_pictures_play(course, page, path):
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    course.open(page, path.name)
    run_all(course, page, path.name, len(cells))
    failing = sum("raises-exception" in cell.metadata.get("tags", ()) for cell in cells)
    assert page.locator(ERRORS).count() == failing
    warnings = " ".join(page.locator(COMPLAINTS).all_text_contents())
    assert not re.search(r"[a-z]Warning:|Traceback", warnings), warnings
    # A widget may show a little after its cell has run.
    asked, played = page.locator(".rollviz-predict"), page.locator(PLAYED)
    wait_until(lambda: asked.count() == shown(cells, "predict"), "every question")
    answer_all(page)
    wait_until(lambda: played.count() >= shown(cells, "play", "compare"), "every picture")
    play_all(page)
    picture_of(page, path.stem)


def shown(cells, *functions):
    """How many cells end with what one of rollviz's functions returns."""
    call = re.compile(rf"^rollviz\.({'|'.join(functions)})\(", re.MULTILINE)
    return sum(bool(call.search(cell.source)) for cell in cells)


def run_all(course, page, name, count):
    """Run all cells with nothing folded, and wait until each of them has run."""
    choose(page, "View", "Expand All Code")
    choose(page, "View", "Expand All Outputs")
    choose(page, "Run", "Run All Cells")
    page.wait_for_function(HAS_RUN, arg=count)
    wait_until(lambda: course.kernel_is_idle(name), "an idle kernel")


def answer_all(page):
    """Answer every question with the first answer there is, and have the verdict told."""
    for question in page.locator(".rollviz-predict").all():
        if question.locator("input[type=radio]").count():
            question.locator("input[type=radio]").first.check()
        elif question.locator(".rollviz-number").count():
            question.locator(".rollviz-number").fill("1")
        question.get_by_role("button", name="Lock in").click()
        question.and_(page.locator(':not([data-state="open"])')).wait_for()
        # In the page, at once: the picture may come to the answer by itself at any moment.
        question.evaluate(TELL)
        question.and_(page.locator('[data-state="told"]')).wait_for()
        assert question.locator(".rollviz-verdict strong").text_content()


def play_all(page):
    """Play every picture to its end, as fast as it goes; a question's own is on its way there."""
    for player in page.locator(OF_A_QUESTION).all():
        player.press("End")
        wait_until(lambda player=player: player.evaluate(AT_ITS_END), "the end of an answer")
    players = page.locator(PLAYED).all()
    for player in players:  # one starts while others play on
        player.scroll_into_view_if_needed()
        while player.locator(".rollviz-speed").text_content() != "8×":
            player.locator(".rollviz-speed").click()
        player.press("Home")
        player.locator(".rollviz-play").click()
        wait_until(lambda player=player: player.evaluate(HAS_BEGUN), "a picture's first step")
    for player in players:
        wait_until(lambda player=player: player.evaluate(AT_ITS_END), "the end of a picture")


def picture_of(page, name):
    """Save the notebook from top to end as one picture: build/browser/notebooks/NAME.png."""
    height = page.locator(SCROLLED).first.evaluate("node => node.scrollHeight")
    page.set_viewport_size({"width": SIZE["width"], "height": min(height + 100, TALLEST)})
    page.locator(SCROLLED).first.evaluate("node => node.scrollTo(0, 0)")
    page.screenshot(path=BUILD / "notebooks" / f"{name}.png")


def test_the_lectures_update_plays_and_can_be_walked_back(course, page):
    path = ROOT / "notebooks" / "03_rolling_update.ipynb"
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    course.open(page, path.name)
    run_all(course, page, path.name, len(cells))
    player = page.locator(PLAYED).first
    player.scroll_into_view_if_needed()
    assert shapes(player, 0) == {"available": 5} and not shapes(player, 1)
    player.press("+")
    player.press("+")
    player.locator(".rollviz-play").click()
    wait_until(lambda: player.evaluate(AT_ITS_END), "the end of the picture")
    assert not shapes(player, 0) and shapes(player, 1) == {"available": 5}
    seen = []
    for _ in range(6):
        seen.append(picture(player))
        player.press("ArrowLeft")
    assert len({words for _, words in seen}) > 3
    for earlier in reversed(seen):
        player.press("ArrowRight")
        assert picture(player) == earlier
    page.screenshot(path=BUILD / "notebook.png")


def picture(player):
    """The stage as it stands once nothing moves, and the sentence beside it."""
    wait_until(lambda: not player.evaluate("node => node.matches('[data-moving]')"), "stillness")
    stage = player.locator(".rollviz-stage").evaluate("node => node.outerHTML")
    return stage, player.locator(".rollviz-sentence").inner_text()


def shapes(player, hue):
    """How many pods of a version are on the stage, by their shape."""
    picture(player)
    names = player.locator(f"[data-pod][data-hue='{hue}']:not([display])").evaluate_all(
        "nodes => nodes.map((node) => node.classList[1].replace('rollviz-', ''))"
    )
    return {name: names.count(name) for name in set(names)}
