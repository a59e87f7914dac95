import assert from "node:assert/strict";
import { z } from "zod";
import type { AllocatorSubject } from "../../subject.ts";
import { partCommand, withoutUndefined } from "./command.ts";
import { COMMAND_NAMES, commandOf } from "./commands.ts";

Deno.test("partCommand() sends the one argument as it is, and the value as it comes", () => {
  const command = partCommand<AllocatorSubject["release"]>("allocator")({
    about: "",
    request: { slot: z.number() },
    result: z.number(),
  });
  const { fields } = command.pack({ slot: 3 });
  assert.deepEqual(fields, { slot: 3 });
  assert.deepEqual(command.unpack({ slot: 3 }, new Map()), [{ slot: 3 }]);
  assert.deepEqual(command.packResult(7, { slot: 3 }), { fields: 7 });
  assert.equal(command.unpackResult(7, new Map(), [{ slot: 3 }]), 7);
  assert.equal(command.answers, "reply");
});

Deno.test("commandOf() gives commands without an argument an empty request", () => {
  const named = COMMAND_NAMES.filter((name) => Object.keys(commandOf(name).request).length === 0);
  assert.deepEqual(named, ["capabilities", "shutdown", "beginStep", "snapshot"]);
  for (const name of named) {
    const command = commandOf(name);
    if (command.part !== "conversation") assert.deepEqual(command.pack(), { fields: {} });
  }
});

Deno.test("withoutUndefined() drops what is undefined and keeps null", () => {
  assert.deepEqual(Object.keys(withoutUndefined({ a: undefined, b: null, c: 0 })), ["b", "c"]);
});
