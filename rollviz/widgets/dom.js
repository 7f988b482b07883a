// Small helpers for making nodes. Text is only ever set as text.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// An HTML element: h("p", { class: "x", text: "data", onclick: f }, child, ...). Whatever can have
// the focus keeps its keys from JupyterLab, whose shortcuts would act on the cell.
export function h(tag, attributes = {}, ...children) {
  const node = fill(document.createElement(tag), attributes, children);
  if (node.matches("button, input, select, [tabindex]")) node.dataset.lmSuppressShortcuts = "true";
  return node;
}

// The same for SVG.
export const s = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

// Set what differs, and only that: an unchanged node costs nothing.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node, name, value) {
  if (value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

// Text that may be cut off by its box is whole in its tooltip.
export function setCut(node, text) {
  setText(node, text);
  setAttribute(node, "title", text);
}

// An id that nothing else on the page has. A widget has its modules to itself, so a count would not do.
export const unlike = (name) => `${name}-${Math.random().toString(36).slice(2)}`;

// Shift+Enter in a widget goes on to the notebook's next cell, and does not run this one again: that
// would take the answer given in it away. Says whether it did.
export function goOn(event) {
  if (event.key !== "Enter" || !event.shiftKey) return false;
  const next = event.currentTarget.closest(".jp-Notebook-cell")?.nextElementSibling;
  if (!next?.matches(".jp-Notebook-cell")) return false;
  event.preventDefault();
  event.stopPropagation();
  next.focus();
  return true;
}

// What stands in for a widget where it cannot run is the last such thing before it.
export function hideFallback(el) {
  requestAnimationFrame(() => {
    const before = [...document.querySelectorAll(".rollviz-fallback")].filter((node) =>
      node.compareDocumentPosition(el) & Node.DOCUMENT_POSITION_FOLLOWING);
    if (before.length) before.at(-1).style.display = "none";
  });
}
