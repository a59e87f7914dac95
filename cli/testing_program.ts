import assert from "node:assert/strict";

/** A run of the program in a process of its own. */
export interface RunningProgram {
  /** Waits for a text on a stream, and forgets what stood there up to its end. */
  readonly expect: (stream: "stdout" | "stderr", pattern: RegExp) => Promise<void>;
  /** Waits for the end, and gives the exit code. */
  readonly end: () => Promise<number>;
  /** Sends a signal, by default that of Ctrl-C, waits for the end, and gives the exit code. */
  readonly interrupt: (signal?: "SIGINT" | "SIGTERM") => Promise<number>;
}

/**
 * Starts the program.
 *
 * @param o JavaScript that is run in the process before the program.
 */
export function startProgram(
  args: readonly string[],
  o: { readonly before?: string } = {},
): RunningProgram {
  const permissions = ["--allow-read=.", "--allow-write=results", "--allow-env", "--allow-run"];
  const preload = o.before === undefined
    ? []
    : [`--preload=data:text/javascript,${encodeURIComponent(o.before)}`];
  const program = [...preload, "cli/testing_main.ts", ...args];
  const process = new Deno.Command("deno", {
    args: ["run", "--quiet", "--no-prompt", ...permissions, ...program],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const text = { stdout: "", stderr: "" };
  const collect = async (name: "stdout" | "stderr"): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const part of process[name]) text[name] += decoder.decode(part, { stream: true });
  };
  const read = Promise.all([collect("stdout"), collect("stderr")]);
  const codeOf = async (): Promise<number> => {
    const { code } = await process.status;
    await read;
    return code;
  };
  return {
    expect: async (name, pattern) => {
      for (const deadlineMs = performance.now() + 60_000; performance.now() < deadlineMs;) {
        const found = pattern.exec(text[name]);
        if (found !== null) {
          text[name] = text[name].slice(found.index + found[0].length);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      process.kill("SIGKILL");
      assert.fail(`Never printed ${pattern}, only: ${text[name]}`);
    },
    end: async () => {
      await process.stdin.close();
      return await codeOf();
    },
    interrupt: async (signal = "SIGINT") => {
      const writer = process.stdin.getWriter();
      await writer.write(new TextEncoder().encode(signal));
      await writer.close();
      return await codeOf();
    },
  };
}
