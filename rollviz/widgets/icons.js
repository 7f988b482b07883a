// The pictures on the buttons: paths in a square of 24.

import { s } from "./dom.js";

const PATHS = {
  play: "M7.5 4.5v15l12-7.5z",
  pause: "M7 5h3.6v14H7zM13.4 5H17v14h-3.6z",
  back: "M17.5 5.5v13L8.5 12zM6 5.5h2v13H6z",
  forward: "M6.500 5.500v13l9-6.500zM16 5.500h2v13h-2z",
  previous: "M12.500 6v12L4 12zM21 6v12l-8.500-6z",
  next: "M11.500 6v12l8.500-6zM3 6v12l8.500-6z",
  loop: "M17 3l4 4-4 4V8.200H8A3.300 3.300 0 0 0 4.700 11.500H2.500A5.500 5.500 0 0 1 8 5.800h9zM7 21l-4-4 4-4v2.800h9a3.300 3.300 0 0 0 3.300-3.300h2.200A5.500 5.500 0 0 1 16 18.200H7z",
};

export function icon(name) {
  return s("svg", { class: "rollviz-icon", viewBox: "0 0 24 24", "aria-hidden": "true" },
    s("path", { d: PATHS[name] }));
}

export function setIcon(button, name) {
  button.querySelector("path").setAttribute("d", PATHS[name]);
}
