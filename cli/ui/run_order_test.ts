import assert from "node:assert/strict";
import { readOrder } from "./run_order.ts";

Deno.test("readOrder() reads what to run from the address", () => {
  const read = (text: string) => readOrder(new URLSearchParams(text));
  assert.deepEqual(read(""), {
    isOrdered: false,
    fault: null,
    order: { filter: "kernel", benchmark: true, subgroups: "auto", timeoutMs: 30_000 },
  });
  assert.deepEqual(
    read("run&filter=kernel:mask+kernel:dual&only=suites&subgroups=off&timeout-ms=9"),
    {
      isOrdered: true,
      fault: null,
      order: {
        filter: "kernel:mask kernel:dual",
        benchmark: false,
        subgroups: "off",
        timeoutMs: 9,
      },
    },
  );
  assert.deepEqual(read("run&only=benchmark").order.filter, null);
  assert.deepEqual(read("filter=").order.filter, "");
  for (const text of ["only=suite", "subgroups=on", "timeout-ms=0", "timeout-ms=1e3"]) {
    assert.match(read(text).fault ?? "", /^The address says .*; expected /, text);
  }
});
