// The live mirror: patches into the data that all views share.

import assert from "node:assert/strict";
import { test } from "node:test";

import { behind, take } from "../../rollviz/widgets/mirror.js";

const data = () => ({
  times: [0, 1, 2],
  slots: 3,
  pods: [{ name: "web-1", exit: null, looks: [[0, 0], [1, 2]] }],
  steps: [{ kind: "start" }, { kind: "ready" }],
});

test("of a list the first stay, and what follows is new", () => {
  const shown = data();
  take(shown, [["times", 1, [1.5, 2, 3]], ["pods.0.looks", 1, [[0.9, 2], [1.4, -1]]]]);
  assert.deepEqual(shown.times, [0, 1.5, 2, 3]);
  assert.deepEqual(shown.pods[0].looks, [[0, 0], [0.9, 2], [1.4, -1]]);
});

test("lists stay the same lists, for whoever draws from them", () => {
  const shown = data();
  const { looks } = shown.pods[0];
  take(shown, [["pods.0.looks", 2, [[3, 1]]], ["pods", 1, [{ name: "web-2", looks: [] }]]]);
  assert.equal(shown.pods[0].looks, looks);
  assert.equal(looks.length, 3);
  assert.equal(shown.pods[1].name, "web-2");
});

test("values and single items are replaced", () => {
  const shown = data();
  take(shown, [["slots", null, 5], ["pods.0.exit", null, 2], ["steps.1", null, { kind: "gone" }]]);
  assert.deepEqual([shown.slots, shown.pods[0].exit, shown.steps[1].kind], [5, 2, "gone"]);
});

test("a list may be longer than a call can have arguments", () => {
  const shown = data();
  take(shown, [["times", 0, Array.from({ length: 300_000 }, (_, i) => i)]]);
  assert.equal(shown.times.length, 300_000);
});

test("taken once more, a patch changes nothing", () => {
  const once = data();
  const twice = data();
  const patch = [["times", 1, [7]], ["pods", 1, [{ name: "web-2", looks: [] }]], ["pods.1.looks", 0, [[1, 1]]]];
  take(once, patch);
  take(twice, patch);
  take(twice, structuredClone(patch));
  assert.deepEqual(twice, once);
});

test("how far behind now a step is", () => {
  assert.deepEqual([0, 1].map((step) => behind(data(), step)), [1, 0]);
});
