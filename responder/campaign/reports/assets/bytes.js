"use strict";

const BYTES_IN_A_LINE = 16;

// Offset, bytes, and characters where there are any; `size` is that of the whole message.
function dump(base64, size) {
  const bytes = bytesOf(base64);
  const lines = [];
  for (let at = 0; at < bytes.length; at += BYTES_IN_A_LINE) {
    const some = [...bytes.slice(at, at + BYTES_IN_A_LINE)];
    const hex = some.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = some.map((byte) => byte > 31 && byte < 127 ? String.fromCharCode(byte) : ".");
    const offset = at.toString(16).padStart(4, "0");
    lines.push(`${offset}  ${hex.padEnd(3 * BYTES_IN_A_LINE)} ${text.join("")}`);
  }
  if (size > bytes.length) lines.push(`... ${size - bytes.length} bytes more`);
  return element("pre", {}, lines.join("\n"));
}

// Two versions beside each other, made by the program: each row is pieces of text, some of them
// changed.
function sideBySide(rows) {
  const head = element("span", { class: "muted" },
    `  byte  ${"before".padEnd(28)}${"after".padEnd(27)}field\n`);
  const pieces = rows.flatMap((row) => [
    ...row.flatMap(([text, changed]) => changed ? marked(text) : [text]), "\n"]);
  return element("pre", { class: "bytes" }, head, pieces);
}

// The spaces before and after it stay as they are.
function marked(text) {
  const [, before, middle, after] = text.match(/^(\s*)(.*?)(\s*)$/s);
  return [before, middle ? element("mark", {}, middle) : "", after];
}
