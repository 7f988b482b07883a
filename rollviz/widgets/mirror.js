// The live mirror: a player whose end is now.
//
// Python sends what is new as patches (rollviz/reel.py). They go into the model's data, which all
// views of it share, and each view brings its picture up to date without building it anew, so
// that pods move. A view that has missed a patch asks for everything.

import { h, setAttribute, setText } from "./dom.js";
import { lastStep } from "./film.js";
import { setIcon } from "./icons.js";
import { ledger } from "./panels.js";
import { Player } from "./player.js";

// What changes the layout of the stage, and so its every node.
const LAYOUT = new Set(["lanes", "slots", "exits", "looks", "nodes", "node_slots"]);
const SHARE = 10; // the band is drawn anew at most a tenth of the time

// Take a patch into the data: [path, how many items to keep, what follows them], in this order.
export function take(data, patch) {
  for (const [path, keep, items] of patch) {
    const keys = path.split(".");
    const name = keys.pop();
    const home = keys.reduce((node, key) => node[key], data);
    if (keep === null) home[name] = items;
    else {
      home[name].length = keep;
      for (const item of items) home[name].push(item);
    }
  }
}

// How many steps lie between what is shown and now.
export const behind = (data, step) => lastStep(data) - step;

export class MirrorPlayer extends Player {
  constructor(model) {
    super(model);
    this.bandDue = 0;
    if (this.following) this.p = lastStep(this.data);
    this.drawControls();
  }

  get following() {
    return this.model.get("following");
  }

  build() {
    const { why } = this.panels;
    this.bar = bar(this.model);
    this.panels.ahead = ahead(this.data);
    why.node.lastChild.before(this.panels.ahead.node);
    const node = super.build();
    node.prepend(this.bar.node);
    node.classList.add("rollviz-mirror");
    return node;
  }

  controls() {
    const node = super.controls();
    this.nowButton = h("button", {
      class: "rollviz-button rollviz-tab rollviz-now", type: "button", title: "Follow what happens now (End)",
      onclick: () => this.seek(lastStep(this.data)),
    });
    this.where.after(this.nowButton);
    this.loopButton.remove();
    return node;
  }

  listen() {
    super.listen();
    const follow = () => this.following && this.seek(lastStep(this.data));
    this.heard["change:following"] = follow;
    this.model.on("change:following", follow);
  }

  drawControls() {
    super.drawControls();
    if (!this.nowButton) return;
    const runs = this.following || this.playing;
    const steps = behind(this.data, this.step);
    setText(this.nowButton, this.following || !steps ? "Live" : `Live · ${steps} behind`);
    setAttribute(this.nowButton, "aria-pressed", this.following);
    setIcon(this.playButton, runs ? "pause" : "play");
    setAttribute(this.playButton, "aria-label", runs ? "Pause (Space)" : "Play (Space)");
  }

  // The last step is now: who goes there follows.
  seek(step) {
    this.set("following", Math.max(step, 0) >= lastStep(this.data));
    super.seek(step);
  }

  toggle() {
    if (this.following) this.pause();
    else if (!this.playing && this.p >= lastStep(this.data)) this.seek(lastStep(this.data));
    else super.toggle();
  }

  // Stay where it is, whatever happens.
  pause() {
    this.set("following", false);
    this.drawControls();
  }

  // Playing the past ends where now is.
  advance(now) {
    super.advance(now);
    if (!this.playing && this.p >= lastStep(this.data)) this.seek(lastStep(this.data));
  }

  resize() {
    const before = this.size;
    super.resize();
    if (this.size === before) return;
    this.tallest = 0;
    this.panels.why.node.style.minHeight = "";
    this.panels.why.refill();
    this.reserve();
  }

  draw(now) {
    super.draw(now);
    this.reserve();
  }

  // The words take as much room as they ever did, so that nothing below them goes up and down.
  reserve() {
    const { node } = this.panels.why;
    const height = node.offsetHeight;
    if (height <= (this.tallest ?? 0)) return;
    this.tallest = height;
    node.style.minHeight = `${height}px`;
  }

  // Show what a patch has brought.
  grow(patch) {
    const paths = patch.map(([path]) => path);
    const now = performance.now();
    grow(this.stage, paths, Math.min(this.p, lastStep(this.data)), now);
    if (paths.includes("lanes")) this.renewLedger();
    if (paths.includes("steps")) this.renewScrubber();
    this.panels.why.refill();
    this.drawn = null;
    if (this.following) this.p = lastStep(this.data);
    this.drawBand();
    this.draw(now);
    this.wake();
  }

  renewLedger() {
    const [drawer] = this.drawers;
    const before = drawer.node;
    Object.assign(drawer, ledger(this.data));
    drawer.node.hidden = before.hidden;
    before.replaceWith(drawer.node);
  }

  renewScrubber() {
    this.scrubber.max = lastStep(this.data);
    this.part = null;
    this.node.querySelector(".rollviz-ticks").replaceWith(this.ticks());
  }

  // The band is drawn whole, and the longer that takes the less often.
  drawBand() {
    const now = performance.now();
    if (this.bandTimer || !this.band.unit) return;
    if (now < this.bandDue) {
      this.bandTimer = setTimeout(() => {
        this.bandTimer = 0;
        this.drawBand();
        this.band.draw(this.p);
      }, this.bandDue - now);
      return;
    }
    this.band.resize(this.band.node.parentNode.clientWidth, this.band.unit);
    this.bandDue = now + SHARE * (performance.now() - now);
  }

  leave() {
    super.leave();
    clearTimeout(this.bandTimer);
    this.bar.leave();
  }
}

// Bring the stage up to date; `p` is what it shows, in data that has gone on meanwhile.
function grow(stage, paths, p, now) {
  if (!stage.room) return;
  if (paths.some((path) => LAYOUT.has(path))) {
    stage.resize(stage.room.width, stage.room.unit);
    stage.draw(p, now);
  } else if (!stage.room.grouped) {
    stage.pods.append(...stage.addPods(stage.data.pods.slice(stage.sprites.length)));
    for (const path of paths) {
      const [key, index] = path.split(".");
      if (key === "pods" && index) stage.sprites[index].until = -Infinity;
    }
  }
}

// What comes next, and where the cluster did something else than our controller.
function ahead(data) {
  const next = h("p", { class: "rollviz-next" });
  const finding = h("p", { class: "rollviz-finding", role: "note" });
  return {
    node: h("div", { class: "rollviz-ahead" }, next, finding),
    draw(p, step) {
      const row = data.steps[step];
      setText(next, row.sentence.includes(row.next) ? "" : row.next);
      setText(finding, row.finding);
      finding.hidden = !row.finding;
    },
  };
}

// Where from, how it stands, and which Deployment.
function bar(model) {
  const state = h("strong", { class: "rollviz-state" });
  const where = h("span", { class: "rollviz-muted" });
  const message = h("div", { class: "rollviz-message", role: "status" });
  const chooser = h("select", {
    class: "rollviz-chooser", "aria-label": "Deployment", "data-lm-suppress-shortcuts": "true",
    onkeydown: (event) => event.stopPropagation(),
    onchange: () => {
      model.set("deployment", chooser.value);
      model.save_changes();
    },
  });
  const node = h("div", { class: "rollviz-bar" }, state, where, chooser, message);
  const draw = () => {
    setText(state, model.get("state"));
    setAttribute(node, "data-state", model.get("state"));
    setText(where, model.get("where"));
    setText(message, model.get("message"));
    message.hidden = !model.get("message");
    const names = model.get("deployments");
    chooser.hidden = names.length < 2;
    if (names.join() !== [...chooser.options].map((option) => option.value).join()) {
      chooser.replaceChildren(...names.map((name) => h("option", { value: name, text: name })));
    }
    chooser.value = model.get("deployment");
  };
  const events = ["state", "where", "message", "deployments", "deployment"].map((name) => `change:${name}`);
  for (const event of events) model.on(event, draw);
  draw();
  return { node, leave: () => events.forEach((event) => model.off(event, draw)) };
}

// What anywidget calls.
export function renderMirror({ model, el }) {
  let player = null;
  let waiting = null;
  const show = () => {
    const before = player;
    before?.leave();
    waiting?.leave();
    const there = model.get("data").spec.length > 0;
    player = there ? new MirrorPlayer(model) : null;
    waiting = there ? null : bar(model);
    el.replaceChildren(player?.node ?? h("div", { class: "rollviz rollviz-mirror" }, waiting.node));
    player?.follow(before);
    if (player?.playing) player.wake();
  };
  const hear = ({ from, to, patch }) => {
    const data = model.get("data");
    if (from > data.version) {
      model.send({ have: data.version }); // something was missed
      return;
    }
    const again = from < data.version && to > data.version;
    if (to > data.version) {
      take(data, patch);
      data.version = to;
    }
    if (player && !again) player.grow(patch);
    else show();
  };
  show();
  model.on("change:data", show);
  model.on("msg:custom", hear);
  model.send({ have: model.get("data").version });
  return () => {
    player?.leave();
    waiting?.leave();
    model.off("change:data", show);
    model.off("msg:custom", hear);
  };
}
