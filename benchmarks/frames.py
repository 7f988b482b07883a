"""How smoothly the stage plays, beside a page on which nothing moves, in the same Chromium.

``python -m benchmarks.frames`` prints it alone; it needs the browser that the tests use.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks import Row
from rollviz.scenario import simulate
from rollviz.widgets.player import Player
from tests.browser.conftest import CHROMIUM, FLAGS, MISSING

SECONDS = 5
"""How long frames are counted."""

COUNT = """async (seconds) => {
  const start = performance.now();
  let frames = 0;
  while (performance.now() - start < 1000 * seconds) {
    await new Promise(requestAnimationFrame);
    frames += 1;
  }
  return (1000 * frames) / (performance.now() - start);
}"""


def rows() -> Iterator[Row]:
    """All measurements, one after another."""
    if not CHROMIUM:
        raise SystemExit(MISSING)
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        for pods, slower, wanted in ((10, 1, 0.95), (100, 1, 0.95), (100, 4, 0.95), (1000, 1, 0.8)):
            path = _page_of(pods, Path(folder))
            idle, playing, busy = _frames(page, "about:blank", slower), *_play(page, path, slower)
            name = f"frames, {pods} pods" + (f", CPU {slower}x slower" if slower > 1 else "")
            yield Row(
                name, playing / idle, "x", f"of an idle page's {idle:.0f}/s; wanted: {wanted}"
            )
            yield Row(f"{name}, work", busy, "ms", "CPU time a frame, of 16.7")
            if slower == 1:
                size = path.stat().st_size / 1000
                yield Row(f"offline page, {pods} pods", size, "kB", "whole")
        browser.close()


def _page_of(pods: int, folder: Path) -> Path:
    labels = {"app": "web"}
    container = {"name": "nginx", "image": "nginx:1"}
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": pods,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
    update = "kubectl set image deployment/web nginx=nginx:2"
    timeline = simulate(manifest, update, startup_seconds=[2.0, 2.6, 3.0, 1.7, 4.0])
    player = Player(timeline)
    player.step = next(s.index for s in timeline.steps[5:] if s.kind == "edited")
    return player.to_html(folder / f"{pods}.html", overwrite=True)


def _play(page: Any, path: Path, slower: float) -> tuple[float, float]:
    """Frames a second while it plays, and the main thread's milliseconds a frame."""
    page.goto(path.as_uri())
    page.wait_for_selector(".rollviz:not([data-moving])")
    page.keyboard.press("Space")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = _busy(devtools)
    rate = _frames(page, None, slower)
    return rate, 1000 * (_busy(devtools) - before) / (rate * SECONDS)


def _frames(page: Any, url: str | None, slower: float) -> float:
    """Frames a second, on another page first if there is a ``url``."""
    if url:
        page.goto(url)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    rate = float(page.evaluate(COUNT, SECONDS))
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    return rate


def _busy(devtools: Any) -> float:
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return next(float(each["value"]) for each in metrics if each["name"] == "TaskDuration")


if __name__ == "__main__":
    for row in rows():
        print(f"{row.name:36} {row.value:8.2f} {row.unit:3} {row.note}")
