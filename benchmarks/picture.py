"""How long it takes a change of a real cluster to be seen: from its sending to the painted picture.

The server runs in a process of its own, the widget in this one, its picture in Chromium; the
messages between these two go through Playwright rather than through Jupyter's websocket.
"""

from __future__ import annotations

import json
import queue
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks import Row
from rollviz.objects import Pod
from rollviz.widgets.mirror import PAUSE, MirrorPlayer
from tests.browser.conftest import CHROMIUM, FLAGS

EVENTS, EVERY, WAIT = 200, 0.025, 10.0
"""How many changes are sent, how many seconds apart, and after how many."""

_PAGE = """<!doctype html>
<style>{style}</style><div id="rollviz"></div>
<script type="module">
{script}
const state = {state}, heard = {{}};
const model = {{
  get: (name) => state[name], set: (name, value) => {{ state[name] = value; }},
  on: (event, listener) => (heard[event] ??= []).push(listener), off() {{}}, save_changes() {{}},
  send() {{}},
}};
widget.render({{ model, el: document.getElementById("rollviz") }});
const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
window.take = async (event, name, content) => {{
  if (name) state[name] = content;
  for (const listener of heard[event] ?? []) listener(content);
  await painted();
}};
</script>"""


class _Sending(MirrorPlayer):
    """Keeps what would go through the websocket, and the changes of the timeline it is about."""

    def __init__(self, *target: Any, **options: Any) -> None:
        self.sent: queue.Queue[tuple[str, str, Any, int]] = queue.Queue()
        super().__init__(*target, **options)

    def send(self, content: Any, buffers: Any = None) -> None:
        self.sent.put(("msg:custom", "", content, self._reel._taken))

    def send_state(self, key: Any = None) -> None:
        if key == "data":
            self.sent.put(("change:data", key, json.loads(json.dumps(self.data)), 0))


def rows(stream: Any, name: str, pods: int) -> Iterator[Row]:
    """Median and 99th percentile, in milliseconds, from the sending of a change."""
    if not CHROMIUM:
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        with (
            stream(pods, EVENTS, EVERY, WAIT) as (_, kubeconfig),
            _Sending(name, "shop", kubeconfig=kubeconfig) as mirror,
        ):
            _open(mirror.wait(timeout=60), page)
            late = _lateness(mirror, page, pods + 2 + EVENTS)
        browser.close()
    cuts = statistics.quantiles(late, n=100)
    note = f"{len(late)} changes, {EVERY * 1000:.0f} ms apart; drawn each {PAUSE * 1000:.0f} ms"
    yield Row(f"mirror: event to painted picture, {pods} pods, median", cuts[49], "ms", note)
    yield Row(f"mirror: event to painted picture, {pods} pods, p99", cuts[98], "ms", note)


def _open(mirror: _Sending, page: Any) -> None:
    """Open a page with the mirror as it is now; what was sent until then is in it."""
    with mirror._lock:
        while not mirror.sent.empty():
            mirror.sent.get()
        state = json.dumps(mirror.get_state(), default=lambda _: None)
        mirror._unheard = None  # the page is there
    script = MirrorPlayer._esm.replace("export default", "const widget =")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mirror.html"
        path.write_text(_PAGE.format(style=MirrorPlayer._css, script=script, state=state))
        page.goto(path.as_uri())
        page.wait_for_selector(".rollviz-stage")


def _lateness(mirror: _Sending, page: Any, last: int) -> list[float]:
    """How late each change was painted until the last one was, in milliseconds."""
    late: list[float] = []
    shown, begun = 0, time.monotonic_ns()
    while shown < last:
        event, name, content, taken = mirror.sent.get(timeout=60)
        message = json.dumps([event, name, content])
        page.evaluate("(message) => window.take(...JSON.parse(message))", message)
        now = time.monotonic_ns()
        for change in mirror.timeline.changes[shown:taken]:
            pod = change.object
            if isinstance(pod, Pod) and pod.status.pod_ip.isdigit():
                sent = int(pod.status.pod_ip)
                late += [(now - sent) / 1e6] if sent > begun else []
        shown = max(shown, taken)
    return late
