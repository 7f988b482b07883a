// Where everything on the stage stands. Pure functions of sizes; lengths in CSS pixels.

const PITCHES = [60, 52, 46, 40, 34, 29, 25, 21, 18, 15];
const FILL = 0.77; // of its cell that a pod takes up

// The grid for so many slots in a room of that size: the largest cells that fit, or null.
export function grid(slots, width, height, unit) {
  for (const size of PITCHES) {
    const pitch = size * unit;
    const columns = Math.floor((width + (1 - FILL) * pitch) / pitch);
    const rows = Math.ceil(slots / columns);
    if (columns > 0 && rows * pitch <= Math.max(height, pitch)) {
      return { pitch, size: pitch * FILL, columns, rows };
    }
  }
  return null;
}

// The whole stage.
//   rows   how many rows of pods: ReplicaSets, or nodes
//   slots  how many slots each row needs;  exits: how many the exit strip needs
//   notes  whether a row needs a line for reasons beneath its pods
// Below 600 units of width the labels stand above the pods instead of beside them.
export function layout({ width, unit, rows, slots, exits, notes }) {
  const narrow = width < 600 * unit;
  const label = narrow ? 14 * unit : 200 * unit;
  const right = narrow ? 12 * unit : 130 * unit;
  const head = narrow ? 48 * unit : 0;
  const body = Math.max(width - label - right, 40);
  const room = (rows > 3 ? 60 : 100) * unit;
  const cells = grid(Math.max(slots, 1), body, room, unit);
  const note = notes ? 18 * unit : 0;
  const grouped = cells === null;
  const { pitch, size, columns } = cells ?? tiles(unit, narrow);
  const pods = (count) => (grouped ? size : (Math.ceil(count / columns) || 1) * pitch - (pitch - size));
  const least = (narrow ? 0 : rows > 3 ? 62 : 76) * unit;
  const rowHeight = head + Math.max(pods(slots), least - note) + note + 20 * unit;
  const gap = (rows > 3 ? 8 : 10) * unit;
  const tops = Array.from({ length: rows }, (_, i) => i * (rowHeight + gap));
  const exitTop = rows * (rowHeight + gap) + 2 * unit;
  const exitHead = narrow ? 20 * unit : 0;
  const exitHeight = exits ? exitHead + Math.max(pods(exits), 34 * unit) + 12 * unit : 0;
  return {
    width, unit, narrow, label, body, right, grouped, pitch, size, columns, tops, rowHeight, exitTop,
    exitHeight,
    first: head + 10 * unit + (rowHeight - head - note - 20 * unit - pods(slots)) / 2,
    noteAt: rowHeight - 13 * unit,
    exitFirst: exitHead + 2 * unit,
    height: exits ? exitTop + exitHeight : exitTop - gap - 2 * unit,
  };
}

const tiles = (unit, narrow) => ({
  pitch: (narrow ? 66 : 84) * unit, size: (narrow ? 40 : 46) * unit, columns: Infinity,
});

// The middle of a slot in a row, and in the exit strip.
export function place(room, row, slot) {
  return spot(room, room.tops[row] + room.first, slot);
}

export function exitPlace(room, slot) {
  return spot(room, room.exitTop + room.exitFirst, slot);
}

function spot(room, top, slot) {
  const column = slot % room.columns;
  const line = Math.floor(slot / room.columns);
  return {
    x: round(room.label + column * room.pitch + room.size / 2),
    y: round(top + line * room.pitch + room.size / 2),
  };
}

export const round = (x) => Math.round(x * 10) / 10;

// A line of steps through counts over time: [[x, y], ...] to SVG path data, right angles only.
export function staircase(points) {
  return points.map(([x, y], i) => (i ? `H${round(x)}V${round(y)}` : `M${round(x)} ${round(y)}`)).join("");
}

// Labels at the heights `ys`, moved apart until none is nearer than `gap`; order is kept.
export function apart(ys, gap) {
  const order = ys.map((y, i) => [y, i]).sort((a, b) => a[0] - b[0]);
  const moved = [...ys];
  for (let k = 1; k < order.length; k += 1) {
    const above = moved[order[k - 1][1]];
    const mine = order[k][1];
    if (moved[mine] - above >= gap) continue;
    const push = gap - (moved[mine] - above);
    moved[order[k - 1][1]] = above - push / 2;
    moved[mine] += push / 2;
  }
  return moved;
}

// Of labels in one line, [middle, width] and the most important first: the indices of those that
// leave `gap` to all that are kept before them.
export function withRoom(labels, gap) {
  const kept = [];
  labels.forEach(([x, width], i) => {
    const free = ([other, wide]) => Math.abs(x - other) >= (width + wide) / 2 + gap;
    if (kept.every((k) => free(labels[k]))) kept.push(i);
  });
  return kept;
}
