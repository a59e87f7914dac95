import assert from "node:assert/strict";
import { collectBatches } from "./collect_batches.ts";
import { tinyWorkload } from "./test_support.ts";

Deno.test("collectBatches() keeps steps of a replay with full heads", async () => {
  const requests = {
    kind: "list",
    list: [
      { arrivalMs: 0, inputTokens: 100, outputTokens: 4 },
      { arrivalMs: 0, inputTokens: 30, outputTokens: 6 },
    ],
  } as const;
  const { steps, model, workload } = await collectBatches(tinyWorkload({ requests }), { steps: 9 });
  assert.equal(workload, "tiny");
  assert.equal(model.layers, 2);
  const tokens = steps.flatMap(({ queries }) => queries).reduce((sum, query) => sum + query, 0);
  // Every prompt token once, and every output token but the last of each request.
  assert.equal(tokens, 130 + 3 + 5);
});
