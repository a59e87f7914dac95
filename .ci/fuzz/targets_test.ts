import assert from "node:assert/strict";
import { runTarget } from "./run_target.ts";
import { TARGETS } from "./targets.ts";

/** Inputs of each reader; the whole campaign is `deno task fuzz`. */
const INPUTS = 150;
const SEED = Math.floor(Math.random() * 2 ** 31);

for (const target of TARGETS) {
  Deno.test(`runTarget() finds nothing wrong with ${target.name}`, async () => {
    const { inputs, understood, refused } = await runTarget(target, { seed: SEED, inputs: INPUTS });
    assert.equal(inputs, INPUTS);
    assert.equal(understood + refused, INPUTS);
    assert.ok(understood > 0, `no input of seed ${SEED} was understood`);
  });
}
