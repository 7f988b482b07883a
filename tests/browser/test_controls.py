"""Every control of every widget by pointer: on a laptop, a projector and a phone, light and dark.

What a control does is held once, in the other tests of this folder. Here each is found by its
name, looked at, hit where it stands, and must show something for it; none may be left out.
"""

import pytest
from playwright.sync_api import expect

from rollviz.lab.gallery import story
from tests.browser.conftest import BUILD, PATIENCE, listen, wait_until
from tests.kubeconfig import write_kubeconfig
from tests.recorded import recording, watch_file
from tests.watch_server import WatchServer

pytest.importorskip("kubernetes")
pytestmark = pytest.mark.browser
SIZES = {"laptop": (1280, 800), "projector": (1920, 1080), "phone": (390, 844)}
KNOBS = (
    *("replicas", "maxSurge", "maxUnavailable", "startup", "termination", "grace period"),
    *("nodes", "pods per node", "pod quota"),
)
CHOICES = {"new image": "slow", "readiness probe": "no"}
MOVES = (
    *("Previous decision (PageUp)", "One step back (←)", "One step forward (→)"),
    *("Next decision (PageDown)",),
)
LEAST_SIDE = 24  # CSS pixels, as WCAG 2.2 asks of a target
LEAST_CONTRAST = 4.5  # as WCAG 2.2 asks of words
SETUP = """
import rollviz
from rollviz.lab import Experiment, Knobs
def run(**knobs): return Experiment(Knobs(**knobs)).play().timeline
def first_ready(timeline): return next(s for s in timeline.steps if s.kind == "ready")
"""
PLAYER = f"rollviz.play(rollviz.load({str(watch_file('rolling-default-5'))!r}))"
LAB = 'rollviz.Lab("rollback")'
COMPARE = 'rollviz.compare({"Recreate": run(strategy="Recreate"), "RollingUpdate": run()})'
NUMBER = 'rollviz.predict("How many pods at most?", of=run(), answer=rollviz.most_pods)'
CHOICE = 'rollviz.predict("Who?", of=run(), answer=lambda _: "kubelet", choices=["kubelet", "you"])'
STEP = 'rollviz.predict("Which step: the first pod is ready?", of=run(), answer=first_ready)'
NAME = "myapp-deployment"
ROWS = recording("rolling-default-5")
MIDDLE = len(ROWS) // 2
CONTROL = "button, input, select, textarea, a[href]"
THERE = f"""(root, part) => [...root.querySelectorAll('{CONTROL}')]
  .filter((node) => node.checkVisibility() && !node.disabled)
  .filter((node) => node.closest(part) && !node.closest('.rollviz-print'))
  .map((node) => node.getAttribute('aria-label')
    ?? document.getElementById(node.getAttribute('aria-labelledby'))?.textContent
    ?? (node.labels?.[0] ?? node).textContent)"""
SAME_IDS = """() => [...document.querySelectorAll('.rollviz [id]')].map((node) => node.id)
  .filter((id, i, ids) => ids.indexOf(id) !== i)"""
LOOK = """(node) => {
  const pixel = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgb = (...colours) => {
    for (const colour of colours) {
      pixel.fillStyle = colour;
      pixel.fillRect(0, 0, 1, 1);
    }
    return [...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (colour) => colour.map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = [];
  for (let at = node; at; at = at.parentElement) {
    behind.unshift(getComputedStyle(at).backgroundColor);
  }
  const ink = light(rgb(...behind, getComputedStyle(node).color));
  const paper = light(rgb(...behind));
  const target = node.type === 'radio' ? node.labels[0] : node;
  const { left, right, width, height } = target.getBoundingClientRect();
  return {
    cut: left < 0 || right > innerWidth
      || (node.tagName === 'BUTTON' && node.scrollWidth > node.clientWidth + 1),
    side: Math.min(width, height),
    words: node.type !== 'range',
    contrast: (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05),
  };
}"""


class Walk:
    """Goes from control to control of a widget's part, and knows which it saw and used."""

    def __init__(self, root, part):
        self.root, self.part = root, part
        self.seen, self.used, self.faults = set(), set(), []

    def see(self):
        self.seen |= set(self.root.evaluate(THERE, self.part))

    def take(self, control, name):
        """Look at a control before it is used."""
        self.see()
        control.scroll_into_view_if_needed()
        look = control.evaluate(LOOK)
        if look["cut"]:
            self.faults.append(f"{name}: cut off")
        if look["side"] < LEAST_SIDE:
            self.faults.append(f"{name}: {look['side']:.1f} pixels")
        if look["words"] and look["contrast"] < LEAST_CONTRAST:
            self.faults.append(f"{name}: contrast {look['contrast']:.1f}")
        self.used.add(name)
        return control

    def button(self, name):
        return self.take(self.root.get_by_role("button", name=name, exact=True), name)

    def field(self, name):
        return self.take(self.root.get_by_label(name, exact=True), name)

    def press(self, *names):
        for name in names:
            self.button(name).click()

    def slide(self, name, part):
        """Click into a slider, so far from its left end."""
        slider = self.field(name)
        box = slider.bounding_box()
        slider.click(position={"x": part * box["width"], "y": box["height"] / 2})

    def done(self):
        self.see()
        assert self.seen <= self.used, f"not used: {self.seen - self.used}"
        assert self.faults == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_control_is_in_reach_legible_and_does_something(browser, lab, tmp_path, size, dark):
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    complaints = listen(page)
    with WatchServer() as server:
        server.play(ROWS[:MIDDLE])
        server.put(another())
        kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", server.url)
        mirror = f"rollviz.mirror({[NAME, 'other']!r}, kubeconfig={str(kubeconfig)!r})"
        cells = [SETUP, PLAYER, LAB, COMPARE, NUMBER, CHOICE, STEP, mirror]
        lab.run(page, *cells, dark=dark)
        wait_until(lambda: server.watching("pods"), "the mirror")
        server.play(ROWS[MIDDLE:])
        for cell, (use, part) in enumerate(walks().items(), start=1):
            root = page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea")
            walk = Walk(root, part)
            use(walk, root)
            name = f"{use.__name__.removeprefix('use_')}-{size}-{'dark' if dark else 'light'}"
            root.screenshot(path=BUILD / "controls" / f"{name}.png")
            walk.done()
        assert page.evaluate(SAME_IDS) == []
    context.close()
    assert complaints == []


def walks():
    """How each cell's widget is used, and in which part of it; a player's is in use_player."""
    return {
        use_player: ".rollviz",
        use_lab: ".rollviz-lab, .rollviz-terminal",
        use_comparison: ".rollviz-compare",
        use_number: ".rollviz-predict",
        use_choice: ".rollviz-predict",
        use_step: ".rollviz-predict",
        use_mirror: ".rollviz-bar, .rollviz-now, .rollviz-play",
    }


def another():
    """The recorded Deployment under another name, with nothing that belongs to it."""
    object = next(row["object"] for row in ROWS if row["kind"] == "Deployment")
    metadata = {**object["metadata"], "name": "other", "uid": "other", "namespace": "shop"}
    return {**object, "metadata": metadata}


def use_player(walk, root):
    where, print_ = root.locator(".rollviz-where"), root.locator(".rollviz-print")
    walk.slide("Step", 0.5)
    for name in MOVES:
        before = where.inner_text()
        walk.press(name)
        expect(where).not_to_have_text(before)
    walk.press("Loop (L)", "Speed 1 (− +)", "Speed 2 (− +)", "Play (Space)", "Pause (Space)")
    expect(walk.button("Speed 4 (− +)")).to_be_visible()
    expect(root.get_by_role("button", name="Loop (L)")).to_have_attribute("aria-pressed", "true")
    expect(root.get_by_role("button", name="Play (Space)")).to_be_visible()
    walk.press("Nodes")
    expect(root.get_by_text("node-1", exact=True)).to_be_visible()
    walk.press("Nodes", "working")
    expect(root.locator(".rollviz-working")).to_be_hidden()
    walk.press("working", "Ledger")
    expect(root.locator(".rollviz-ledger")).to_be_visible()
    walk.press("Keys")
    expect(root.locator(".rollviz-keys")).to_be_visible()
    walk.press("kubectl", "get rs")
    expect(print_).to_contain_text("DESIRED")
    walk.press("get pods")
    expect(print_).to_contain_text("RESTARTS")
    walk.press("rollout status")
    expect(print_).to_contain_text("Waiting for deployment")
    walk.press("rollout history")
    expect(print_).to_contain_text("CHANGE-CAUSE")
    walk.press("describe")
    print_.get_by_role("button", name="from 5 to 4").click()
    expect(where).to_contain_text("step 11 of")
    band = root.locator(".rollviz-band")
    band.click(position={"x": 0.8 * band.bounding_box()["width"], "y": 40})
    expect(where).not_to_contain_text("step 11 of")


def use_lab(walk, root):
    shared = root.get_by_label("This run as a text")
    said = root.get_by_role("log", name="what kubectl printed")
    for name in KNOBS:
        before = shared.input_value()
        walk.slide(name, 0.4)
        expect(shared).not_to_have_value(before)  # Python heard it
    for name, choice in CHOICES.items():
        before = shared.input_value()
        walk.field(name).select_option(choice)
        expect(shared).not_to_have_value(before)
    for knob in ("maxSurge", "maxUnavailable"):
        walk.press(f"{knob} in percent: give it in pods")
        walk.press(f"{knob} in pods: give it in percent")
    walk.field("strategy").select_option("Recreate")
    expect(root.get_by_label("maxSurge", exact=True)).to_be_disabled()
    walk.field("Lab").select_option("rollback")
    expect(root).to_contain_text(story("rollback").about)
    walk.press("Copy")
    expect(walk.button("Copied")).to_be_visible()
    mine = shared.input_value()
    walk.field("This run as a text").fill("nothing")
    walk.press("Load")
    expect(root.get_by_role("alert")).to_contain_text("there is no such story")
    walk.field("Lab").select_option("rollover")
    walk.field("This run as a text").fill(mine)
    walk.press("Load")
    expect(root.get_by_label("Lab", exact=True)).to_have_value("rollback")
    walk.field("kubectl command").fill("get rs")
    walk.press("Run")
    expect(said).to_contain_text("DESIRED")
    for keep in ("Keep the second", "Keep the first"):
        walk.field("Lab").select_option("rollback")
        expect(root).to_contain_text(story("rollback").about)  # from here on nothing shifts
        walk.press("Fork here")
        expect(root.locator(".rollviz-run")).to_have_count(2)
        walk.press(keep)
        expect(root.locator(".rollviz-run")).to_have_count(0)


def use_comparison(walk, root):
    time, bands = root.get_by_label("Time", exact=True), root.locator(".rollviz-band").all()
    walk.slide("Time", 0.5)
    for name in ("One moment back (←)", "One moment forward (→)"):
        before = time.input_value()
        walk.press(name)
        expect(time).not_to_have_value(before)
    walk.press("Speed 1 (− +)", "Play (Space)", "Pause (Space)")
    expect(walk.button("Speed 2 (− +)")).to_be_visible()
    for part, band in enumerate(bands, start=1):
        before = time.input_value()
        band.click(position={"x": 0.3 * part * band.bounding_box()["width"], "y": 30})
        expect(time).not_to_have_value(before)


def use_number(walk, root):
    question = "How many pods at most?"
    walk.take(root.get_by_role("textbox", name=question), question).fill("9")
    walk.press("Lock in", "Show the answer")
    expect(root).to_contain_text("Right: 9 pods")


def use_choice(walk, root):
    walk.field("you").check()
    walk.field("kubelet").check()
    walk.press("Lock in")
    expect(root).to_contain_text("Right: kubelet")
    walk.used |= {"Show the answer"}  # in use_number


def use_step(walk, root):
    root.get_by_role("button", name="Next decision (PageDown)").click()
    walk.press("Lock in")
    expect(root).to_contain_text("Not quite")


def use_mirror(walk, root):
    title = root.locator(".rollviz-title")
    for name in ("other", NAME):
        walk.field("Deployment").select_option(name)
        expect(title).to_have_text(name)
    walk.press("Pause (Space)", "Play (Space)")
    root.get_by_role("button", name="One step back (←)").click()
    now = root.locator(".rollviz-now")
    expect(now).to_contain_text("behind")
    walk.take(now, now.inner_text()).click()
    expect(walk.button("Live")).to_have_attribute("aria-pressed", "true")
