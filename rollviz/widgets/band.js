// The fence: how many pods there are over time, between the floor and the ceiling.
//
// The same grammar as the stage: hue says version; solid is available, a tint is on its way,
// hatched is terminating. From the ground up: available (of each version), then everything not
// terminating, then everything. So three edges are the three counts that people confuse.

import { h, s, setAttribute, setText } from "./dom.js";
import { at, breaks, lastIndex, placeOf, secondOf, spoken, timeAt } from "./film.js";
import { apart, round, staircase, withRoom } from "./layout.js";

const HEIGHT = 104;
const TRAFFIC = 22;
const AXIS = 20;
const LABEL = 15; // from one label to the next
const LOST_LABEL = 11; // how far below the ground its label stands
const AVAILABLE = 4; // where a row of `counts` has them
const TERMINATING = 6;

export class Band {
  constructor(data, id) {
    this.data = data;
    this.id = id;
    this.svg = s("svg", { "aria-hidden": "true" });
    // Not in the SVG: these two move in every frame, and so the picture behind them need not.
    this.veil = h("div", { class: "rollviz-veil" });
    this.head = h("div", { class: "rollviz-playhead" });
    this.node = h("div", { class: "rollviz-band" }, this.svg, this.veil, this.head);
    this.failures = data.traffic.filter((row) => row[1] < 0).map((row) => row[0]);
  }

  resize(width, unit) {
    const { data } = this;
    this.unit = unit;
    this.left = 24 * unit;
    this.right = 88 * unit;
    this.width = Math.max(width - this.left - this.right, 60);
    this.top = 10 * unit;
    this.ground = HEIGHT * unit;
    this.most = this.tallest();
    this.svg.setAttribute("width", width);
    this.under = this.ground + (data.traffic.length ? TRAFFIC * unit : 0);
    this.svg.setAttribute("height", this.under + AXIS * unit);
    this.svg.replaceChildren(...this.build());
  }

  // The most pods that there is room for: they or the ceiling, whichever is higher.
  tallest() {
    const { band, spec } = this.data;
    return Math.max(1, ...band.map((row) => row[3]), ...spec.map((row) => row[8] ?? row[1]));
  }

  x(p) {
    return this.xOf(timeAt(this.data, p));
  }

  xOf(t) {
    return this.left + placeOf(this.data.scale, t) * this.width;
  }

  // The second that lies at x.
  secondAt(x) {
    return secondOf(this.data.scale, Math.min(Math.max((x - this.left) / this.width, 0), 1));
  }

  y(pods) {
    return this.ground - (pods / this.most) * (this.ground - this.top);
  }

  build() {
    const { left, width, ground } = this;
    this.veil.style.cssText = `left:${left}px;width:${width + 2}px;height:${this.under}px`;
    this.head.style.height = `${this.under}px`;
    this.drawnAt = null;
    this.labels = { floor: s("text"), ceiling: s("text"), lost: s("text") };
    for (const [name, label] of Object.entries(this.labels)) {
      label.setAttribute("class", `rollviz-${name}`);
      label.setAttribute("x", left + width + 10 * this.unit);
    }
    return [
      this.hatching(), ...this.areas(), ...this.commands(), ...this.traffic(),
      s("path", { class: "rollviz-ground", d: `M${left} ${ground}h${width}` }),
      this.fence(8, "rollviz-ceiling"), this.fence(7, "rollviz-floor"),
      ...this.silences(), ...this.axis(), ...Object.values(this.labels),
    ];
  }

  // A pattern's lines cannot take their colour from the shape that they fill.
  hatching() {
    return s("defs", {}, s("pattern", {
      id: `${this.id}-hatch`, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)",
    }, s("path", { class: "rollviz-hatching", d: "M2.5 0v5" })));
  }

  // Everything, everything not terminating, then the available ones of each version on top.
  areas() {
    const { data } = this;
    const total = (column) => data.band.map((row) => [row[0], row[column]]);
    const stacked = data.lanes.map((_, i) => this.sum(data.lanes.slice(0, i + 1), AVAILABLE));
    return [
      this.area(total(3), "rollviz-everything", { fill: `url(#${this.id}-hatch)` }),
      this.area(total(2), "rollviz-counted"),
      ...stacked.map((points, i) =>
        this.area(points, "rollviz-served", { "data-hue": data.lanes[i].hue % 6 })).reverse(),
      this.edge(total(3), "rollviz-edge"), this.edge(total(2), "rollviz-edge"),
      this.edge(total(1), "rollviz-edge rollviz-strong"),
    ];
  }

  // How many pods of these lanes have that shape: a history.
  sum(lanes, column) {
    const moments = [...new Set(lanes.flatMap((lane) => lane.counts.map((row) => row[0])))];
    return moments.sort((a, b) => a - b).map((p) =>
      [p, lanes.reduce((sum, lane) => sum + (at(lane.counts, p)?.[column] ?? 0), 0)]);
  }

  points(history) {
    const rows = history.map(([p, pods]) => [this.x(p), this.y(pods)]);
    return rows.length ? [...rows, [this.left + this.width, rows.at(-1)[1]]] : [];
  }

  area(history, name, attributes = {}) {
    const points = this.points(history);
    if (!points.length) return s("path");
    const [left, top] = points[0].map(round);
    const stairs = staircase(points).replace(/^M[^H]*/, "");
    const d = `M${left} ${this.ground}V${top}${stairs}V${this.ground}z`;
    return s("path", { class: name, d, ...attributes });
  }

  edge(history, name) {
    return s("path", { class: name, d: staircase(this.points(history)) });
  }

  // Floor or ceiling over time; there is none under Recreate.
  fence(column, name) {
    const pieces = this.data.spec.map((row, i) => {
      if (row[column] === null) return "";
      const end = this.data.spec[i + 1] ? this.x(this.data.spec[i + 1][0]) : this.left + this.width;
      return `M${round(this.x(row[0]))} ${round(this.y(row[column]))}H${round(end)}`;
    });
    return s("path", { class: name, d: pieces.join("") });
  }

  // A hairline where somebody ran a command.
  commands() {
    return this.data.steps.flatMap(({ command }, k) => command ? [
      s("path", { class: "rollviz-command-at", d: `M${round(this.x(k - 0.5))} ${this.top}V${this.ground}` },
        s("title", {}, command))] : []);
  }

  // Requests through the Service: a bar in the hue of the version that answered; one that failed
  // hangs lower, and red.
  traffic() {
    const bar = (t, lane) => `M${round(this.xOf(t))} ${this.ground + (lane < 0 ? 8 : 4) * this.unit}v${12 * this.unit}`;
    const path = (lane) => this.data.traffic.filter((row) => row[1] === lane).map((row) => bar(...row)).join("");
    const width = Math.min(Math.max((0.6 * this.width) / (this.data.traffic.length || 1), 1), 4);
    return [...this.data.lanes.keys(), -1].map((lane) => s("path", {
      class: lane < 0 ? "rollviz-lost" : "rollviz-answered", d: path(lane), "stroke-width": width,
      "data-hue": this.data.lanes[lane]?.hue % 6,
    }));
  }

  // Under a silence how long it was: the longest ones, as far as there is room, and never over
  // the ends of the axis.
  silences() {
    const wide = (text) => 6.5 * this.unit * text.length;
    const gap = 8 * this.unit;
    const first = this.left + wide("0 s") + gap;
    const last = this.left + this.width - wide(spoken(this.data.times.at(-1))) - gap;
    const rows = breaks(this.data.scale).sort((a, b) => b[1] - b[0] - (a[1] - a[0])).map(([from, to]) => {
      const words = `${spoken(to - from)} of silence`;
      const x = Math.max((this.xOf(from) + this.xOf(to)) / 2, first + wide(words) / 2);
      return [Math.min(x, last - wide(words) / 2), wide(words), words];
    });
    return withRoom(rows, gap).map((i) => s("text", {
      class: "rollviz-silence", x: round(rows[i][0]), y: this.under + 15 * this.unit }, rows[i][2]));
  }

  axis() {
    const y = this.under + 15 * this.unit;
    const end = this.data.times.at(-1);
    return [s("text", { class: "rollviz-axis", x: this.left, y }, "0 s"),
      s("text", { class: "rollviz-axis rollviz-end", x: this.left + this.width, y }, spoken(end))];
  }

  // Show position p, and the playhead at the second t: a clock shared by several runs goes on
  // where this one is over.
  draw(p, t = timeAt(this.data, p)) {
    const x = Math.round(2 * (this.isMoment() ? this.left + this.width : this.xOf(t))) / 2;
    if (x !== this.drawnAt) this.drawHead(x);
    this.drawLabels(at(this.data.spec, p));
    this.drawLost(t);
  }

  // A mirror has but a moment at first: nothing of that is still to come.
  isMoment() {
    return this.data.times[0] === this.data.times.at(-1);
  }

  drawHead(x) {
    this.drawnAt = x;
    this.head.style.transform = `translateX(${x}px)`;
    this.veil.style.transform = `scaleX(${((this.left + this.width + 2 - x) / (this.width + 2)).toFixed(4)})`;
  }

  drawLabels(spec) {
    const [floor, ceiling] = spec ? [spec[7], spec[8]] : [null, null];
    const lowest = this.data.traffic.length ? this.ground + (LOST_LABEL - LABEL) * this.unit : this.ground;
    const ys = apart([Math.min(this.y(floor ?? 0), lowest), this.y(ceiling ?? 0)], LABEL * this.unit);
    this.label(this.labels.floor, "floor", floor, ys[0]);
    this.label(this.labels.ceiling, "ceiling", ceiling, ys[1]);
  }

  // How many requests have failed by now.
  drawLost(t) {
    if (!this.data.traffic.length) return;
    const lost = lastIndex(this.failures, t, (second) => second) + 1;
    this.label(this.labels.lost, "lost", lost, this.ground + LOST_LABEL * this.unit);
  }

  label(node, word, pods, y) {
    const text = pods === null ? "" : `${word} ${pods}`;
    setText(node, text);
    setAttribute(node, "y", round(y + 4 * this.unit));
  }
}
