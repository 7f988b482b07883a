"""How soon a turned knob of the laboratory shows, and what that sends, in JupyterLab in Chromium.

Beside a click on a plain ipywidgets button that changes a label: the least a kernel can take.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks import Row
from tests.browser.conftest import CHROMIUM, FLAGS, MISSING, PATIENCE, SIZE, running_lab

TURNS = 15

BUTTON = """
from ipywidgets import Button, Label, VBox
button, label = Button(description="count"), Label("0")
button.on_click(lambda _: setattr(label, "value", str(int(label.value) + 1)))
VBox([button, label])
"""
LAB = """
import rollviz
rollviz.Lab("a hundred pods")
"""
CLICK = """async (times) => {
  const button = document.querySelector('.jupyter-button');
  const label = document.querySelector('.widget-label');
  const took = [];
  for (let i = 0; i < times; i += 1) {
    const [before, begun] = [label.textContent, performance.now()];
    button.click();
    while (label.textContent === before) await new Promise(requestAnimationFrame);
    took.push(performance.now() - begun);
  }
  return took;
}"""
TURN = """async (values) => {
  const input = document.querySelector('.rollviz-knob input[id$=replicas]');
  const took = [];
  for (const value of values) {
    const stage = document.querySelector('.rollviz-stage');
    const begun = performance.now();
    input.value = value;
    input.dispatchEvent(new Event('input', { bubbles: true }));
    while (stage.isConnected || !document.querySelector('.rollviz-stage [data-pod]')) {
      await new Promise(requestAnimationFrame);
    }
    took.push(performance.now() - begun);
  }
  return took;
}"""


def rows() -> Iterator[Row]:
    """All measurements, of one notebook."""
    if not CHROMIUM:
        raise SystemExit(MISSING)
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        page = browser.new_page(viewport=SIZE, reduced_motion="reduce")
        page.set_default_timeout(1000 * PATIENCE)
        sent = _sizes(page)
        with running_lab(Path(folder)) as lab:
            lab.run(page, BUTTON, LAB)
            page.wait_for_selector(".rollviz-lab-status:has-text('rolled out')")
            yield from _measured(page, sent)
            page.close()
        browser.close()


def _measured(page: Page, sent: list[int]) -> Iterator[Row]:
    click = median(page.evaluate(CLICK, TURNS))
    before = sum(sent)
    turn = median(page.evaluate(TURN, [99 - i for i in range(TURNS)]))
    kilobytes = (sum(sent) - before) / TURNS / 1000
    yield Row("a knob turned, 100 pods, to the new picture", turn, "ms", "wanted: under 100")
    yield Row("the same", turn / click, "x", f"of a click that Python answers, {click:.0f} ms")
    yield Row("sent for it", kilobytes, "kB", "over the websocket, both ways")
    yield Row("the same", 1000 * kilobytes / before, "x", "of what opening the notebook sent")


def _sizes(page: Page) -> list[int]:
    """How long each message over a websocket of the page is, from now on."""
    sizes: list[int] = []

    def listen(socket: Any) -> None:
        socket.on("framesent", lambda payload: sizes.append(len(payload)))
        socket.on("framereceived", lambda payload: sizes.append(len(payload)))

    page.on("websocket", listen)
    return sizes
