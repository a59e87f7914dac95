import assert from "node:assert/strict";
import { readOrder } from "./run_order.ts";

Deno.test("readOrder() reads what to run from the address", () => {
  const read = (text: string) => readOrder(new URLSearchParams(text));
  assert.deepEqual(read(""), {
    isOrdered: false,
    order: { filter: "kernel", benchmark: true, subgroups: "auto" },
  });
  assert.deepEqual(read("run&filter=kernel:mask+kernel:dual&only=suites&subgroups=off"), {
    isOrdered: true,
    order: { filter: "kernel:mask kernel:dual", benchmark: false, subgroups: "off" },
  });
  assert.deepEqual(read("run&only=benchmark").order.filter, null);
  assert.deepEqual(read("filter=").order.filter, "");
});
