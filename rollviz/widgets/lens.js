// The kubectl lens: what kubectl prints at this very step.

import { h, setAttribute } from "./dom.js";
import { at, stepAfter } from "./film.js";

const LINE = 1.45; // em; as in the stylesheet
const TALLEST = 20; // lines, then it scrolls

// `goTo(step)` is called when somebody chooses a line of an event.
export function lens(data, goTo) {
  const { commands, lines, texts } = data.lens;
  const print = h("pre", { class: "rollviz-print", tabindex: 0, "aria-label": "What kubectl prints" });
  const buttons = commands.map((title, i) =>
    h("button", { class: "rollviz-button", type: "button", title, text: short(title), onclick: () => choose(i) }));
  let chosen = 0;
  let shown = null;
  let step = 0;

  function choose(i) {
    chosen = i;
    buttons.forEach((button, k) => setAttribute(button, "aria-pressed", k === i));
    const tallest = Math.max(...texts[i].map((row) => row[1].length));
    print.style.height = `${Math.min(tallest, TALLEST) * LINE + LINE + 1}em`;
    show();
    print.scrollTop = tells() ? print.scrollHeight : 0;
  }

  // Events are the last thing that describe prints: at its end it stays there, to show new ones.
  const tells = () => / describe /.test(commands[chosen]);

  function show() {
    const row = at(texts[chosen], step);
    if (row === shown) return;
    shown = row;
    const stay = tells() && print.scrollTop + print.clientHeight > print.scrollHeight - 2;
    print.replaceChildren(h("span", { class: "rollviz-muted", text: `$ ${commands[chosen]}\n` }),
      ...row[1].flatMap((line) => [printed(lines[line]), "\n"]));
    if (stay) print.scrollTop = print.scrollHeight;
  }

  // A line that tells of an event leads to the step at which it was new.
  function printed(line) {
    const event = data.events.findLast(([p, , , , message]) => stepAfter(p) <= step && line.endsWith(message));
    if (!event || !line.startsWith("  ")) return line;
    return h("button", { type: "button", text: line, title: "Go to this step", onclick: () => goTo(stepAfter(event[0])) });
  }

  choose(0);
  return {
    name: "kubectl",
    node: h("div", {}, h("div", { class: "rollviz-lens-commands" }, ...buttons), print),
    draw(p, now) {
      step = now;
      show();
    },
  };
}

// "rollout status" of "kubectl rollout status deployment/web --watch=false"
const short = (command) => command.replace(/^kubectl /, "").replace(/ \S*deployment\/.*$/, "");
