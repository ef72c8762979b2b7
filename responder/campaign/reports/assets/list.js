"use strict";

// A list of which only the rows in sight exist.
class CaseList {
  static #HEIGHT = 50;
  static #SPARE = 8;
  #numbers = [];
  #active = -1;
  #frame = 0;
  #made = new Map();

  // `open(number, kept)` is called when a case is chosen; `kept` if by walking along the list.
  constructor(campaign, box, rows, open) {
    this.campaign = campaign;
    this.box = box;
    this.rows = rows;
    this.open = open;
    box.addEventListener("scroll", () => this.#soon());
    box.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#soon()).observe(box);
  }

  show(numbers) {
    const chosen = this.#numbers[this.#active];
    this.#numbers = numbers;
    this.#active = numbers.indexOf(chosen);
    this.rows.style.height = `${numbers.length * CaseList.#HEIGHT}px`;
    this.box.scrollTop = 0;
    this.#render();
  }

  // Marks a case as chosen, if it is in the list, and brings it into sight.
  choose(number) {
    this.#active = this.#numbers.indexOf(number);
    if (this.#active >= 0) this.#intoSight(this.#active);
    this.#render();
  }

  // Opens the case so many rows further on.
  step(by) {
    const last = this.#numbers.length - 1;
    if (last < 0) return;
    const next = Math.min(last, Math.max(0, this.#active < 0 ? 0 : this.#active + by));
    this.open(this.#numbers[next], true);
  }

  #key(event) {
    const page = Math.max(1, Math.floor(this.box.clientHeight / CaseList.#HEIGHT) - 1);
    const steps = {
      ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity,
    };
    if (event.key in steps) {
      event.preventDefault();
      this.step(steps[event.key]);
    } else if (event.key === "Enter" && this.#active >= 0) {
      event.preventDefault();
      this.open(this.#numbers[this.#active], false);
    }
  }

  #intoSight(place) {
    const top = place * CaseList.#HEIGHT;
    const bottom = top + CaseList.#HEIGHT - this.box.clientHeight;
    if (this.box.scrollTop > top) this.box.scrollTop = top;
    else if (this.box.scrollTop < bottom) this.box.scrollTop = bottom;
  }

  #soon() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#render());
  }

  // Rows that stay as they were are the same elements, so that nobody clicks on one that goes.
  #render() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / CaseList.#HEIGHT) - CaseList.#SPARE);
    const count = Math.ceil(this.box.clientHeight / CaseList.#HEIGHT) + 2 * CaseList.#SPARE;
    const made = new Map();
    this.#numbers.slice(first, first + count).forEach((number, at) => {
      const key = `${first + at} ${number} ${first + at === this.#active}`;
      made.set(key, this.#made.get(key) ?? this.#row(first + at));
    });
    if ([...made.keys()].join() !== [...this.#made.keys()].join()) {
      this.rows.replaceChildren(...made.values());
    }
    this.#made = made;
    const active = this.#active >= first && this.#active < first + count;
    this.box.setAttribute("aria-activedescendant", active ? `row-${this.#active}` : "");
  }

  #row(place) {
    const one = this.campaign.cases[this.#numbers[place]];
    const made = element("div", {
      id: `row-${place}`,
      class: `row ${one.verdict}`,
      role: "option",
      "aria-selected": String(place === this.#active),
      "aria-posinset": place + 1,
      "aria-setsize": this.#numbers.length,
      onclick: () => this.open(one.number, false),
    }, element("div", {}, element("span", { class: "mono", title: one.case }, one.case),
      badge(one, this.campaign.index)),
    element("p", { class: "muted" }, one.description));
    made.style.top = `${place * CaseList.#HEIGHT}px`;
    return made;
  }
}

// The verdict; a security failure is loud.
function badge(one, index) {
  const loud = one.weight === index.security;
  const text = loud ? `${one.verdict}: ${one.weight}` : one.verdict;
  return element("span", { class: `badge ${one.verdict}${loud ? " loud" : ""}` }, text);
}
