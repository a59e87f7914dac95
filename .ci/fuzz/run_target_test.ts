import assert from "node:assert/strict";
import process from "node:process";
import { FuzzFinding, runTarget } from "./run_target.ts";
import { type FuzzTarget, textOf } from "./target.ts";

class Refusal extends Error {
  override readonly name = "Refusal";
}

function target(read: (text: string) => unknown): FuzzTarget {
  return {
    name: "demo",
    seeds: ['{"list":[1,2,3],"name":"a"}'],
    errors: ["Refusal"],
    read: (input) => read(textOf(input)),
  };
}

/** A reader without a fault. */
function parse(text: string): { list: unknown[] } {
  try {
    const value = JSON.parse(text);
    if (Array.isArray(value?.list)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Refusal("expected a list");
}

const options = { seed: 7, inputs: 400 };

Deno.test("runTarget() counts what a good reader understood and refused", async () => {
  const { inputs, understood, refused } = await runTarget(target(parse), options);
  assert.equal(inputs, 400);
  assert.ok(understood > 20 && refused > 20, `${understood} and ${refused}`);
  assert.equal(understood + refused, inputs);
});

const FAULTS: readonly (readonly [string, (text: string) => unknown, RegExp])[] = [
  ["throws the engine's errors", (text) => JSON.parse(text).list.length, /SyntaxError|TypeError/],
  ["trusts a length", (text) => new Array(Number(parse(text).list[0])), /RangeError/],
  ["refuses without a word", (text) => {
    if (text.length !== 27) throw new Refusal(" ");
  }, /Refusal/],
  ["takes too long", (text) => {
    const before = process.cpuUsage();
    while (text.includes("null") && process.cpuUsage(before).user < 60_000);
  }, /it took \d+ ms of the processor, over 40/],
  [
    "takes quadratic time on a run of blanks",
    // Every blank of a run begins a match that fails at the run's end.
    (text) => text.slice(0, 20_000).replaceAll(/\s*\n\s*/g, " "),
    /it took \d+ ms of the processor, over 40/,
  ],
];

for (const [what, read, message] of FAULTS) {
  Deno.test(`runTarget() finds a reader that ${what}, and repeats it by its seed`, async () => {
    const finding = async (): Promise<string> => {
      const run = runTarget(target(read), { ...options, inputCpuMs: 40 });
      const error = await run.then(() => null, (thrown) => thrown);
      assert.ok(error instanceof FuzzFinding);
      return error.message;
    };
    const text = await finding();
    assert.match(text, message);
    assert.match(text, /seed 7, path/);
    if (!what.startsWith("takes")) assert.equal(await finding(), text);
  });
}
