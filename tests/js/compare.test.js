// A comparison's clock.

import assert from "node:assert/strict";
import { test } from "node:test";

import { positionOf, whenWords } from "../../rollviz/widgets/compare.js";

test("a moment is told from the edit", () => {
  assert.equal(whenWords(-0.5, "edit"), "0.5 s before the edit");
  assert.equal(whenWords(-0.01, "fork"), "at the fork");
  assert.equal(whenWords(75, "edit"), "75 s after the edit");
});

test("a run's position goes with its own clock, and stays at its ends", () => {
  const data = { times: [0, 1, 1, 3] };
  assert.equal(positionOf(data, -1), 0);
  assert.equal(positionOf(data, 0.5), 0.25);
  assert.equal(positionOf(data, 1), 1);
  assert.equal(positionOf(data, 9), 1.5);
});
