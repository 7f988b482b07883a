// The player: one clock for the stage and all that stands around it, and the controls.

import { Band } from "./band.js";
import { goOn, h, hideFallback, setAttribute, setText, unlike } from "./dom.js";
import { decisionFrom, lastIndex, lastStep, positionAt, secondsAt, spoken, stepAt, timeAt } from "./film.js";
import { icon, setIcon } from "./icons.js";
import { lens } from "./lens.js";
import { unpacked } from "./pack.js";
import { counts, header, keys, ledger, legend, why } from "./panels.js";
import { Stage } from "./stage.js";

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const SIZE = 15; // CSS pixels of type at which one unit of the layout is one pixel
const MOST_TICKS = 120; // more would run together

export class Player {
  // The model has the data as Python has `sent` it; they are given where that is packed.
  constructor(model, data = model.get("data")) {
    this.model = model;
    this.sent = model.get("data");
    this.data = data;
    this.p = Math.min(model.get("step"), lastStep(this.data));
    this.id = unlike("rollviz");
    this.stage = new Stage(this.data);
    this.band = new Band(this.data, this.id);
    this.panels = { header: header(this.data), why: why(this.data), counts: counts(this.data), legend: legend() };
    const kubectl = this.data.lens ? [lens(this.data, (step) => this.seek(step))] : [];
    this.drawers = [ledger(this.data), ...kubectl, keys()];
    this.node = this.build();
    this.listen();
  }

  build() {
    const { header: head, why: reason, counts: numbers, legend: shapes } = this.panels;
    this.live = h("div", { class: "rollviz-live", "aria-live": "polite" });
    this.main = h("div", { class: "rollviz-main" },
      h("div", { class: "rollviz-place" }, this.stage.node), h("div", { class: "rollviz-fence" }, this.band.node),
      h("aside", { class: "rollviz-aside" }, reason.node, numbers.node), this.controls());
    this.drawer = h("div", { class: "rollviz-drawer", hidden: "" }, ...this.drawers.map((drawer) => drawer.node));
    return h("div", {
      class: "rollviz", role: "group", tabindex: 0, "aria-label": `Rollout of ${this.data.name}`,
    }, head.node, this.main, shapes.node, this.drawer, this.live);
  }

  controls() {
    const button = (name, label, onclick) =>
      h("button", { class: "rollviz-button", type: "button", "aria-label": label, title: label, onclick }, icon(name));
    this.playButton = button("play", "Play (Space)", () => this.toggle());
    this.playButton.classList.add("rollviz-play");
    this.loopButton = button("loop", "Loop (L)", () => this.toggleLoop());
    this.loopButton.setAttribute("aria-pressed", "false");
    this.scrubber = h("input", {
      class: "rollviz-scrubber", type: "range", min: 0, max: lastStep(this.data), step: "any", "aria-label": "Step",
      oninput: () => this.seek(Math.round(this.scrubber.value)),
    });
    this.where = h("div", { class: "rollviz-where" });
    this.speedButton = h("button",
      { class: "rollviz-button rollviz-speed", type: "button", onclick: () => this.faster(1, true) });
    this.nodesButton = this.tab("Nodes", () => this.groupByNode());
    this.tabs = this.drawers.map((drawer) => this.tab(drawer.name, () => this.open(drawer)));
    return h("div", { class: "rollviz-controls" },
      h("div", { class: "rollviz-buttons" },
        button("previous", "Previous decision (PageUp)", () => this.decision(-1)),
        button("back", "One step back (←)", () => this.seek(this.step - 1)),
        this.playButton,
        button("forward", "One step forward (→)", () => this.seek(this.step + 1)),
        button("next", "Next decision (PageDown)", () => this.decision(1))),
      h("div", { class: "rollviz-track-box" }, this.ticks(), this.scrubber),
      this.where, h("div", { class: "rollviz-buttons" }, this.speedButton, this.loopButton),
      h("div", { class: "rollviz-tabs" }, this.nodesButton, ...this.tabs));
  }

  tab(name, onclick) {
    return h("button", { class: "rollviz-button rollviz-tab", type: "button", "aria-pressed": "false", onclick, text: name });
  }

  ticks() {
    const last = lastStep(this.data) || 1;
    const decisions = [...this.data.steps.keys()].filter((k) => this.data.steps[k].decision);
    return h("div", { class: "rollviz-ticks", "aria-hidden": "true" }, ...(decisions.length > MOST_TICKS ? [] : decisions)
      .map((k) => h("i", { style: `left:${(100 * k) / last}%` })));
  }

  // Everything that is not drawing: keys, the band as a scrubber, sizes, the model's traits.
  listen() {
    this.node.addEventListener("keydown", (event) => this.key(event));
    this.band.node.addEventListener("pointerdown", (event) => this.drag(event));
    this.band.node.addEventListener("pointermove", (event) => event.buttons && this.drag(event));
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.node);
    this.sizes.observe(this.main);
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.heard = {
      "change:step": () => this.isCurrent && this.model.get("step") !== this.step && this.seek(this.model.get("step")),
      "change:playing": () => this.wake(),
      "change:speed": () => this.drawControls(),
      "change:present": () => this.present(this.model.get("present")),
    };
    for (const [event, listener] of Object.entries(this.heard)) this.model.on(event, listener);
    this.heard["change:present"]();
  }

  // A projector has room for a large sentence; its working comes when it is asked for.
  present(wanted) {
    this.node.classList.toggle("rollviz-present", wanted);
    this.panels.why.show(!wanted);
  }

  get step() {
    return Math.min(stepAt(this.p), lastStep(this.data));
  }

  get playing() {
    return this.model.get("playing");
  }

  // Whether the model still has this player's data: what else it has is about other data, and not
  // to be changed from here, while another player is on its way.
  get isCurrent() {
    return this.model.get("data") === this.sent;
  }

  set(name, value) {
    if (!this.isCurrent || this.model.get(name) === value) return;
    this.model.set(name, value);
    this.model.save_changes();
  }

  // Every size is read before anything is written, so that nothing is laid out in between.
  // `before` is the player that stood here, if another did.
  resize(before) {
    const unit = parseFloat(getComputedStyle(this.node).fontSize) / SIZE;
    const width = this.stage.node.parentNode.clientWidth;
    const bandWidth = this.band.node.parentNode.clientWidth;
    const size = `${width} ${unit}`;
    if (!width || size === this.size) return;
    this.size = size;
    this.stage.resize(width, unit);
    this.band.resize(bandWidth, unit);
    if (before?.size === size) this.panels.why.inherit(before.panels.why);
    else this.panels.why.resize();
    this.draw(performance.now());
  }

  // Draw position p; the stage may need some frames to get there.
  draw(now) {
    const { p, step } = this;
    if (!this.stage.room) return;
    this.stage.speed = this.playing ? this.model.get("speed") : 1;
    this.stage.draw(p, now, this.calm.matches);
    this.band.draw(p);
    for (const panel of Object.values(this.panels)) panel.draw(p, step);
    for (const drawer of this.drawers) if (this.isOpen(drawer)) drawer.draw(p, step);
    this.drawControls();
    this.set("step", step);
  }

  drawControls() {
    const { p, step, data } = this;
    const words = `step ${step} of ${lastStep(data)}`;
    const part = Math.floor((1000 * p) / (lastStep(data) || 1)) / 1000;  // 1 at the end alone
    if (this.part !== part) {
      this.part = part;
      this.scrubber.value = p;
      this.scrubber.style.setProperty("--rollviz-part", part);
    }
    setText(this.where, `${words} · ${spoken(timeAt(data, p))}`);
    setText(this.speedButton, `${this.model.get("speed")}×`);
    setAttribute(this.speedButton, "aria-label", `Speed ${this.model.get("speed")} (− +)`);
    if (this.drawn === step && this.wasPlaying === this.playing) return;
    this.drawn = step;
    this.wasPlaying = this.playing;
    setAttribute(this.scrubber, "aria-valuetext", words);
    setIcon(this.playButton, this.playing ? "pause" : "play");
    setAttribute(this.playButton, "aria-label", this.playing ? "Pause (Space)" : "Play (Space)");
    setText(this.live, `${words}. ${data.steps[step].sentence}`);
  }

  // One loop, which stops when nothing plays and nothing moves.
  wake() {
    if (this.playing && this.p >= lastStep(this.data)) this.p = 0;
    this.seconds = secondsAt(this.data, this.p);
    this.last = null;
    this.drawControls();
    setAttribute(this.node, "data-moving", "");
    this.request ??= requestAnimationFrame((now) => this.frame(now));
  }

  frame(now) {
    this.request = null;
    if (this.playing) this.advance(now);
    const moving = this.stage.frame(now);
    if (moving || this.playing) this.request = requestAnimationFrame((next) => this.frame(next));
    else setAttribute(this.node, "data-moving", null);
  }

  advance(now) {
    const passed = this.last === null ? 0 : Math.min(now - this.last, 250) / 1000;
    this.last = now;
    this.seconds += passed * this.model.get("speed");
    const until = this.model.get("until") ?? -1;
    const stop = this.p < until ? until : lastStep(this.data);
    const end = secondsAt(this.data, stop);
    if (this.seconds >= end && this.loop) this.seconds = 0;
    this.p = this.seconds >= end ? stop : positionAt(this.data, this.seconds);
    if (this.seconds >= end) this.set("playing", false);
    this.draw(now);
  }

  // Go to a step and stay there.
  seek(step) {
    this.set("playing", false);
    this.p = Math.min(Math.max(step, 0), lastStep(this.data));
    this.draw(performance.now());
    this.wake();
  }

  toggle() {
    if (this.playing) this.seek(this.step);
    else this.set("playing", true);
  }

  decision(direction) {
    this.seek(decisionFrom(this.data, this.step, direction));
  }

  faster(by, around = false) {
    const i = SPEEDS.indexOf(this.model.get("speed")) + by;
    this.set("speed", SPEEDS[around ? i % SPEEDS.length : Math.min(Math.max(i, 0), SPEEDS.length - 1)]);
    this.drawControls();
  }

  toggleLoop() {
    this.loop = !this.loop;
    setAttribute(this.loopButton, "aria-pressed", this.loop);
  }

  groupByNode() {
    this.stage.group(!this.stage.byNode);
    setAttribute(this.nodesButton, "aria-pressed", this.stage.byNode);
    this.draw(performance.now());
  }

  isOpen(drawer) {
    return !this.drawer.hidden && !drawer.node.hidden;
  }

  // One drawer is open, or none.
  open(drawer) {
    const shut = this.isOpen(drawer);
    this.drawer.hidden = shut;
    drawer.draw(this.p, this.step);
    this.drawers.forEach((other, i) => {
      other.node.hidden = other !== drawer;
      setAttribute(this.tabs[i], "aria-pressed", !shut && other === drawer);
    });
  }

  drag(event) {
    const x = event.clientX - this.band.node.getBoundingClientRect().left;
    const half = lastIndex(this.data.times, this.band.secondAt(x), (t) => t);
    this.seek(Math.ceil(half / 2));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || goOn(event)) return;
    const native = event.target.tagName === "BUTTON" && [" ", "Enter"].includes(event.key);
    const act = ACTS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    event.stopPropagation();
    if (native || !act) return;
    event.preventDefault();
    act(this);
  }

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.node.requestFullscreen?.();
  }

  // Look as the player did that was here before: what was open stays open.
  follow(before) {
    if (!before) return;
    if (before.stage.byNode) this.groupByNode();
    this.panels.why.show(before.panels.why.visible);
    const open = before.drawer.hidden ? -1 : before.drawers.findIndex((drawer) => !drawer.node.hidden);
    if (this.drawers[open]) this.open(this.drawers[open]);
    if (before.node.contains(before.focused)) this.node.focus();
  }

  // Take everything down again.
  leave() {
    this.focused = document.activeElement;
    cancelAnimationFrame(this.request);
    this.sizes.disconnect();
    this.panels.why.leave();
    for (const [event, listener] of Object.entries(this.heard)) this.model.off(event, listener);
  }
}

const ACTS = {
  " ": (player) => player.toggle(),
  ArrowLeft: (player) => player.seek(player.step - 1),
  ArrowRight: (player) => player.seek(player.step + 1),
  PageUp: (player) => player.decision(-1),
  PageDown: (player) => player.decision(1),
  Home: (player) => player.seek(0),
  End: (player) => player.seek(lastStep(player.data)),
  "-": (player) => player.faster(-1),
  "+": (player) => player.faster(1),
  "=": (player) => player.faster(1),
  l: (player) => player.toggleLoop(),
  n: (player) => player.groupByNode(),
  w: (player) => player.panels.why.show(),
  f: (player) => player.fullScreen(),
  "?": (player) => player.open(player.drawers.at(-1)),
};

const isPacked = (data) => ArrayBuffer.isView(data) || data instanceof ArrayBuffer;

// What anywidget calls: a player for the model's data, and another one when the data changes.
export async function render({ model, el }) {
  let player = null;
  let left = false;
  const show = async () => {
    const sent = model.get("data");
    const data = isPacked(sent) ? await unpacked(sent) : sent;
    if (left || sent !== model.get("data")) return; // newer data are on their way
    const before = player;
    player?.leave();
    player = data.name ? new Player(model, data) : null;
    el.replaceChildren(player?.node ?? empty());
    player?.resize(before); // now, and not a frame later
    player?.follow(before);
    if (!before && model.get("present")) player?.node.focus({ preventScroll: true });
    if (player?.playing) player.wake();
  };
  hideFallback(el);
  model.on("change:data", show);
  await show();
  return () => {
    left = true;
    player?.leave();
  };
}

const empty = () => h("div", { class: "rollviz rollviz-empty" }, "This timeline is empty: nothing has happened yet.");
