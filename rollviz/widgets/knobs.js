// The laboratory's panel: the gallery, the knobs, the run as a text.

import { goOn, h, setAttribute, setText, unlike } from "./dom.js";

const REST = 800; // milliseconds without a turn after which a knob stands still
const seconds = (value) => `${value} s`;
const orNone = (word) => (value) => (value === 0 ? word : String(value));

// Every knob: its words, and how it is turned.
const KNOBS = {
  strategy: { label: "strategy", choices: () => ["RollingUpdate", "Recreate"] },
  replicas: { label: "replicas", range: [0, 100, 1], say: String },
  max_surge: { label: "maxSurge", pods: true },
  max_unavailable: { label: "maxUnavailable", pods: true },
  image: { label: "new image", choices: (model) => model.get("images") },
  startup: { label: "startup", range: [0.5, 30, 0.5], say: seconds },
  readiness: { label: "readiness probe", choices: () => [true, false], words: ["yes", "no"] },
  termination: { label: "termination", range: [0.5, 30, 0.5], say: seconds },
  grace: { label: "grace period", range: [0, 60, 1], say: seconds },
  nodes: { label: "nodes", range: [1, 10, 1], say: String },
  room: { label: "pods per node", range: [0, 20, 1], say: orNone("no limit") },
  quota: { label: "pod quota", range: [0, 60, 1], say: orNone("none") },
};

class Panel {
  constructor(model) {
    this.model = model;
    this.id = unlike("rollviz-lab");
    this.knobs = Object.entries(KNOBS).map(([name, knob]) => this.knob(name, knob));
    this.node = this.build();
    this.listen();
    this.draw();
  }

  build() {
    const button = (text, onclick) => h("button", { class: "rollviz-button rollviz-tab", type: "button", text, onclick });
    this.stories = h("select", { id: `${this.id}-story`, onchange: () => this.send({ load: this.stories.value }) },
      h("option", { value: "", text: "your own" }), ...this.model.get("stories").map((text) => h("option", { value: text, text })));
    this.about = h("span", { class: "rollviz-about" });
    this.status = h("div", { class: "rollviz-lab-status", "aria-live": "polite" });
    this.fork = button("Fork here", () => this.send({ fork: true }));
    this.keep = ["Keep the first", "Keep the second"].map((text, index) =>
      button(text, () => this.send({ keep: index })));
    this.shared = h("input", { class: "rollviz-shared", "aria-label": "This run as a text", spellcheck: "false", autocomplete: "off", oninput: () => this.type(true) });
    this.copy = button("Copy", () => this.copyText());
    this.problem = h("div", { class: "rollviz-problem", role: "alert" });
    const load = h("form", { class: "rollviz-share" }, h("span", { class: "rollviz-muted", text: "this run as a text" }), this.shared,
      this.copy, h("button", { class: "rollviz-button rollviz-tab", type: "submit", text: "Load" }));
    load.addEventListener("submit", (event) => {
      event.preventDefault();
      this.loading = true;
      this.say({ load: this.shared.value });
    });
    return h("div", { class: "rollviz rollviz-lab", role: "group", "aria-label": "Laboratory" },
      h("div", { class: "rollviz-lab-top" }, h("label", { for: this.stories.id, class: "rollviz-heading", text: "Lab" }), this.stories, this.about),
      h("div", { class: "rollviz-knobs" }, ...this.knobs.map((knob) => knob.node)), this.problem,
      h("div", { class: "rollviz-lab-bottom" }, this.fork, ...this.keep, this.status, load));
  }

  listen() {
    this.node.addEventListener("keydown", (event) => goOn(event) || event.stopPropagation());
    this.redraw = () => this.draw();
    this.model.on("change", this.redraw);
  }

  knob(name, { label, choices, words, range, say, pods }) {
    const turn = (value) => this.turn(name, value);
    if (choices) return choiceKnob(`${this.id}-${name}`, label, choices(this.model), words, turn);
    if (pods) return podsKnob(`${this.id}-${name}`, label, turn);
    return rangeKnob(`${this.id}-${name}`, label, range, say, turn);
  }

  // Whether somebody typed into the text of the run; that is not loaded yet.
  type(typed) {
    this.typed = typed;
    this.loading = false;
  }

  send(message) {
    this.type(false);
    this.say(message);
  }

  // A turned knob may still wait to be sent, and this would overtake it: so it is said along.
  say(message) {
    this.model.send({ ...message, turns: this.model.get("turns"), knobs: this.model.get("knobs") });
  }

  // ipywidgets sends one message at a time, and only the latest state: nothing piles up.
  turn(name, value) {
    this.type(false);
    this.model.set("knobs", { ...this.model.get("knobs"), [name]: value });
    this.model.set("turns", this.model.get("turns") + 1);
    this.model.save_changes();
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.say({ rest: true }), REST);
  }

  draw() {
    const { model } = this;
    const knobs = model.get("knobs");
    this.knobs.forEach((knob, i) => {
      const name = Object.keys(KNOBS)[i];
      knob.draw(knobs[name], model.get("hints")[name], knobs);
    });
    this.stories.value = model.get("stories").find((name) => name === model.get("story")) ?? "";
    setText(this.about, model.get("about"));
    setText(this.status, model.get("status"));
    setText(this.problem, model.get("problem"));
    // What somebody typed is theirs until it was loaded.
    if (this.loading && this.shared.value.trim() === model.get("shared")) this.type(false);
    if (!this.typed) this.shared.value = model.get("shared");
    const futures = model.get("futures");
    this.fork.hidden = futures.length > 0;
    this.keep.forEach((button, i) => {
      button.hidden = futures.length === 0;
      setAttribute(button, "title", futures[i] ?? "");
    });
  }

  copyText() {
    this.type(false);
    this.shared.value = this.model.get("shared");
    this.shared.select();
    const copied = () => {
      setText(this.copy, "Copied");
      setTimeout(() => setText(this.copy, "Copy"), 1500);
    };
    navigator.clipboard?.writeText(this.shared.value).then(copied, () => {}); // it is selected: Ctrl+C
  }

  leave() {
    clearTimeout(this.rest);
    this.model.off("change", this.redraw);
  }
}

function cell(id, label, value, control, hint = "") {
  return h("div", { class: "rollviz-knob" }, h("label", { for: id, text: label }), value, control, hint);
}

function rangeKnob(id, label, [min, max, step], say, turn) {
  const value = h("output", { for: id });
  const input = h("input", { id, type: "range", class: "rollviz-scrubber", min, max, step, oninput: () => turn(Number(input.value)) });
  return { node: cell(id, label, value, input), draw: (now) => drawRange(input, value, now, say(now), max) };
}

function drawRange(input, value, now, words, max) {
  setAttribute(input, "max", Math.max(max, now));
  if (Number(input.value) !== now) input.value = now;
  input.style.setProperty("--rollviz-part", (now - input.min) / (input.max - input.min || 1));
  setAttribute(input, "aria-valuetext", words);
  setText(value, words);
}

// A few choices side by side.
function choiceKnob(id, label, choices, words, turn) {
  const select = h("select", { id, onchange: () => turn(choices[select.selectedIndex]) },
    ...choices.map((choice, i) => h("option", { text: words?.[i] ?? choice })));
  return { node: cell(id, label, h("output"), select), draw: (now) => { select.selectedIndex = choices.indexOf(now); } };
}

// maxSurge and maxUnavailable: in pods or in percent, and what that comes to.
function podsKnob(id, label, turn) {
  const value = h("output", { for: id });
  const hint = h("div", { class: "rollviz-hint" });
  const percent = (now) => typeof now === "string";
  const amount = (now) => (percent(now) ? parseInt(now, 10) : now);
  const write = (number, inPercent) => turn(inPercent ? `${number}%` : number);
  const state = {};
  const input = h("input", { id, type: "range", class: "rollviz-scrubber", min: 0, step: 1, oninput: () => write(Number(input.value), percent(state.now)) });
  const unit = h("button", { class: "rollviz-unit", type: "button", onclick: () => {
    const pods = amount(state.now);
    const of = state.replicas || 1;
    write(percent(state.now) ? Math.round((pods * of) / 100) : Math.min(Math.round((100 * pods) / of), 100), !percent(state.now));
  } });
  return {
    node: cell(id, label, h("span", { class: "rollviz-amount" }, value, unit), input, hint),
    draw(now, words, { replicas, strategy }) {
      Object.assign(state, { now, replicas });
      const off = strategy === "Recreate";
      input.disabled = unit.disabled = off;
      setText(unit, percent(now) ? "%" : "pods");
      setAttribute(unit, "aria-label", `${label} in ${percent(now) ? "percent: give it in pods" : "pods: give it in percent"}`);
      drawRange(input, value, amount(now), String(amount(now)), percent(now) ? 100 : Math.max(replicas, 1));
      setAttribute(input, "aria-valuetext", `${now}: ${words ?? ""}`);
      setText(hint, words ?? "");
    },
  };
}

// What anywidget calls.
export function render({ model, el }) {
  const panel = new Panel(model);
  el.append(panel.node);
  return () => panel.leave();
}
