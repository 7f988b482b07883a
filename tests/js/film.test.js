// Time: positions, clocks and histories.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  along, at, breaks, decisionFrom, lastIndex, placeOf, positionAt, progress, secondOf, secondsAt, spoken, stepAfter,
  stepAt, timeAt,
} from "../../rollviz/widgets/film.js";

const DATA = {
  times: [0, 1, 1.5, 3, 3],
  seconds: [0, 1.4, 1.7, 3.1, 3.4],
  steps: [{ decision: 0 }, { decision: 1 }, { decision: 0 }],
  looks: [["starting", "ContainerCreating"], ["available", "Ready"], ["failing", "ErrImagePull"]],
};

test("a row of a history holds until the next", () => {
  const history = [[1, "a"], [2, "b"], [2.5, "c"]];
  assert.equal(at(history, 0.9), undefined);
  assert.deepEqual([1, 1.9, 2, 9].map((p) => at(history, p)[1]), ["a", "a", "b", "c"]);
});

test("the last index of what is not greater", () => {
  const list = [[1], [3], [3], [5]];
  assert.deepEqual([0, 1, 3, 4, 9].map((x) => lastIndex(list, x)), [-1, 0, 2, 2, 3]);
});

test("a line through points is flat beyond its ends", () => {
  assert.deepEqual([-1, 0, 1, 2, 5].map((x) => along([[0, 10], [2, 20]], x)), [10, 10, 15, 20, 20]);
});

test("both clocks run through every half position", () => {
  assert.deepEqual([0, 0.25, 0.5, 1, 1.5, 2].map((p) => timeAt(DATA, p)), [0, 0.5, 1, 1.5, 3, 3]);
  assert.equal(secondsAt(DATA, 0.5), 1.4);
});

test("the film's clock leads back to the position", () => {
  for (const p of [0, 0.1, 0.5, 0.9, 1, 1.7, 2]) {
    assert.ok(Math.abs(positionAt(DATA, secondsAt(DATA, p)) - p) < 1e-9);
  }
  assert.equal(positionAt(DATA, 99), 2);
});

test("a step is on show from half a position before it", () => {
  assert.deepEqual([0, 0.49, 0.5, 1, 1.49, 1.5].map(stepAt), [0, 0, 1, 1, 1, 2]);
  assert.deepEqual([0.5, 1, 1.01].map(stepAfter), [1, 1, 2]);
});

test("the next decision, or the end where there is none", () => {
  assert.deepEqual([[0, 1], [1, 1], [2, 1], [2, -1], [1, -1], [0, -1]].map(([k, way]) => decisionFrom(DATA, k, way)),
    [1, 2, 2, 1, 0, 0]);
});

test("a squeezed silence is a break, and both ways lead through it", () => {
  const scale = [[0, 0], [10, 0.4], [610, 0.6], [620, 1]];
  assert.deepEqual(breaks(scale), [[10, 610]]);
  assert.deepEqual(breaks([[0, 0], [9, 1]]), []);
  assert.deepEqual(breaks([[0, 0], [10, 0.8], [600, 1], [600, 1]]), [[10, 600]]);
  for (const t of [0, 5, 10, 300, 615]) assert.ok(Math.abs(secondOf(scale, placeOf(scale, t)) - t) < 1e-9);
});

test("a ring fills up from starting to ready, and not where a pod never is", () => {
  const ready = [[0.5, 0], [1.5, 1]];
  assert.deepEqual([1, 2, 3, 9].map((t) => progress(DATA, ready, 0, t)), [0, 0.5, 1, 1]);
  assert.equal(progress(DATA, [[0.5, 0], [1.5, 2]], 0, 2), null);
  assert.equal(progress(DATA, [[0.5, 0]], 0, 2), null);
  assert.equal(progress(DATA, [[0.5, 0], [1, -1]], 0, 2), null);
});

test("a pod that starts in two steps fills one ring", () => {
  const data = { ...DATA, looks: [...DATA.looks, ["starting", "Running"]] };
  assert.equal(progress(data, [[0.5, 0], [1, 3], [1.5, 1]], 1, 2), 0.5);
});

test("seconds as people say them", () => {
  assert.deepEqual([0, 4.24, 59.96, 75, 120, 605].map(spoken),
    ["0.0 s", "4.2 s", "60.0 s", "75 s", "2 min", "10 min 5 s"]);
});
