import { cleanText } from "../fixtures/foreign_text.ts";
import { runCli } from "./app.ts";
import { createSystemContext } from "./terminal/mod.ts";
import { EXIT } from "./exit_code.ts";
import { describeFault } from "./fault.ts";
import { KNOWN_VARIABLES, SECRET_VARIABLES } from "./settings/mod.ts";

const interrupt = new AbortController();
// SIGTERM is what timeout, Slurm and Kubernetes send; Windows has none.
for (const signal of ["SIGINT", ...(Deno.build.os === "windows" ? [] : ["SIGTERM"])] as const) {
  Deno.addSignalListener(signal as Deno.Signal, () => {
    // The first one lets the command end in order, the second one ends the process.
    if (interrupt.signal.aborted) Deno.exit(EXIT.interrupted);
    interrupt.abort();
  });
}

Deno.exit(await main());

async function main(): Promise<number> {
  try {
    const { signal } = interrupt;
    const context = createSystemContext({ variables: KNOWN_VARIABLES, signal });
    // Programs that are started inherit the environment, and none has to do with a secret.
    for (const name of SECRET_VARIABLES) Deno.env.delete(name);
    // Mesa's drivers complain on standard error, once a device, where this variable is missing.
    // 'doctor' reports it, so the context keeps what was really set.
    if (Deno.build.os === "linux" && context.process.env["XDG_RUNTIME_DIR"] === undefined) {
      Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
    }
    return await runCli(Deno.args, context);
  } catch (error) {
    // Only what precedes the commands ends here, such as a variable that may not be read.
    const { text, exitCode } = describeFault(error);
    try {
      Deno.stderr.writeSync(new TextEncoder().encode(`${cleanText(text)}\n`));
    } catch {
      // No one is left to be told; the exit code still tells.
    }
    return exitCode;
  }
}
