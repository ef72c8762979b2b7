"use strict";

// All there is to say of a case.
function caseView(one, seen, index) {
  return [
    element("div", { class: "head" },
      element("h2", {}, one.case),
      badge(one, index),
      one.weight && one.weight !== index.security
        ? element("span", { class: "muted" }, one.weight) : null,
      element("a", { href: `#case=${encodeURIComponent(one.case)}` }, "permalink")),
    element("p", {}, one.description),
    element("p", { class: `sentence ${one.verdict}` }, one.text),
    dutyFacts(one, seen, index),
    section("What it did", reactionFacts(seen)),
    section("What the fault changed", strikes(seen)),
    section("The exchange", exchanges(seen)),
    section("The answer that was struck, field by field", fieldLines(seen)),
    section("The process", processFacts(seen)),
  ].flat().filter(Boolean);
}

function dutyFacts(one, seen, index) {
  const duties = [one.duty, ...(seen.allows ?? [])].filter(Boolean);
  const meaning = (name) => index.duties[name] ? `${name}: ${index.duties[name]}` : name;
  return facts([
    ["duty", duties.map(meaning).join("; or ")],
    ["basis", one.basis && `${one.basis}: ${index.bases[one.basis] ?? "unknown"}`],
    ["source", one.source],
    ["expected because", seen.expectation],
    ["should refuse for", chips(seen.expected ?? [])],
    ["refused for", chips(seen.reasons ?? [])],
    ["it said", seen.said],
    ["it told", chips(seen.surfaced ?? [])],
    ["conversation", one.setting],
    ["group", index.groups[one.group] ? `${one.group}: ${index.groups[one.group]}` : ""],
    ["importance", ["", "1: security", "2: correctness", "3: robustness"][one.importance] ?? ""],
    ["attempts", seen.attempts ? String(seen.attempts) : ""],
    ["time", seen.seconds ? `${seen.seconds} s` : ""],
  ]);
}

function reactionFacts(seen) {
  const progress = new Set(seen.went_on ?? []);
  return facts([
    ["after the fault", chips(seen.reaction ?? [], (name) => progress.has(name))],
    ["nearest", seen.nearest],
    ["connections", seen.connections ? String(seen.connections) : ""],
    ["exchanges", seen.count ? String(seen.count) : ""],
  ]);
}

function strikes(seen) {
  return (seen.strikes ?? []).flatMap((strike) => {
    const place = strike.message ? `${strike.hook} of ${strike.message}` : strike.hook;
    return [
      element("p", {}, element("b", {}, place), `, exchange ${strike.exchange + 1}: `,
        strike.detail ?? ""),
      strike.rows ? sideBySide(strike.rows) : null,
      strike.fields ? element("p", {}, "changed: ", chips(strike.fields)) : null,
    ];
  });
}

function exchanges(seen) {
  const some = seen.exchanges ?? [];
  if (!some.length) return null;
  const items = [];
  let connection = 0;
  let opened = false;
  some.forEach((exchange, number) => {
    if (exchange.connection !== connection) {
      connection = exchange.connection;
      items.push(element("li", { class: "connection muted" }, `connection ${connection}`));
    }
    const open = Boolean(exchange.struck) && !opened;
    opened ||= open;
    items.push(element("li", {}, exchangeView(exchange, number, open)));
  });
  if (seen.count > some.length) {
    items.push(element("li", { class: "connection muted" },
      `${plural(seen.count - some.length, "exchange")} more`));
  }
  return element("ol", { class: "exchanges" }, items);
}

function exchangeView(exchange, number, open) {
  const { request, response } = exchange;
  const cells = [
    element("span", { class: "number" }, String(number + 1)),
    messageName(request, "nothing that could be read", "→"),
    messageName(response, "no answer", "←"),
    element("span", { class: "muted" }, [
      exchange.session ? `session ${exchange.session}` : "",
      exchange.struck ? "struck" : "",
    ].filter(Boolean).join(", ")),
  ];
  const shown = [["request", request], ["response", response]].filter(([, m]) => m?.[2]);
  if (!shown.length) return element("div", { class: mark("plain", exchange) }, cells);
  return element("details", { open },
    element("summary", { class: mark("", exchange) }, cells),
    element("div", {}, shown.flatMap(([name, [title, size, data]]) => [
      element("p", { class: "muted" }, `${name}: ${title}, ${plural(size, "byte")}`),
      dump(data, size),
    ])));
}

function mark(name, exchange) {
  return exchange.struck ? `${name} struck` : name;
}

function messageName(message, otherwise, arrow) {
  return element("span", { class: "mono" }, `${arrow} ${message ? message[0] : otherwise} `,
    message?.[1] ? element("span", { class: "muted" }, `${message[1]} B`) : null);
}

function fieldLines(seen) {
  return seen.fields ? element("pre", {}, seen.fields.join("\n")) : null;
}

function processFacts(seen) {
  const run = seen.process;
  if (!run) return null;
  const wrong = [["timed_out", "ended at its time limit"], ["stubborn", "ignored SIGTERM"],
    ["over_memory", "wanted more memory than it may have"],
    ["over_output", "wrote more than is kept"]];
  return [
    facts([
      ["exit", run.exit],
      ["signal", run.signal],
      ["it", wrong.filter(([key]) => run[key]).map(([, text]) => text).join(", ")],
      ["sanitizer", run.sanitizer],
      ["left behind", run.left_behind ? plural(run.left_behind, "process") : ""],
      ["time", run.seconds ? `${run.seconds.toFixed(2)} s` : ""],
      ["processor time", run.cpu_seconds ? `${run.cpu_seconds.toFixed(2)} s` : ""],
      ["largest memory", run.peak_memory ? `${(run.peak_memory / 2 ** 20).toFixed(1)} MiB` : ""],
    ]),
    run.stdout ? outputView("standard output", run.stdout) : null,
    run.stderr ? outputView("standard error", run.stderr) : null,
  ];
}

function outputView(name, text) {
  return element("details", { open: true }, element("summary", {}, name), element("pre", {}, text));
}
