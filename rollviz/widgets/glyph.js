// The shapes of pods, as SVG path data around their middle. Fill and shape say state.

import { round } from "./layout.js";

export const SHAPES = ["pending", "starting", "ready", "available", "failing", "terminating"];

// What to draw for a pod of that shape and size: a body, a mark on it, and the ring's radius.
export function glyph(shape, size) {
  const half = size / 2 - Math.max(size * 0.025, 0.5);
  const body = shape === "failing" ? notched(half) : rounded(half);
  return { body, mark: (MARKS[shape] ?? nothing)(half), ring: round(half * 0.52) };
}

const nothing = () => "";

const MARKS = {
  available: (h) => line([-0.42, 0.04], [-0.12, 0.34], [0.44, -0.3])(h),
  failing: (h) => line([-0.08, -0.5], [-0.08, 0.12])(h) + line([-0.08, 0.46], [-0.08, 0.48])(h),
  terminating: hatch,
};

const line = (...points) => (h) =>
  points.map(([x, y], i) => `${i ? "L" : "M"}${round(x * h)} ${round(y * h)}`).join("");

function rounded(h) {
  const r = round(h * 0.46);
  const s = round(2 * h - 2 * r);
  return `M${round(-h + r)} ${round(-h)}h${s}a${r} ${r} 0 0 1 ${r} ${r}v${s}a${r} ${r} 0 0 1 -${r} ${r}`
    + `h-${s}a${r} ${r} 0 0 1 -${r} -${r}v-${s}a${r} ${r} 0 0 1 ${r} -${r}z`;
}

// A corner is missing: something that was to be here is not.
function notched(h) {
  const r = round(h * 0.46);
  const cut = round(h * 0.72);
  const s = round(2 * h - 2 * r);
  return `M${round(-h + r)} ${round(-h)}H${round(h - cut)}L${round(h)} ${round(-h + cut)}V${round(h - r)}`
    + `a${r} ${r} 0 0 1 -${r} ${r}h-${s}a${r} ${r} 0 0 1 -${r} -${r}v-${s}a${r} ${r} 0 0 1 ${r} -${r}z`;
}

// Diagonals x + y = c across the square, fewer of them on a small one so that they stay apart.
// Beyond 1.5 half widths they would run out of the rounded corners, and so would the middle one,
// which goes from corner to corner.
function hatch(h) {
  const count = h > 16 ? 7 : h > 8 ? 5 : 3;
  let path = "";
  for (let i = 0; i < count; i += 1) {
    const c = h * 1.5 * ((2 * i) / (count - 1) - 1);
    const end = c === 0 ? 0.85 * h : h;
    const low = Math.max(-end, c - end);
    const high = Math.min(end, c + end);
    path += `M${round(low)} ${round(c - low)}L${round(high)} ${round(c - high)}`;
  }
  return path;
}
