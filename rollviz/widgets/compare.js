// Several runs on one clock: a stage and its fence for each, one set of controls for all.
//
// The clock counts seconds from each run's edit. A run's own position is looked up from it.

import { Band } from "./band.js";
import { goOn, h, hideFallback, s, setAttribute, setCut, setText, unlike } from "./dom.js";
import { at, lastIndex, placeOf, secondOf, spoken } from "./film.js";
import { icon, setIcon } from "./icons.js";
import { Stage } from "./stage.js";

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const SIZE = 15; // CSS pixels of type at which one unit of the layout is one pixel
const SMALL = 0.76; // how large a run is drawn, beside a player
const TALL = 1.35; // how much larger its fence, which has room beside the stage
const SOON = 1e-6; // seconds: times are rounded

// The position on a run's film at a second of its own timeline.
export function positionOf(data, t) {
  const { times } = data;
  const i = lastIndex(times, t + SOON, (value) => value);
  if (i < 0) return 0;
  if (i >= times.length - 1) return (times.length - 1) / 2;
  return (i + Math.min((t - times[i]) / (times[i + 1] - times[i]), 1)) / 2;
}

// A fence drawn to the same scale as the others: as tall, from the edit to where the last run ends.
class SharedBand extends Band {
  tallest() {
    return Math.max(...this.all.map((run) => new Band(run.data, "").tallest()));
  }

  axis() {
    const y = this.under + 15 * this.unit;
    return [s("text", { class: "rollviz-axis", x: this.xOf(this.zero), y }, this.word),
      s("text", { class: "rollviz-axis rollviz-end", x: this.left + this.width, y }, spoken(this.end))];
  }
}

// One run: its name and its rule, the counts at this moment, the stage, the fence.
class Run {
  constructor({ name, start, data }, all, id) {
    this.name = name;
    this.start = start;
    this.data = { ...data, scale: all.scale.map(([t, place]) => [t + start, place]) };
    this.stage = new Stage(this.data);
    this.band = new SharedBand(this.data, id);
    Object.assign(this.band, { all: all.runs, zero: start, word: all.zero, end: all.moments.at(-1) });
    this.rule = h("span", { class: "rollviz-muted" });
    this.numbers = h("span", { class: "rollviz-run-counts" });
    const title = h("strong");
    setCut(title, name);
    this.node = h("section", { class: "rollviz-run", "aria-label": name },
      h("header", {}, title, this.rule, this.numbers),
      h("div", { class: "rollviz-place" }, this.stage.node), h("div", { class: "rollviz-fence" }, this.band.node));
  }

  resize(unit) {
    this.stage.resize(this.stage.node.parentNode.clientWidth, unit);
    this.band.resize(this.band.node.parentNode.clientWidth, TALL * unit);
  }

  draw(t, now, still) {
    const p = positionOf(this.data, t + this.start);
    this.stage.draw(p, now, still);
    this.band.draw(p, t + this.start);
    const spec = at(this.data.spec, p);
    const [, available, , everything] = at(this.data.band, p) ?? [p, 0, 0, 0];
    setText(this.rule, spec ? rule(spec) : "");
    setText(this.numbers, `${available} available, ${everything} in all`);
    this.spoken = `${this.name}: ${this.numbers.textContent}`;
  }
}

// "0.5 s before the edit"
export function whenWords(t, zero) {
  if (Math.abs(t) < 0.05) return `at the ${zero}`;
  return `${spoken(Math.abs(t))} ${t < 0 ? "before" : "after"} the ${zero}`;
}

const rule = ([, replicas, strategy, maxSurge, maxUnavailable]) =>
  strategy === "RollingUpdate" ? `${replicas} replicas · maxSurge ${maxSurge} · maxUnavailable ${maxUnavailable}`
    : `${replicas} replicas · ${strategy}`;

class Comparison {
  constructor(model) {
    this.model = model;
    this.data = model.get("data");
    this.runs = this.data.runs.map((run) => new Run(run, this.data, unlike("rollviz-run")));
    this.t = this.data.moments[Math.min(model.get("step"), this.last)];
    this.node = this.build();
    this.listen();
  }

  get last() {
    return this.data.moments.length - 1;
  }

  get step() {
    return Math.max(lastIndex(this.data.moments, this.t + SOON, (t) => t), 0);
  }

  get playing() {
    return this.model.get("playing");
  }

  build() {
    this.live = h("div", { class: "rollviz-live", "aria-live": "polite" });
    return h("div", { class: "rollviz rollviz-compare", role: "group", tabindex: 0, "aria-label": "Comparison" },
      ...this.runs.map((run) => run.node), this.controls(), this.table(), this.live);
  }

  controls() {
    const button = (name, label, onclick) => h("button", {
      class: "rollviz-button", type: "button", "aria-label": label, title: label, onclick }, icon(name));
    this.playButton = button("play", "Play (Space)", () => this.toggle());
    this.playButton.classList.add("rollviz-play");
    this.scrubber = h("input", {
      class: "rollviz-scrubber", type: "range", min: 0, max: 1, step: "any", "aria-label": "Time",
      oninput: () => this.seekTo(secondOf(this.data.scale, Number(this.scrubber.value))),
    });
    this.where = h("div", { class: "rollviz-where" });
    this.speedButton = h("button", { class: "rollviz-button rollviz-speed", type: "button", onclick: () => this.faster(1, true) });
    return h("div", { class: "rollviz-controls" },
      h("div", { class: "rollviz-buttons" },
        button("back", "One moment back (←)", () => this.seek(this.step - 1)), this.playButton,
        button("forward", "One moment forward (→)", () => this.seek(this.step + 1))),
      h("div", { class: "rollviz-track-box" }, this.scrubber), this.where,
      h("div", { class: "rollviz-buttons" }, this.speedButton));
  }

  // What each run cost, when all is done.
  table() {
    const [names, ...rows] = this.data.table;
    const cells = (tag, texts) => texts.map((text, i) => {
      const cell = h(i ? tag : "th", i ? {} : { scope: "row" });
      setCut(cell, text);
      return cell;
    });
    return h("table", { class: "rollviz-costs" }, h("thead", {}, h("tr", {}, ...cells("th", names))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...cells("td", row)))));
  }

  listen() {
    this.node.addEventListener("keydown", (event) => this.key(event));
    for (const { band } of this.runs) {
      const drag = (event) => this.seekTo(secondOf(this.data.scale, (event.clientX - band.node.getBoundingClientRect().left - band.left) / band.width));
      band.node.addEventListener("pointerdown", drag);
      band.node.addEventListener("pointermove", (event) => event.buttons && drag(event));
    }
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.node);
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.heard = {
      "change:step": () => this.model.get("step") !== this.step && this.seek(this.model.get("step")),
      "change:playing": () => this.wake(),
    };
    for (const [event, listener] of Object.entries(this.heard)) this.model.on(event, listener);
  }

  set(name, value) {
    if (this.model.get(name) === value) return;
    this.model.set(name, value);
    this.model.save_changes();
  }

  resize() {
    const unit = (SMALL * parseFloat(getComputedStyle(this.node).fontSize)) / SIZE;
    const size = `${this.node.clientWidth} ${unit}`;
    if (!this.node.clientWidth || size === this.size) return;
    this.size = size;
    this.runs.forEach((run) => run.resize(unit));
    this.draw(performance.now());
  }

  draw(now) {
    if (!this.size) return;
    this.runs.forEach((run) => run.draw(this.t, now, this.calm.matches));
    const place = placeOf(this.data.scale, this.t);
    this.scrubber.value = place;
    this.scrubber.style.setProperty("--rollviz-part", place);
    const words = whenWords(this.t, this.data.zero);
    setText(this.where, words);
    setAttribute(this.scrubber, "aria-valuetext", words);
    setText(this.speedButton, `${this.model.get("speed")}×`);
    setAttribute(this.speedButton, "aria-label", `Speed ${this.model.get("speed")} (− +)`);
    setIcon(this.playButton, this.playing ? "pause" : "play");
    setAttribute(this.playButton, "aria-label", this.playing ? "Pause (Space)" : "Play (Space)");
    if (!this.playing) setText(this.live, [words, ...this.runs.map((run) => run.spoken)].join(". "));
    this.set("step", this.step);
  }

  wake() {
    if (this.playing && this.step >= this.last) this.t = this.data.moments[0];
    this.before = null;
    this.request ??= requestAnimationFrame((now) => this.frame(now));
  }

  frame(now) {
    this.request = null;
    if (this.playing) this.advance(now);
    const moving = this.runs.map((run) => run.stage.frame(now)).some(Boolean);
    if (moving || this.playing) this.request = requestAnimationFrame((next) => this.frame(next));
    else this.draw(now);
  }

  advance(now) {
    const passed = this.before === null ? 0 : Math.min(now - this.before, 250) / 1000;
    this.before = now;
    const place = placeOf(this.data.scale, this.t) + (passed * this.model.get("speed")) / this.data.seconds;
    this.t = place >= 1 ? this.data.moments.at(-1) : secondOf(this.data.scale, place);
    if (place >= 1) this.set("playing", false);
    this.draw(now);
  }

  seekTo(t) {
    this.set("playing", false);
    this.t = Math.min(Math.max(t, this.data.moments[0]), this.data.moments.at(-1));
    this.draw(performance.now());
    this.wake();
  }

  seek(step) {
    this.seekTo(this.data.moments[Math.min(Math.max(step, 0), this.last)]);
  }

  toggle() {
    if (this.playing) this.seekTo(this.t);
    else this.set("playing", true);
    this.wake();
  }

  faster(by, around = false) {
    const i = SPEEDS.indexOf(this.model.get("speed")) + by;
    this.set("speed", SPEEDS[around ? i % SPEEDS.length : Math.min(Math.max(i, 0), SPEEDS.length - 1)]);
    this.draw(performance.now());
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || goOn(event)) return;
    const native = event.target.tagName === "BUTTON" && [" ", "Enter"].includes(event.key);
    event.stopPropagation();
    if (native || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key](this);
  }

  leave() {
    cancelAnimationFrame(this.request);
    this.sizes.disconnect();
    for (const [event, listener] of Object.entries(this.heard)) this.model.off(event, listener);
  }
}

const KEYS = {
  " ": (comparison) => comparison.toggle(),
  ArrowLeft: (comparison) => comparison.seek(comparison.step - 1),
  ArrowRight: (comparison) => comparison.seek(comparison.step + 1),
  Home: (comparison) => comparison.seek(0),
  End: (comparison) => comparison.seek(comparison.last),
  "-": (comparison) => comparison.faster(-1),
  "+": (comparison) => comparison.faster(1),
  "=": (comparison) => comparison.faster(1),
};

// What anywidget calls: a comparison of the model's data, and another one when it changes.
export function render({ model, el }) {
  let comparison = null;
  const show = () => {
    comparison?.leave();
    comparison = new Comparison(model);
    el.replaceChildren(comparison.node);
    if (comparison.playing) comparison.wake();
  };
  show();
  hideFallback(el);
  model.on("change:data", show);
  return () => comparison.leave();
}
