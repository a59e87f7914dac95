import assert from "node:assert/strict";
import { listTests, parseQuery } from "../../../conformance/mod.ts";
import { requireCases } from "./require_cases.ts";
import { SettingError } from "../../settings/setting.ts";

const O = { tests: listTests(), origin: { kind: "flag", text: "--filter" } } as const;

Deno.test("requireCases() accepts queries that match, and none at all", () => {
  requireCases([], O);
  requireCases([parseQuery("allocator"), parseQuery("kernel:attend")], O);
});

Deno.test("requireCases() refuses a query that matches nothing, even beside one that does", () => {
  const refuse = () => requireCases([parseQuery("allocator"), parseQuery("kernel:atend")], O);
  assert.throws(refuse, (error) => {
    assert.ok(error instanceof SettingError);
    assert.equal(error.message, "No case matches 'kernel:atend'; did you mean 'kernel:attend'?");
    return true;
  });
});
