import { SECRET_VARIABLES } from "./settings/mod.ts";
import assert from "node:assert/strict";
import { startProgram } from "./testing_program.ts";

Deno.test("the program keeps secrets out of the environment that other programs inherit", async () => {
  assert.deepEqual(SECRET_VARIABLES, ["HEADWISE_ENDPOINT_TOKEN", "HEADWISE_AGAINST_TOKEN"]);
  const names = JSON.stringify(SECRET_VARIABLES);
  const before = `
    for (const name of ${names}) Deno.env.set(name, "hush-hush-hush");
    const left = () => ${names}.filter((name) => Deno.env.has(name)).length;
    addEventListener("unload", () => console.error(\`left \${left()} at the end\`));
    console.error(\`left \${left()} at the start\`);
  `;
  const program = startProgram(["--version"], { before });
  await program.expect("stderr", /left 2 at the start/);
  await program.expect("stderr", /left 0 at the end/);
  assert.equal(await program.end(), 0);
});

Deno.test("the program cleans what it says before a command begins", async () => {
  const before = `
    const get = Deno.env.get.bind(Deno.env);
    Deno.env.get = (name) => {
      if (name.startsWith("HEADWISE_")) throw new TypeError("a\\x9b2J\\u202eb");
      return get(name);
    };
  `;
  const program = startProgram(["--version"], { before });
  await program.expect("stderr", /fault of headwise itself: TypeError: a\\u009b2J\\u202eb/);
  assert.equal(await program.end(), 70);
});
