#!/usr/bin/env node
// Runs headwise with the Deno that npm installed beside it, and with no more permissions than it needs.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";

const EXIT_UNAVAILABLE = 69;

/** Path of Deno's executable; npm's package of it knows the platform's. */
function findDeno() {
  try {
    return createRequire(import.meta.url)("deno/install_api.cjs").runInstall();
  } catch (error) {
    process.stderr.write(
      `headwise: Cannot find Deno for ${process.platform} ${process.arch}: ${error.message}\n` +
        "Install headwise again with its optional dependencies, such as 'npm install headwise " +
        "--include=optional'\n",
    );
    process.exit(EXIT_UNAVAILABLE);
  }
}

/** Permissions that come first are Deno's; the program follows the last one of them. */
function split(given) {
  const first = given.findIndex((argument) => !/^--(?:allow|deny)-[^=]*=/.test(argument));
  const end = first < 0 ? given.length : first;
  return { permissions: given.slice(0, end), rest: given.slice(end) };
}

const deno = findDeno();
const flags = JSON.parse(readFileSync(new URL("run_flags.json", import.meta.url), "utf8"));
const program = fileURLToPath(new URL("headwise.js", import.meta.url));
const { permissions, rest } = split(process.argv.slice(2));
const args = ["run", ...flags, `--allow-run=${deno}`, ...permissions, program, ...rest];
const child = spawn(deno, args, {
  stdio: "inherit",
  env: { ...process.env, DENO_NO_UPDATE_CHECK: "1" },
});

// A terminal sends Ctrl-C to both processes, and headwise takes a second one for 'at once'.
const atTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
for (const signal of signals) {
  process.on(signal, () => {
    if (signal !== "SIGINT" || !atTerminal) child.kill(signal);
  });
}
child.on("error", (error) => {
  process.stderr.write(`headwise: Cannot run '${deno}': ${error.message}\n`);
  process.exit(EXIT_UNAVAILABLE);
});
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  // Ends as it did.
  for (const each of signals) process.removeAllListeners(each);
  process.kill(process.pid, signal);
});
