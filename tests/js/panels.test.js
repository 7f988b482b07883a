import assert from "node:assert/strict";
import { test } from "node:test";
import { longest } from "../../rollviz/widgets/panels.js";

test("the few longest steps are tried for their height, the first of those alike", () => {
  const words = ["a", "dddd", "bb", "ccc", "eeee", "", "f"];
  assert.deepEqual(longest(words, (word) => word.length), ["dddd", "eeee", "ccc", "bb"]);
  assert.deepEqual(longest(["a"], () => 0), ["a"]);
});
