import assert from "node:assert/strict";
import { type AppendProblem, appendReference, randomAppend } from "../../../kernel/mod.ts";
import { problemOf } from "../../suites/kernel_case.ts";
import type { AppendReply } from "../../subject.ts";
import { commandOf } from "./commands.ts";

/** A step of three slots with these heads. */
function appendOf(queryHeads: number, kvHeads: number): AppendProblem {
  return randomAppend({
    seed: 5,
    shape: { ...problemOf(5, {}).shape, batch: 3, queryHeads, kvHeads },
    queryLengths: [1, 4, 2],
    cachedLengths: [20, 0, 33],
    rotary: { style: "neox", theta: 10_000, rotaryDimensions: 64 },
  });
}

Deno.test("append's result is what was packed, whatever the heads of queries and caches", () => {
  const command = commandOf("append");
  assert.ok(command.part === "kernel");
  for (const [queryHeads, kvHeads] of [[8, 4], [8, 2], [4, 4], [12, 3]] as const) {
    const given = appendOf(queryHeads, kvHeads);
    const reply = appendReference(given);
    const { fields } = command.pack(given);
    const packed = command.packResult(reply, fields);
    const found = command.unpackResult(packed.fields, packed.tensors!, [given]) as AppendReply;
    for (const name of ["query", "keys", "values", "droppedWrites"] as const) {
      assert.deepEqual(found[name], reply[name], `${name} of ${queryHeads} and ${kvHeads} heads`);
    }
    const cut = new Map(packed.tensors);
    const { data, ...query } = cut.get("query")!;
    const shape = [query.shape[0]! - query.shape.at(-1)!, ...query.shape.slice(1)];
    cut.set("query", { ...query, shape, data: data.slice(query.shape.at(-1)!) });
    assert.throws(() => command.unpackResult(packed.fields, cut, [given]), /query/);
  }
});
