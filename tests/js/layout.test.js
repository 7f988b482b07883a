// Where everything stands, from one pod to a thousand, from a phone to a projector.

import assert from "node:assert/strict";
import { test } from "node:test";

import { SHAPES, glyph } from "../../rollviz/widgets/glyph.js";
import { apart, exitPlace, grid, layout, place, staircase, withRoom } from "../../rollviz/widgets/layout.js";

const SIZES = [[350, 1], [620, 1], [890, 1], [1240, 1], [1240, 1.8]];
const room = (width, unit, slots, rows = 2, notes = false) =>
  layout({ width, unit, rows, slots, exits: slots, notes });

for (const [width, unit] of SIZES) {
  for (const slots of [1, 2, 5, 13, 40, 100, 125, 1000]) {
    test(`${slots} pods in ${width} px at ${unit}: inside their row, and none on another`, () => {
      const stage = room(width, unit, slots);
      if (stage.grouped) return;
      const spots = Array.from({ length: slots }, (_, slot) => place(stage, 1, slot));
      for (const { x, y } of spots) {
        assert.ok(x - stage.size / 2 >= stage.label - 1 && x + stage.size / 2 <= width - stage.right + stage.pitch * 0.25);
        assert.ok(y - stage.size / 2 >= stage.tops[1] && y + stage.size / 2 <= stage.tops[1] + stage.rowHeight);
      }
      assert.equal(new Set(spots.map(({ x, y }) => `${x} ${y}`)).size, slots);
      const last = exitPlace(stage, slots - 1);
      assert.ok(last.y + stage.size / 2 <= stage.exitTop + stage.exitHeight);
    });
  }
}

test("shapes shrink, and are counted when they would run together", () => {
  const sizes = [5, 20, 60, 120].map((slots) => room(890, 1, slots).size);
  assert.deepEqual([...sizes].sort((a, b) => b - a), sizes);
  assert.ok(sizes.at(-1) > 11);
  assert.equal(room(890, 1, 1000).grouped, true);
  assert.equal(room(350, 1, 200).grouped, true);
});

test("the largest cells that fit are taken", () => {
  assert.deepEqual(grid(5, 400, 60, 1), { pitch: 60, size: 46.2, columns: 6, rows: 1 });
  assert.equal(grid(5000, 400, 60, 1), null);
});

test("a row that tells reasons is as high as one that does not, or higher", () => {
  assert.ok(room(890, 1, 5, 2, true).rowHeight >= room(890, 1, 5).rowHeight);
});

test("many ReplicaSets get lower rows", () => {
  assert.ok(room(890, 1, 5, 8).rowHeight < room(890, 1, 5, 2).rowHeight);
});

test("every shape has a body; only some have a mark, each its own", () => {
  for (const size of [11, 20, 46, 90]) {
    const drawn = SHAPES.map((shape) => glyph(shape, size));
    for (const { body } of drawn) assert.match(body, /^M[-\d.]+ [-\d.]+[-\d. hvaHVLl]*z$/);
    assert.equal(new Set(drawn.map(({ mark }) => mark)).size, 4);
    assert.notEqual(glyph("failing", size).body, glyph("ready", size).body);
  }
});

test("hatching stays inside, and is thinner on small shapes", () => {
  const lines = (size) => glyph("terminating", size).mark.match(/M/g).length;
  assert.deepEqual([10, 20, 46].map(lines), [3, 5, 7]);
  const numbers = glyph("terminating", 46).mark.match(/-?[\d.]+/g).map(Number);
  assert.ok(Math.max(...numbers.map(Math.abs)) <= 23);
});

test("a staircase has right angles only", () => {
  assert.equal(staircase([[0, 5], [2, 3], [4, 4]]), "M0 5H2V3H4V4");
});

test("labels move apart and keep their order", () => {
  assert.deepEqual(apart([10, 50], 15), [10, 50]);
  assert.deepEqual(apart([40, 40], 10), [35, 45]);
  const [high, low] = apart([42, 40], 10);
  assert.ok(high - low >= 10);
});

test("of labels that lie over each other the more important one stays", () => {
  assert.deepEqual(withRoom([[50, 20], [100, 20]], 8), [0, 1]);
  assert.deepEqual(withRoom([[50, 20], [60, 20], [77, 20], [78, 20]], 8), [0, 3]);
});
