// What stands beside and below the stage: header, why, counts, ledger, kubectl, legend, keys.
// Each panel is { node, draw(p, step) }; draw is called whenever the position has changed.

import { h, s, setAttribute, setCut, setText } from "./dom.js";
import { at, spoken, timeAt } from "./film.js";
import { SHAPES, glyph } from "./glyph.js";
import { revisionWords } from "./stage.js";

const QUIET = 400; // milliseconds without another picture

// Whose rollout it is, the command that set it off, and the rule it follows.
export function header(data) {
  const command = h("div", { class: "rollviz-command" });
  const strategy = h("div", { class: "rollviz-strategy" });
  const rule = h("div", { class: "rollviz-muted" });
  const title = h("div", { class: "rollviz-title" });
  setCut(title, data.name);
  return {
    node: h("header", { class: "rollviz-header" },
      h("div", { class: "rollviz-who" }, title, command), h("div", { class: "rollviz-rule" }, strategy, rule)),
    draw(p, step) {
      const last = data.steps.slice(0, step + 1).findLast((candidate) => candidate.command);
      setCut(command, last ? `$ ${last.command}` : "");
      const spec = at(data.spec, p);
      setText(strategy, spec ? spec[2] + (spec[9] ? ", paused" : "") : "");
      setText(rule, spec ? ruleWords(spec) : "");
    },
  };
}

// "5 replicas · maxSurge 25% → 2 · maxUnavailable 25% → 1"
export function ruleWords([, replicas, strategy, maxSurge, maxUnavailable, surge, unavailable]) {
  const pods = `${replicas} ${replicas === 1 ? "replica" : "replicas"}`;
  if (strategy !== "RollingUpdate") return pods;
  const knob = (name, written, meant) =>
    `${name} ${written === meant ? meant : `${written} → ${meant}`}`.replaceAll(" ", "\u00a0");
  return `${pods} · ${knob("maxSurge", maxSurge, surge)} · ${knob("maxUnavailable", maxUnavailable, unavailable)}`;
}

// Why it happened: the sentence, and the working line by line for who wants it.
export function why(data) {
  const sentence = h("p", { class: "rollviz-sentence" });
  const source = h("div", { class: "rollviz-source" });
  const body = h("tbody");
  const working = h("table", { class: "rollviz-working" }, body);
  const reserve = h("div", {}, working);
  let shown = null;
  let later = 0;
  const fill = ({ sentence: words, working: lines, source: from }) => {
    setText(sentence, words);
    setText(source, from);
    body.replaceChildren(...lines.map((line) => workingLine(data.lines[line])));
  };
  const toggle = h("button", { class: "rollviz-button rollviz-plain", type: "button", title: "Show the working (W)",
    "aria-pressed": "true", text: "working", onclick: () => show() });
  // Show the working, or put it away; by default whichever it is not.
  const show = (visible = working.hidden) => {
    if (visible !== working.hidden) return;
    working.hidden = !visible;
    setAttribute(toggle, "aria-pressed", visible);
    panel.resize();
  };
  const panel = {
    show,
    // Reserve room for the tallest step, so that nothing jumps from one to the next.
    resize() {
      const wordy = (step) => step.working.map((line) => data.lines[line].join("")).join("").length;
      const tried = [copies(sentence, longest(data.steps, (step) => step.sentence.length), fill),
        copies(reserve, longest(data.steps, wordy), fill)];
      fill(data.steps[shown ?? 0]);
      panel.reserve(tallest(panel.node, tried));
    },
    reserve(heights) {
      panel.heights = heights;
      [sentence, reserve].forEach((node, i) => { node.style.minHeight = `${heights[i]}px`; });
    },
    // Take the room that another one had: to find out what is needed takes longer than to draw it,
    // and under a knob that is dragged the next one comes at once.
    inherit(other) {
      panel.reserve(other.heights);
      later = setTimeout(() => panel.resize(), QUIET);
    },
    leave() {
      clearTimeout(later);
    },
    node: h("section", { class: "rollviz-why", "aria-label": "Why" },
      h("div", { class: "rollviz-heading" }, h("span", { role: "heading", "aria-level": 3, text: "Why" }), toggle),
      sentence, reserve, source),
    draw(p, step) {
      if (shown === step) return;
      shown = step;
      fill(data.steps[step]);
    },
    refill() {
      if (shown !== null) fill(data.steps[shown]);
    },
    get visible() {
      return !working.hidden;
    },
  };
  return panel;
}

// The few longest of the steps: they are tried, and not all.
export function longest(steps, length) {
  const rows = steps.map((step) => [length(step), step]);
  return rows.sort((a, b) => b[0] - a[0]).slice(0, 4).map(([, step]) => step);
}

// The node as it is with each of these steps.
const copies = (node, steps, fill) => steps.map((step) => {
  fill(step);
  const copy = node.cloneNode(true);
  copy.style.minHeight = "";
  return copy;
});

// How tall the tallest of each list is, as wide as the panel is: all of them in one layout, as each
// layout of a notebook takes milliseconds.
function tallest(panel, lists) {
  const box = h("div", { class: "rollviz-tried", "aria-hidden": "true" }, ...lists.flat());
  panel.append(box);
  const heights = lists.map((list) =>
    Math.max(...list.map((copy) => Math.ceil(copy.getBoundingClientRect().height))));
  box.remove();
  return heights;
}

const workingLine = ([label, expression, value]) => h("tr", { class: /^(may|go|room)/.test(label) ? "rollviz-result" : "" },
  h("td", {}, h("div", { class: "rollviz-sum" }, h("span", { text: label }), h("span", { class: "rollviz-expression", text: expression }))),
  h("td", { class: "rollviz-value", text: String(value) }));

// The three counts that people confuse, largest first, as in the band beside them.
export function counts(data) {
  const rows = [["everything", "everything", 3], ["counted", "not terminating", 2], ["served", "available", 1]];
  const cells = rows.map(() => h("b"));
  return {
    node: h("div", { class: "rollviz-counts", role: "group", "aria-label": "Pods" }, ...rows.flatMap(([name, words], i) =>
      [h("span", {}, h("i", { class: `rollviz-swatch rollviz-swatch-${name}` }), words), cells[i]])),
    draw(p) {
      const row = at(data.band, p) ?? [p, 0, 0, 0];
      rows.forEach(([, , column], i) => setText(cells[i], String(row[column])));
    },
  };
}

// Which revision is which ReplicaSet, and how large: "3 (was 1)" after an undo.
export function ledger(data) {
  const heads = ["revision", "ReplicaSet", "image", "change-cause", "pods", "since"];
  const rows = data.lanes.map((lane) => ledgerRow(lane));
  return {
    name: "Ledger",
    node: h("table", { class: "rollviz-ledger" },
      h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { text, scope: "col" })))),
      h("tbody", {}, ...rows.map((row) => row.node))),
    draw(p) {
      rows.forEach((row, i) => row.draw(p, data.lanes[i], data));
    },
  };
}

function ledgerRow(lane) {
  const cells = Array.from({ length: 6 }, () => h("td"));
  const [revision, name, image, cause, pods, since] = cells;
  setCut(name, lane.name);
  setCut(image, lane.image);
  const node = h("tr", { "data-hue": lane.hue % 6 }, ...cells);
  return { node, draw(p, lane, data) {
    const row = at(lane.revision, p);
    setAttribute(node, "data-alive", at(lane.alive, p)?.[1] ?? 0);
    setText(revision, row ? revisionWords(row).replace("revision ", "") : "");
    setCut(cause, at(lane.cause, p)?.[1] ?? "<none>");
    setText(pods, String(at(lane.size, p)?.[1] ?? 0));
    setText(since, row ? spoken(timeAt(data, row[0])) : "");
  } };
}

// What each shape means.
export function legend() {
  const words = { starting: "pulling, starting", ready: "ready, not yet available" };
  return {
    node: h("div", { class: "rollviz-legend", role: "group", "aria-label": "Shapes" }, ...SHAPES.map((shape) =>
      h("span", {}, sample(shape), h("span", { text: words[shape] ?? shape })))),
    draw() {},
  };
}

function sample(shape) {
  const { body, mark, ring } = glyph(shape, 18);
  const parts = [s("path", { class: "rollviz-body", d: body }), s("path", { class: "rollviz-mark", d: mark })];
  if (shape === "starting") {
    parts.push(s("circle", { class: "rollviz-ring", r: ring, pathLength: 100, "stroke-dasharray": "65 100" }));
  }
  return s("svg", { class: "rollviz-sample", viewBox: "-10 -10 20 20", style: "--rollviz-pod:34px", "aria-hidden": "true" },
    s("g", { class: `rollviz-pod rollviz-${shape}` }, ...parts));
}

export const KEYS = [
  ["Space", "play, pause"], ["← →", "one step back, forward"], ["PageUp PageDown", "previous, next decision"],
  ["Home End", "first, last step"], ["− +", "slower, faster"], ["L", "loop"], ["N", "group by node"],
  ["W", "show the working"], ["F", "full screen"], ["?", "these keys"],
];

export function keys() {
  return {
    name: "Keys",
    node: h("div", { class: "rollviz-keys" }, ...KEYS.map(([key, words]) =>
      h("div", {}, ...key.split(" ").map((text) => h("kbd", { text })), h("span", { text: words })))),
    draw() {},
  };
}
