"""The course without a server: build/site, in a Chromium that can reach nothing else."""

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, choose, listen

pytestmark = pytest.mark.published

ROOT = Path(__file__).parents[2]
RUNNING = """() => [...document.querySelectorAll('.jp-InputPrompt')]
  .some((prompt) => prompt.textContent === '[*]:')"""
STDERR = '[data-mime-type="application/vnd.jupyter.stderr"]'  # an error's traceback, too


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address():
    """The site under a path, as pages have it."""
    handler = functools.partial(Quiet, directory=ROOT / "build")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/site/"
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser):
    """A page whose test fails where it asks another host for anything, or a script breaks."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE * 1000)
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    complaints = listen(page)
    yield page
    context.close()
    assert {
        url for url in asked if not url.startswith(("http://127.0.0.1:", "blob:", "data:"))
    } == set()
    # JupyterLab takes what looks like a path in an output for a file, and asks for it.
    assert [words for words in complaints if "404 (File not found)" not in words] == []


def run(page, address, name):
    """Open a notebook, run all of it, and give its errors, and what did not run for them."""
    page.goto(f"{address}lab/index.html?path=notebooks/{name}.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    expect(page.locator(".jp-KernelName")).to_have_text("Python (Pyodide)")
    choose(page, "Run", "Run All Cells")
    page.wait_for_function(RUNNING)
    page.wait_for_function(f"() => !({RUNNING})()", timeout=3 * PATIENCE * 1000)
    # A cell that starts collapsed has no prompt to see: the kernel has the last word.
    page.get_by_text("Python (Pyodide) | Idle").wait_for()
    stderr = [output.text_content() for output in page.query_selector_all(STDERR)]
    not_run = page.get_by_text("[ ]:", exact=True).all_text_contents()
    return [text for text in stderr if "Traceback" in text] + not_run


def test_the_front_page_leads_to_the_first_notebook(page, address):
    page.goto(address)
    page.wait_for_url(f"{address}lab/index.html?path=notebooks/00_start_here.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-MarkdownCell h1")


def test_a_notebook_runs_to_its_end_and_plays(page, address):
    assert run(page, address, "03_rolling_update") == []
    player = page.locator(".rollviz:has(.rollviz-play)").first
    player.scroll_into_view_if_needed()
    where = player.locator(".rollviz-where")
    before = where.inner_text()
    player.locator(".rollviz-play").click()
    expect(where).not_to_have_text(before, timeout=PATIENCE * 1000)


def test_without_a_cluster_the_mirror_says_why_and_the_recording_goes_on(page, address):
    assert run(page, address, "11_live_cluster") == []
    message = page.get_by_text("Python in a browser cannot reach a cluster").first
    message.scroll_into_view_if_needed()
    expect(message).to_be_visible()
