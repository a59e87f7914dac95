/**
 * The program, which sends itself the signal whose name is written to standard input. A signal
 * from outside would reach the launcher where `deno` is one, and not the program behind it.
 */
async function sendWhenWritten(): Promise<void> {
  const { value } = await Deno.stdin.readable.getReader().read();
  if (value !== undefined) Deno.kill(Deno.pid, new TextDecoder().decode(value) as Deno.Signal);
}

void sendWhenWritten();
await import("./main.ts");
