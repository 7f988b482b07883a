// What an offline page runs: the player on a model of its own, where a notebook has a kernel.

import { render } from "./player.js";

// The state lies in the page as gzipped JSON in base64: text that no parser of HTML can mistake.
async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

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

const state = await unpacked(document.getElementById("rollviz-state").textContent);
const el = document.getElementById("rollviz");
render({ model: modelOf(state), el });
el.firstChild.focus();
