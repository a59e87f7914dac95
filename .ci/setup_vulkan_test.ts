import assert from "node:assert/strict";
import { planSetup } from "./setup_vulkan.ts";

const BARE = { vulkanAnswers: false, hasAptGet: true, isRoot: true };

Deno.test("planSetup() does nothing when a Vulkan device answers", () => {
  assert.equal(planSetup({ ...BARE, vulkanAnswers: true }).kind, "nothing");
});

Deno.test("planSetup() updates, then installs the loader and the driver when it may", () => {
  const plan = planSetup(BARE);
  assert.ok(plan.kind === "install");
  assert.deepEqual(plan.commands.map((command) => command.slice(0, 2).join(" ")), [
    "apt-get update",
    "apt-get install",
  ]);
  assert.deepEqual(plan.commands[1]!.slice(-2), ["libvulkan1", "mesa-vulkan-drivers"]);
});

Deno.test("planSetup() names the command to run when the user is not root", () => {
  const plan = planSetup({ ...BARE, isRoot: false });
  assert.equal(plan.kind, "refuse");
  assert.match(plan.message, /sudo apt-get install -y .*libvulkan1 mesa-vulkan-drivers$/);
});

Deno.test("planSetup() refuses where there is no apt-get", () => {
  assert.equal(planSetup({ ...BARE, hasAptGet: false }).kind, "refuse");
});
