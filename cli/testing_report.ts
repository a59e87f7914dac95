import assert from "node:assert/strict";
import { capture } from "./testing_context.ts";

/** A small run, and its report: the rows that it prints, which are those of its file. */
export async function reportOf(...args: string[]): Promise<string> {
  const out = `results/report_test_${crypto.randomUUID()}.jsonl`;
  const run = ["conformance", "--subject", "oracle", "--filter", "allocator:availability"];
  const { stdout } = await capture([...run, "--json", "--out", out, ...args]);
  const file = await Deno.readTextFile(out);
  await Deno.remove(out);
  assert.equal(file, stdout);
  return file;
}
