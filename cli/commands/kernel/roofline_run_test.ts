import assert from "node:assert/strict";
import { capture } from "../../testing_context.ts";

Deno.test("kernel roofline exits 4 and names the file when it is no kernel result", async () => {
  const files = { "a.json": '{"kind":"headwise/bench-result","schemaVersion":1}', "b.json": "{" };
  const other = await capture(["kernel", "roofline", "a.json"], { files });
  assert.equal(other.exitCode, 4);
  assert.match(
    other.stderr,
    /^Cannot read the result 'a\.json:\d+:\d+': "kind": expected "headwise\/kernel-result"/,
  );
  const broken = await capture(["kernel", "roofline", "b.json"], { files });
  assert.match(broken.stderr, /'b\.json:1:2': it is not JSON/);
  assert.equal((await capture(["kernel", "roofline", "no.json"])).exitCode, 4);
});
