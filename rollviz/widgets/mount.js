// What an offline page runs: the player on a model of its own, where a notebook has a kernel.

import { unpacked } from "./pack.js";
import { render } from "./player.js";

// The packed state lies in the page in base64: text that no parser of HTML can mistake.
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function modelOf(state) {
  const heard = {};
  return {
    get: (name) => state[name],
    set(name, value) {
      state[name] = value;
      (heard[`change:${name}`] ?? []).forEach((listener) => listener());
    },
    on: (event, listener) => (heard[event] ??= []).push(listener),
    off: () => {},
    save_changes() {},
  };
}

const state = await unpacked(bytesOf(document.getElementById("rollviz-state").textContent));
const el = document.getElementById("rollviz");
await render({ model: modelOf(state), el });
el.firstChild.focus();
