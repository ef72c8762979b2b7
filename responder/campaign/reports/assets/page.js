"use strict";

const THEMES = ["", "light", "dark"];
const SELECTS = ["group", "duty", "basis"];

// The page: what is filtered for and which case is open stand in the address, after its #.
class Page {
  #campaign;
  #list;
  #verdicts = new Set();
  #open = -1;

  constructor(campaign) {
    this.#campaign = campaign;
    this.#list = new CaseList(campaign, byId("list"), byId("rows"),
      (number, kept) => this.#go(number, kept));
    this.#head();
    this.#tiles();
    this.#choices();
    this.#listen();
    this.#fromAddress();
  }

  #head() {
    const { index } = this.#campaign;
    const told = [index.started, `seed ${index.seed}`, `spdm-responder ${index.program}`,
      index.shard && `shard ${index.shard}`, `target ${index.digest.slice(0, 12)}`, index.pace];
    byId("facts").textContent = told.filter(Boolean).join("  ·  ");
    byId("problems").hidden = !index.problems.length;
    byId("problems").append(...index.problems.map((text) => element("li", {}, text)));
  }

  #tiles() {
    const counts = countBy(this.#campaign.cases, (one) => one.verdict);
    const there = this.#campaign.index.verdicts.filter((verdict) => counts.get(verdict));
    byId("tiles").append(...there.map((verdict) => element("button", {
      type: "button", class: `tile ${verdict}`, "data-verdict": verdict, "aria-pressed": "false",
      onclick: () => this.#toggle(verdict),
    }, element("b", {}, counts.get(verdict).toLocaleString("en")), element("span", {}, verdict))));
  }

  #choices() {
    const { index, cases } = this.#campaign;
    const label = { group: (v) => `${v}: ${index.groups[v] ?? ""}`, duty: (v) => v, basis: (v) => v };
    for (const name of SELECTS) {
      const values = [...new Set(cases.map((one) => one[name]))].filter(Boolean);
      byId(name).append(...values.map((value) =>
        element("option", { value }, label[name](value))));
    }
  }

  #listen() {
    const filters = byId("filters");
    filters.addEventListener("input", () => this.#filter());
    filters.addEventListener("submit", (event) => event.preventDefault());
    filters.addEventListener("reset", () => setTimeout(() => {
      this.#verdicts.clear();
      this.#filter();
    }));
    addEventListener("hashchange", () => this.#fromAddress());
    addEventListener("popstate", () => this.#fromAddress());
    addEventListener("keydown", (event) => this.#key(event));
    byId("theme").addEventListener("click", () => {
      const root = document.documentElement;
      const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? "") + 1) % THEMES.length];
      root.dataset.theme = next;
      byId("theme").textContent = next ? `Theme: ${next}` : "Theme";
    });
  }

  #key(event) {
    const typing = event.target.matches("input, select, textarea");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") this.#back();
    else if (typing) return;
    else if (event.key === "/") { event.preventDefault(); byId("search").focus(); }
    else if (event.key === "j") this.#list.step(1);
    else if (event.key === "k") this.#list.step(-1);
  }

  #back() {
    byId("panes").classList.remove("reading");
    byId("list").focus();
  }

  #toggle(verdict) {
    if (!this.#verdicts.delete(verdict)) this.#verdicts.add(verdict);
    this.#filter();
  }

  // Shows the cases that are asked for, and writes into the address what was asked.
  #filter() {
    this.#show();
    this.#address(true);
  }

  #show() {
    const { cases, order } = this.#campaign;
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = SELECTS.map((name) => [name, byId(name).value]).filter(([, value]) => value);
    const found = order.filter((number) => {
      const one = cases[number];
      return (!this.#verdicts.size || this.#verdicts.has(one.verdict))
        && wanted.every(([name, value]) => one[name] === value)
        && words.every((word) => one.words.includes(word));
    });
    this.#list.show(found);
    this.#list.choose(this.#open);
    byId("shown").textContent = found.length === cases.length
      ? plural(found.length, "case") : `${plural(found.length, "case")} of ${cases.length}`;
    for (const tile of byId("tiles").children) {
      tile.setAttribute("aria-pressed", String(this.#verdicts.has(tile.dataset.verdict)));
    }
  }

  #go(number, kept) {
    this.#open = number;
    this.#address(kept);
    this.#list.choose(number);
    this.#showCase();
    if (!kept) {
      byId("panes").classList.add("reading");
      byId("case").focus({ preventScroll: true });
    }
  }

  async #showCase() {
    const number = this.#open;
    const { cases, index } = this.#campaign;
    if (number < 0) {
      byId("case").replaceChildren(...overview(this.#campaign, (group) => this.#only(group)));
      return;
    }
    const seen = await this.#campaign.details(number);
    if (number !== this.#open) return; // another one was opened meanwhile
    const back = element("button", { id: "back", type: "button", onclick: () => this.#back() },
      "Back to the list");
    byId("case").replaceChildren(back, ...caseView(cases[number], seen, index));
    byId("case").scrollTop = 0;
  }

  #only(group) {
    byId("group").value = group;
    this.#filter();
  }

  #address(kept) {
    const said = new URLSearchParams();
    if (this.#open >= 0) said.set("case", this.#campaign.cases[this.#open].case);
    if (this.#verdicts.size) said.set("verdict", [...this.#verdicts].join(","));
    for (const name of [...SELECTS, "search"]) {
      if (byId(name).value) said.set(name, byId(name).value);
    }
    const hash = `#${said}`;
    if (kept) history.replaceState(null, "", hash);
    else history.pushState(null, "", hash);
  }

  #fromAddress() {
    const said = new URLSearchParams(location.hash.slice(1));
    const known = new Set(this.#campaign.index.verdicts);
    const verdicts = (said.get("verdict") ?? "").split(",").filter((name) => known.has(name));
    this.#verdicts = new Set(verdicts);
    for (const name of [...SELECTS, "search"]) byId(name).value = said.get(name) ?? "";
    this.#open = this.#campaign.numbers.get(said.get("case")) ?? -1;
    byId("panes").classList.toggle("reading", this.#open >= 0);
    this.#show();
    this.#showCase();
  }
}

// What stands there while no case is open.
function overview(campaign, choose) {
  const { index, cases } = campaign;
  const counts = countBy(cases, (one) => one.verdict);
  const verdicts = index.verdicts.filter((verdict) => counts.get(verdict));
  const rows = Object.entries(index.groups).map(([letter, title]) => {
    const inside = countBy(cases.filter((one) => one.group === letter), (one) => one.verdict);
    return element("tr", { onclick: () => choose(letter) },
      element("td", {}, `${letter}: ${title}`),
      verdicts.map((verdict) => element("td", { class: `tone ${verdict}` },
        String(inside.get(verdict) ?? ""))));
  });
  const heads = element("tr", {}, ["Group", ...verdicts].map((name) => element("th", {}, name)));
  const keys = [["/", "search"], ["↑ ↓ j k", "walk along the cases"],
    ["Enter", "read a case"], ["Esc", "back to the list"]];
  return [
    element("h3", {}, "By group"),
    element("table", {}, element("thead", {}, heads), element("tbody", {}, rows)),
    section("Left out", index.notes.map((text) => element("p", {}, text))),
    section("Expectations that nothing met", index.stale.map((text) => element("p", {}, text))),
    element("h3", {}, "Keys"),
    element("p", {}, keys.flatMap(([key, text]) => [element("kbd", {}, key), ` ${text}   `])),
  ].flat();
}

function countBy(items, key) {
  const counts = new Map();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}

Campaign.read().then((campaign) => new Page(campaign), (error) => {
  byId("case").replaceChildren(element("p", {}, `This page cannot be unpacked: ${error}`));
});
