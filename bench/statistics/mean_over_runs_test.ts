import assert from "node:assert/strict";
import { meanOverRuns } from "./mean_over_runs.ts";

const runs = (...values: (number | null)[]) => values.map((value) => ({ performance: { value } }));
const read = ({ value }: { readonly value: number | null }) => value;

Deno.test("meanOverRuns() is null as soon as one run has no value", () => {
  assert.equal(meanOverRuns(runs(1, 2, 6), read), 3);
  assert.equal(meanOverRuns(runs(1, null), read), null);
  assert.equal(meanOverRuns([...runs(1), { performance: null }], read), null);
  assert.equal(meanOverRuns(runs(1), () => undefined), null);
  assert.equal(meanOverRuns(runs(), read), null);
});
