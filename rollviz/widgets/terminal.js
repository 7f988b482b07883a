// A kubectl line at the moment on show, and what it printed.

import { goOn, h, setAttribute, setText } from "./dom.js";

class Terminal {
  constructor(model) {
    this.model = model;
    this.lines = [];
    this.back = 0; // how far back in the lines that were typed
    this.at = h("span", { class: "rollviz-muted" });
    this.input = h("input", {
      class: "rollviz-line", "aria-label": "kubectl command", spellcheck: "false", autocomplete: "off",
      autocapitalize: "off", placeholder: "rollout undo deployment/myapp-deployment",
    });
    this.output = h("pre", { class: "rollviz-print", tabindex: 0, role: "log", "aria-label": "what kubectl printed" });
    this.form = h("form", { class: "rollviz-command-line" }, h("span", { text: "$ kubectl" }), this.input, this.at,
      h("button", { class: "rollviz-button rollviz-tab", type: "submit", text: "Run" }));
    this.node = h("div", { class: "rollviz rollviz-terminal", role: "group", "aria-label": "kubectl" }, this.form, this.output);
    this.listen();
    this.draw();
  }

  listen() {
    this.node.addEventListener("keydown", (event) => {
      if (!this.input.value && goOn(event)) return;
      event.stopPropagation();
      if (event.target === this.input) this.recall(event);
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.run();
    });
    this.redraw = () => this.draw();
    this.model.on("change", this.redraw);
  }

  run() {
    const line = this.input.value.trim();
    if (!line) return;
    this.lines.push(line);
    this.back = 0;
    this.input.value = "";
    this.model.send({ run: line });
  }

  // Up and down: what was typed before.
  recall(event) {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.back = Math.min(Math.max(this.back + by, 0), this.lines.length);
    this.input.value = this.lines[this.lines.length - this.back] ?? "";
  }

  draw() {
    const { model } = this;
    setText(this.at, `at ${model.get("at")}`);
    this.output.hidden = !model.get("line");
    setAttribute(this.output, "data-failed", model.get("failed") ? "" : null);
    setText(this.output, `$ ${model.get("line")}\n${model.get("output")}`);
  }

  leave() {
    this.model.off("change", this.redraw);
  }
}

// What anywidget calls.
export function render({ model, el }) {
  const terminal = new Terminal(model);
  el.append(terminal.node);
  return () => terminal.leave();
}
