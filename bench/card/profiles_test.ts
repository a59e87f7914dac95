import assert from "node:assert/strict";
import { BenchError } from "../result/mod.ts";
import { findDataSheet } from "./data_sheets.ts";
import { parseCardProfile, SHIPPED_PROFILES } from "./profiles.ts";

const TEXT = await Deno.readTextFile(new URL("./profile/cards/h100-sxm.json", import.meta.url));
const refused = (text: string): string => {
  try {
    parseCardProfile(text, { file: "card.json" });
  } catch (error) {
    assert.ok(error instanceof BenchError);
    return error.message;
  }
  throw new Error("it was read");
};

Deno.test("SHIPPED_PROFILES() holds a measured H100 and H200 with drivers and clocks", () => {
  const names = SHIPPED_PROFILES().map(({ card }) => findDataSheet(card.name)?.name);
  assert.deepEqual(names, ["H100", "H200"]);
  for (const { software, card } of SHIPPED_PROFILES()) {
    assert.ok(software.driver !== null && card.maxClockMhz !== null);
  }
});

Deno.test("parseCardProfile() names the first field that is wrong, the file and the fix", () => {
  assert.match(refused("{"), /"card.json".*not JSON/);
  assert.match(refused('{"format":"headwise-card-profile/2"}'), /format/);
  const document = JSON.parse(TEXT);
  document.products[0].tokens[3] = -4;
  assert.match(refused(JSON.stringify(document)), /products\.0\.tokens\.3.*calibrate --profile/);
});

Deno.test("parseCardProfile() refuses grids that do not go with their axes", () => {
  for (
    const [spoil, expected] of [
      [(p) => p.products[0].microseconds[0][0].pop(), /products of bf16/],
      [(p) => p.products[0].outer.reverse(), /does not ascend/],
      [(p) => p.decode[0].shapes[0].microseconds.pop(), /attention of triton-paged/],
      [(p) => p.experts[0].blocks[0].microseconds.pop(), /experts of bf16/],
      [(p) => p.passes.norm.microseconds.pop(), /passes.norm/],
      // deno-lint-ignore no-explicit-any
    ] as [(profile: any) => unknown, RegExp][]
  ) {
    const document = JSON.parse(TEXT);
    spoil(document);
    assert.match(refused(JSON.stringify(document)), expected);
  }
});
