"use strict";

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

// What `packed` of page.py made: a JSON document as zlib in base64.
async function unpacked(base64) {
  const packed = new Blob([bytesOf(base64.trim())]).stream();
  return new Response(packed.pipeThrough(new DecompressionStream("deflate"))).json();
}

// All cases, and on demand what was seen in each.
class Campaign {
  constructor(index, blocks) {
    this.index = index;
    this.cases = Campaign.#cases(index);
    this.numbers = new Map(this.cases.map((one) => [one.case, one.number]));
    this.order = Campaign.#order(index, this.cases);
    this.#blocks = blocks;
  }

  #blocks;
  #unpacked = new Map();

  static async read() {
    const index = await unpacked(byId("index").textContent);
    return new Campaign(index, byId("blocks").textContent.trim().split("\n"));
  }

  // What was seen in a case; a block is unpacked once.
  async details(number) {
    const block = Math.floor(number / this.index.block);
    if (!this.#unpacked.has(block)) this.#unpacked.set(block, unpacked(this.#blocks[block]));
    return (await this.#unpacked.get(block))[number % this.index.block];
  }

  static #cases(index) {
    const { strings, verdicts, cases } = index;
    return cases.case.map((_, number) => {
      const text = (name) => strings[cases[name][number]];
      const one = {
        number,
        verdict: verdicts[cases.verdict[number]],
        importance: cases.importance[number],
        failed: Boolean(cases.failed[number]),
      };
      for (const name of ["case", "text", "description", "weight", "duty", "basis", "source",
        "setting", "group"]) one[name] = text(name);
      one.words = [one.case, one.description, one.text, one.source, one.setting, one.weight]
        .join("\n").toLowerCase();
      return one;
    });
  }

  // The heaviest failures first, then all others as the plan has them.
  static #order(index, cases) {
    const first = new Set(index.heaviest);
    return [...index.heaviest, ...cases.map((one) => one.number).filter((n) => !first.has(n))];
  }
}
