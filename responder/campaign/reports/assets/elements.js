"use strict";

// Makes an element. Children are elements or text: nothing is ever read as HTML.
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key === "onclick") made.addEventListener("click", value);
    else if (value !== false && value != null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

function byId(id) {
  return document.getElementById(id);
}

// A list of names and values; those without a value are left out.
function facts(pairs) {
  const shown = pairs.filter(([, value]) => Array.isArray(value) ? value.length : value);
  if (!shown.length) return null;
  return element("dl", {}, shown.flatMap(([name, value]) => [
    element("dt", {}, name),
    element("dd", {}, value),
  ]));
}

function chips(names, bad = () => false) {
  return names.map((name) => element("span", { class: bad(name) ? "chip bad" : "chip" }, name));
}

function section(title, ...children) {
  const there = children.flat().filter(Boolean);
  return there.length ? [element("h3", {}, title), ...there] : [];
}

function plural(count, word) {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}
