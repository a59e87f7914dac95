import { ExitCode } from "@stricli/core";
import assert from "node:assert/strict";
import { EXIT, mapParserExitCode } from "./exit_code.ts";

Deno.test("mapParserExitCode() gives 2 when the command line is at fault", () => {
  assert.equal(mapParserExitCode(ExitCode.UnknownCommand), EXIT.usage);
  assert.equal(mapParserExitCode(ExitCode.InvalidArgument), EXIT.usage);
});

Deno.test("mapParserExitCode() gives 70 when the tool is at fault", () => {
  for (const code of [-1, ExitCode.CommandLoadError, ExitCode.ContextLoadError, -10]) {
    assert.equal(mapParserExitCode(code), EXIT.internal);
  }
});

Deno.test("mapParserExitCode() keeps every code of a command", () => {
  for (const code of Object.values(EXIT)) assert.equal(mapParserExitCode(code), code);
});
