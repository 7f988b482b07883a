// The stage: a row for each ReplicaSet (or node), pods in their slots, the exit strip.
//
// draw(p) says where everything has to be at position p; frame(now) moves it there. Both are
// called by whoever owns the clock. Every node is made once and kept, so that the picture at a
// step is the same, node for node, from wherever one comes to it.

import { h, s, setAttribute, setCut, setText } from "./dom.js";
import { at, lastIndex, progress, timeAt } from "./film.js";
import { SHAPES, glyph } from "./glyph.js";
import { exitPlace, layout, place, round } from "./layout.js";
import { Sprite } from "./sprite.js";

const RING = { pathLength: 100, transform: "rotate(-90)" };
const MOVE = 520; // milliseconds that a pod takes to be born, to sink, or to go

export class Stage {
  constructor(data) {
    this.data = data;
    this.pods = s("g");
    this.slots = s("g");
    this.svg = s("svg", { class: "rollviz-svg", "aria-hidden": "true" }, this.slots, this.pods);
    this.exit = h("div", { class: "rollviz-exit" },
      h("div", { text: "terminating" }), h("div", { class: "rollviz-muted" }));
    this.node = h("div", { class: "rollviz-stage" });
    this.moving = new Set();
    this.byNode = false;
    this.still = true;
    this.speed = 1;
  }

  // Group the pods by node, or by ReplicaSet.
  group(byNode) {
    this.byNode = byNode;
    if (this.room) this.resize(this.room.width, this.room.unit);
  }

  // Lay everything out anew. Nothing is animated: the same picture in another size.
  resize(width, unit) {
    this.rows = this.byNode ? nodeRows(this.data) : laneRows(this.data);
    this.room = layout({
      width, unit, rows: this.rows.length,
      slots: this.byNode ? this.data.node_slots : this.data.slots,
      exits: this.byNode ? 0 : this.data.exits,
      notes: this.data.looks.some(([shape]) => shape === "failing"),
    });
    this.build();
    this.still = true;
  }

  build() {
    const { room } = this;
    setAttribute(this.node, "style", `height:${room.height}px`);
    this.node.classList.toggle("rollviz-narrow", room.narrow);
    this.svg.setAttribute("width", room.width);
    this.svg.setAttribute("height", room.height);
    this.svg.style.setProperty("--rollviz-pod", `${room.grouped ? 30 * room.unit : room.size}px`);
    this.node.replaceChildren(...this.rows.map((row, i) => this.buildRow(row, i)), this.exit, this.svg);
    setAttribute(this.exit, "style", `top:${room.exitTop}px;height:${room.exitHeight}px`);
    this.exit.hidden = room.exitHeight === 0;
    this.slots.replaceChildren(...(room.grouped ? [] : this.rows.map((row, i) => this.buildSlots(row, i))));
    this.pods.replaceChildren(...(room.grouped ? this.buildTiles() : this.buildPods()));
    this.moving.clear();
  }

  buildRow(row, i) {
    row.node = h("div", { class: "rollviz-row" }, ...row.nodes);
    const { room } = this;
    row.node.style.cssText = `top:${room.tops[i]}px;height:${room.rowHeight}px`;
    if (row.hue !== undefined) row.node.dataset.hue = row.hue;
    row.note.style.cssText = `left:${room.label}px;top:${room.noteAt}px`;
    return row.node;
  }

  buildSlots(row, i) {
    const { body } = glyph("ready", this.room.size);
    const count = this.byNode ? this.data.node_slots : this.data.slots;
    const spots = Array.from({ length: count }, (_, slot) => place(this.room, i, slot));
    row.slots = s("g", { class: "rollviz-slots" }, ...spots.map(({ x, y }) =>
      s("path", { d: body, transform: `translate(${x} ${y})` })));
    return row.slots;
  }

  buildPods() {
    this.sprites = [];
    return this.addPods(this.data.pods);
  }

  // Sprites for pods, all of them or those that are new.
  addPods(pods) {
    const sprites = pods.map((pod) => {
      const node = s("g", { "data-pod": pod.name, "data-hue": hueOf(this.data, pod) });
      return Object.assign(new Sprite(node), { pod, look: -1 });
    });
    this.sprites = this.sprites.concat(sprites);
    return sprites.map((sprite) => sprite.node);
  }

  // Show position p; what differs from what is shown moves there, unless `still`.
  draw(p, now, still = false) {
    const ms = still || this.still ? 0 : MOVE / Math.sqrt(Math.max(this.speed, 1));
    this.still = false;
    this.rows.forEach((row) => row.draw(p));
    if (this.room.grouped) this.tiles.forEach((each) => each.draw(p));
    else this.sprites.forEach((sprite) => this.drawPod(sprite, p, now, ms));
    this.drawExit(p);
    if (ms === 0) this.frame(now);
  }

  drawPod(sprite, p, now, ms) {
    const { pod } = sprite;
    if (p >= sprite.since && p < sprite.until) {
      if (sprite.row !== null) this.fillRing(sprite, sprite.row, p);
      return;
    }
    const row = lastIndex(pod.looks, p);
    const on = lastIndex(pod.on, p);
    sprite.since = Math.max(pod.looks[row]?.[0] ?? -1, pod.on[on]?.[0] ?? -1);
    sprite.until = Math.min(pod.looks[row + 1]?.[0] ?? Infinity, pod.on[on + 1]?.[0] ?? Infinity);
    const look = row < 0 ? -1 : pod.looks[row][1];
    const shape = look < 0 ? "" : this.data.looks[look][0];
    const aim = shape && this.spot(pod, shape, p);
    if (look !== sprite.look && shape) this.dress(sprite, look);
    sprite.row = shape === "starting" ? row : null;
    if (sprite.row !== null) this.fillRing(sprite, row, p);
    sprite.look = look;
    if (sprite.to(aim || null, now, ms)) this.moving.add(sprite);
  }

  spot(pod, shape, p) {
    const spot = this.byNode ? this.nodeSpot(pod, p)
      : shape === "terminating" ? exitPlace(this.room, pod.exit)
      : place(this.room, pod.lane, pod.slot);
    return spot && { ...spot, opacity: 1, scale: 1 };
  }

  nodeSpot(pod, p) {
    const rowOf = ([, node]) => this.rows.findIndex((row) => row.index === node);
    const here = at(pod.on, p);
    const on = rowOf(here) < 0 ? pod.on.find((row) => rowOf(row) >= 0) : here;
    return on ? place(this.room, rowOf(on), on[2]) : null;
  }

  // Draw a pod as it looks now, whatever it was before.
  dress(sprite, look) {
    const [shape, word] = this.data.looks[look];
    const { body, mark, ring } = glyph(shape, this.room.size);
    sprite.ring = shape === "starting" ? s("circle", { class: "rollviz-ring", r: ring, ...RING }) : null;
    sprite.node.setAttribute("class", `rollviz-pod rollviz-${shape}`);
    sprite.node.replaceChildren(
      s("title", {}, `${sprite.pod.name}: ${word}`), s("path", { class: "rollviz-body", d: body }),
      ...(mark ? [s("path", { class: "rollviz-mark", d: mark })] : []),
      ...(sprite.ring ? [s("circle", { class: "rollviz-track", r: ring }), sprite.ring] : []));
  }

  // By whole pixels: a hundred rings that creep by less would be drawn anew for nothing.
  fillRing({ ring, pod }, row, p) {
    const part = progress(this.data, pod.looks, row, timeAt(this.data, p)) ?? 0.25;
    const pixels = Math.round(this.room.size * 1.6);
    setAttribute(ring, "stroke-dasharray", `${round((100 * Math.round(part * pixels)) / pixels)} 100`);
  }

  drawExit(p) {
    const count = this.data.lanes.reduce((sum, lane) => sum + (at(lane.counts, p)?.[6] ?? 0), 0);
    const words = count ? `${count} ${count === 1 ? "pod" : "pods"}, not counted` : "no pods";
    setText(this.exit.lastChild, words);
  }

  // Too many pods to draw one by one: how many there are of each shape, or version on a node.
  buildTiles() {
    const specs = this.byNode ? this.nodeTiles() : this.laneTiles();
    this.tiles = specs.map(({ shape, spot, lane, count }) => {
      const { node, show } = tile(shape, spot, this.room, lane.hue);
      return { node, draw: (p) => show(count(p)) };
    });
    return this.tiles.map((each) => each.node);
  }

  laneTiles() {
    return this.data.lanes.flatMap((lane, row) => SHAPES.map((shape, i) => ({
      shape, lane, count: (p) => at(lane.counts, p)?.[i + 1] ?? 0,
      spot: shape === "terminating" ? exitPlace(this.room, row) : place(this.room, row, i),
    })));
  }

  nodeTiles() {
    return this.rows.flatMap(({ index }, row) => this.data.lanes.map((lane, i) => {
      const pods = this.data.pods.filter((pod) => pod.lane === i && pod.on.some(([, node]) => node === index));
      return { shape: "ready", lane, spot: place(this.room, row, i),
        count: (p) => pods.filter((pod) => standsOn(pod, index, p)).length };
    }));
  }

  // Move everything on to the time `now`; true while something still moves.
  frame(now) {
    for (const sprite of this.moving) {
      if (!sprite.move(now)) this.moving.delete(sprite);
    }
    return this.moving.size > 0;
  }
}

const standsOn = (pod, node, p) => (at(pod.looks, p)?.[1] ?? -1) >= 0 && at(pod.on, p)?.[1] === node;

const hueOf = (data, pod) => data.lanes[pod.lane].hue % 6;

function tile(shape, { x, y }, { unit }, hue) {
  const size = 22 * unit;
  const { body, mark, ring } = glyph(shape, size);
  const count = s("text", { class: "rollviz-count", x: 17 * unit, dy: "0.36em" });
  const node = s("g", {
    class: `rollviz-pod rollviz-${shape}`, "data-hue": hue % 6, transform: `translate(${x - 10 * unit} ${y})`,
  }, s("path", { class: "rollviz-body", d: body }), s("path", { class: "rollviz-mark", d: mark }), count);
  if (shape === "starting") {
    node.append(s("circle", { class: "rollviz-ring", r: ring, ...RING, "stroke-dasharray": "65 100" }));
  }
  return { node, show: (value) => {
    setText(count, String(value));
    setAttribute(node, "opacity", value ? null : "0.25");
  } };
}

// One row for each ReplicaSet: its place in the ledger, its version, its size.
function laneRows(data) {
  return data.lanes.map((lane) => {
    const revision = h("div", { class: "rollviz-revision" });
    const image = h("div", { class: "rollviz-image" });
    const hash = h("div", { class: "rollviz-hash rollviz-muted" });
    const sizes = Array.from({ length: 3 }, () => h("b"));
    const words = ["desired", "current", "ready"].map((text) => h("span", { text }));
    const note = h("div", { class: "rollviz-note" });
    setCut(image, lane.image);
    setText(hash, lane.hash);
    hash.title = `ReplicaSet ${lane.name}`;
    return {
      hue: lane.hue % 6, note,
      nodes: [h("div", { class: "rollviz-label" }, revision, image, hash),
        h("div", { class: "rollviz-size" }, ...words.flatMap((word, i) => [word, sizes[i]])), note],
      draw(p) {
        const alive = at(lane.alive, p)?.[1] ?? 0;
        setAttribute(this.node, "data-alive", alive);
        if (this.slots) setAttribute(this.slots, "data-alive", alive);
        setText(revision, revisionWords(at(lane.revision, p)));
        const size = at(lane.size, p) ?? [p, 0, 0, 0];
        sizes.forEach((cell, i) => setText(cell, String(size[i + 1])));
        setText(note, reasons(data, lane, p));
      },
    };
  });
}

// "revision 3 (was 1)": a ReplicaSet that an undo brought back has a new number.
export function revisionWords(row) {
  if (!row || !row[1]) return "no revision yet";
  const was = row[2].length ? ` (was ${row[2].join(", ")})` : "";
  return `revision ${row[1]}${was}`;
}

// Why pods of this lane fail: "2 ImagePullBackOff".
function reasons(data, lane, p) {
  if (!at(lane.counts, p)?.[5]) return "";
  const counts = new Map();
  for (const pod of data.pods) {
    if (data.lanes[pod.lane] !== lane) continue;
    const look = at(pod.looks, p)?.[1] ?? -1;
    if (look < 0 || data.looks[look][0] !== "failing") continue;
    const word = data.looks[look][1];
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => `${count} ${word}`).join(", ");
}

// One row for each node, and one for pods that had to wait for a node.
function nodeRows(data) {
  const waited = data.pods.some(({ on }) => on.some((row, i) =>
    row[1] < 0 && Math.ceil(row[0]) < (on[i + 1]?.[0] ?? Infinity)));
  const rows = data.nodes.map((name, index) => [name, index]);
  return (waited ? [...rows, ["no node yet", -1]] : rows).map(([name, index]) => nodeRow(data, name, index));
}

function nodeRow(data, name, index) {
  const title = h("div", { class: "rollviz-revision" });
  const pods = h("div", { class: "rollviz-muted" });
  setCut(title, name);
  return {
    index, note: h("div"),
    nodes: [h("div", { class: "rollviz-label" }, title, pods)],
    draw(p) {
      const count = data.pods.filter((pod) => standsOn(pod, index, p)).length;
      setText(pods, `${count} ${count === 1 ? "pod" : "pods"}`);
      setAttribute(this.node, "data-alive", 1);
    },
  };
}
