/**
 * The program, with a Ctrl-C that is pressed when something is written to standard input. A signal
 * from outside would reach the launcher where `deno` is one, and not the program behind it.
 */
async function pressWhenWritten(): Promise<void> {
  const { done } = await Deno.stdin.readable.getReader().read();
  if (!done) Deno.kill(Deno.pid, "SIGINT");
}

void pressWhenWritten();
await import("./main.ts");
