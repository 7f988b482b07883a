// A prediction: the question, a form to answer it, and the verdict once the answer was seen.

import { goOn, h, hideFallback, setAttribute, setText, unlike } from "./dom.js";

class Prediction {
  constructor(model) {
    this.model = model;
    this.id = unlike("rollviz-predict");
    this.entry = ENTRIES[model.get("kind")](this);
    this.lock = this.button("Lock in", "submit");
    this.tell = this.button("Show the answer", "button");
    this.tell.addEventListener("click", () => model.send({ tell: true }));
    this.problem = h("div", { class: "rollviz-problem", role: "alert" });
    this.mark = h("span", { class: "rollviz-verdict-mark", "aria-hidden": "true" });
    this.title = h("strong");
    this.why = h("p");
    this.score = h("span", { class: "rollviz-score" });
    this.node = this.build();
    this.listen();
    this.draw();
  }

  button(text, type) {
    return h("button", { class: "rollviz-button rollviz-tab", type, text });
  }

  build() {
    const words = h("div", { class: "rollviz-question", id: this.id, text: this.model.get("question") });
    this.form = h("form", { class: "rollviz-answer", "aria-labelledby": this.id },
      this.entry.node, this.lock, this.tell);
    this.verdict = h("div", { class: "rollviz-verdict", "aria-live": "polite" },
      this.mark, h("div", {}, this.title, this.why));
    return h("div", { class: "rollviz rollviz-predict", role: "group", tabindex: -1, "aria-labelledby": this.id },
      h("div", { class: "rollviz-predict-head" }, h("span", { class: "rollviz-heading", text: "Predict" }), this.score),
      words, this.form, this.problem, this.verdict);
  }

  listen() {
    this.node.addEventListener("keydown", (event) => {
      const answering = this.model.get("state") === "open" && !this.entry.read().problem;
      if (answering || !goOn(event)) event.stopPropagation();
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.answer();
    });
    this.redraw = () => this.draw();
    this.model.on("change", this.redraw);
  }

  answer() {
    const { problem, value } = this.entry.read();
    setText(this.problem, problem ?? "");
    if (!problem) this.model.send({ answer: value });
  }

  draw() {
    const state = this.model.get("state");
    const open = state === "open";
    const had = this.form.contains(document.activeElement);
    setAttribute(this.node, "data-state", state);
    this.lock.hidden = !open;
    this.tell.hidden = state !== "locked";
    this.entry.draw(open);
    if (this.model.get("problem")) setText(this.problem, this.model.get("problem"));
    if (open) return;
    this.drawVerdict(state === "told");
    if (had) (this.tell.hidden ? this.node : this.tell).focus({ preventScroll: true });
  }

  drawVerdict(told) {
    const { model } = this;
    setAttribute(this.verdict, "data-right", told ? model.get("right") : null);
    setText(this.problem, "");
    setText(this.mark, told ? (model.get("right") ? "✓" : "✗") : "");
    setText(this.title, told ? model.get("verdict") : `Locked: ${model.get("said")}. Now watch.`);
    setText(this.why, told ? model.get("why") : "");
    setText(this.score, told ? model.get("score") : "");
  }

  leave() {
    this.model.off("change", this.redraw);
  }
}

// How an answer is given: { node, read() -> { value } or { problem }, draw(open) }.
const ENTRIES = {
  number({ model, id }) {
    const input = h("input", {
      class: "rollviz-number", inputmode: "decimal", autocomplete: "off", size: 6, "aria-labelledby": id,
    });
    return {
      node: h("label", {}, input, h("span", { class: "rollviz-muted", text: model.get("unit") })),
      read() {
        const value = Number(input.value.trim().replace(",", "."));
        const fine = input.value.trim() !== "" && Number.isFinite(value);
        return fine ? { value } : { problem: "Type a number, such as 7." };
      },
      draw: (open) => { input.disabled = !open; },
    };
  },
  choice({ model, id }) {
    const inputs = model.get("choices").map((_, i) => h("input", { type: "radio", name: id, value: i }));
    return {
      node: h("div", { class: "rollviz-choices", role: "radiogroup", "aria-labelledby": id }, ...inputs.map((input, i) =>
        h("label", {}, input, h("span", { text: model.get("choices")[i] })))),
      read() {
        const value = inputs.findIndex((input) => input.checked);
        return value < 0 ? { problem: "Choose one first." } : { value };
      },
      draw: (open) => inputs.forEach((input) => { input.disabled = !open; }),
    };
  },
  step({ model }) {
    const words = h("span", { class: "rollviz-at" });
    return {
      node: h("label", {}, words),
      read: () => ({ value: model.get("at") }),
      draw: (open) => open && setText(words, `The step on show: ${model.get("at")}`),
    };
  },
};

// What anywidget calls.
export function render({ model, el }) {
  const prediction = new Prediction(model);
  el.append(prediction.node);
  hideFallback(el);
  return () => prediction.leave();
}
