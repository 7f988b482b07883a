// A node that is born, stands somewhere, may sink, and dies. It never teleports.

import { setAttribute } from "./dom.js";
import { round } from "./layout.js";

const BORN = { opacity: 0, scale: 0.5 };
const ease = (part) => 1 - (1 - part) ** 3;

export class Sprite {
  constructor(node) {
    this.node = node;
    this.now = null; // where it is: { x, y, opacity, scale }, or null while it is not there
    this.aim = null; // where it goes, or null where it goes away
    setAttribute(node, "display", "none");
  }

  // Stand there from now on, getting there in `ms`; null: go away. True if that is news.
  to(aim, now, ms) {
    if (same(aim, this.aim)) return false;
    this.now ??= { ...aim, ...BORN };
    this.from = { ...this.now };
    this.aim = aim;
    this.goal = aim ?? { ...this.from, y: this.from.y + 16, opacity: 0, scale: 0.8 };
    this.start = now;
    this.ms = ms;
    if (aim) setAttribute(this.node, "display", null);
    return true;
  }

  // Move on to the time `now`; false once it has arrived.
  move(now) {
    const part = this.ms > 0 ? Math.min((now - this.start) / this.ms, 1) : 1;
    const eased = ease(Math.max(part, 0));
    for (const key of ["x", "y", "opacity", "scale"]) {
      this.now[key] = this.from[key] + eased * (this.goal[key] - this.from[key]);
    }
    if (part >= 1) this.arrive();
    else this.draw();
    return part < 1;
  }

  arrive() {
    this.now = this.aim && { ...this.aim };
    if (this.now) this.draw();
    else this.leave();
  }

  leave() {
    this.node.replaceChildren();
    for (const name of ["transform", "opacity", "class"]) this.node.removeAttribute(name);
    setAttribute(this.node, "display", "none");
  }

  draw() {
    const { x, y, opacity, scale } = this.now;
    const size = scale === 1 ? "" : ` scale(${scale.toFixed(3)})`;
    this.node.setAttribute("transform", `translate(${round(x)} ${round(y)})${size}`);
    setAttribute(this.node, "opacity", opacity === 1 ? null : opacity.toFixed(3));
  }
}

const same = (a, b) => a === b || (a && b && a.x === b.x && a.y === b.y);
