/** One running adapter: a child process that answers one line with one line. */
import { adapterError, AdapterFault } from "./adapter_fault.ts";
import { createLineReader } from "./line_reader.ts";
import { keepTail } from "./output_tail.ts";

/** Program and arguments of an adapter. */
export interface AdapterCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What an adapter may use up. */
export interface AdapterLimits {
  /** Longest time of one request, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** Longest time from start to the answer of `hello`, in milliseconds. */
  readonly startTimeoutMs: number;
  /** Longest line, in bytes. */
  readonly maxLineBytes: number;
  /** Most bytes on standard error, from start to end. */
  readonly maxStderrBytes: number;
  /** Largest tensor file, in bytes. */
  readonly maxFileBytes: number;
  /** Faults of one command in a row after which it is not sent again. */
  readonly maxFaultsInRow: number;
  /** The same for requests that were not answered in time, which cost more. */
  readonly maxTimeoutsInRow: number;
}

/** Limits of a run that sets none. */
export const DEFAULT_LIMITS: AdapterLimits = {
  requestTimeoutMs: 10_000,
  startTimeoutMs: 30_000,
  maxLineBytes: 1 << 20,
  maxStderrBytes: 8 << 20,
  maxFileBytes: 256 << 20,
  maxFaultsInRow: 20,
  maxTimeoutsInRow: 3,
};

export interface AdapterProcess {
  /**
   * Sends a line and waits for one; a fault of any kind ends the process. Lines may be sent before those
   * before them are answered: answers come in their order, and each has its time from its turn on.
   */
  readonly exchange: (line: string, timeoutMs: number) => Promise<string>;
  /** Ends the process, whatever state it is in. */
  readonly kill: () => Promise<void>;
}

/** The secrets that this tool is given; no adapter has to do with them. */
const WITHOUT_TOKENS = { HEADWISE_ENDPOINT_TOKEN: "", HEADWISE_AGAINST_TOKEN: "" };
const KEPT_STDERR_BYTES = 4096;
const SHOWN_STDERR_LINES = 4;
const EXIT_GRACE_MS = 1000;

/**
 * Starts an adapter.
 *
 * @param command Program and arguments; the environment and the folder are this process's own, but
 *   for its own variables, for colours, which have no place in a message, and tokens.
 * @throws {AdapterFault} `crash` if the program cannot be started.
 */
export function startAdapter(command: AdapterCommand, limits: AdapterLimits): AdapterProcess {
  const child = spawn(command);
  const lines = createLineReader(child.stdout, limits);
  const input = child.stdin.getWriter();
  // A writer whose pipe breaks says so in `exchange`; its own promise has no listener otherwise.
  input.closed.catch(() => {});
  const flooded = Promise.withResolvers<never>();
  flooded.promise.catch(() => {});
  const tail = keepTail(child.stderr, {
    keepBytes: KEPT_STDERR_BYTES,
    maxBytes: limits.maxStderrBytes,
    onFlood: () =>
      flooded.reject(
        adapterError(
          `The adapter wrote more than ${limits.maxStderrBytes} bytes to standard error`,
        ),
      ),
  });
  let killing: Promise<void> | null = null;

  const kill = (): Promise<void> => killing ??= end();
  const end = async (): Promise<void> => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await Promise.allSettled([input.abort(), lines.cancel(), tail.cancel(), child.status]);
  };

  const withStderr = (fault: AdapterFault): AdapterFault => {
    const shown = tail.text().trimEnd().split("\n").slice(-SHOWN_STDERR_LINES).join("\n");
    return shown === ""
      ? fault
      : new AdapterFault(fault.verdict, `${fault.message}; standard error ends with:\n${shown}`);
  };

  const ended = async (): Promise<AdapterFault> => {
    const status = await within(child.status, EXIT_GRACE_MS);
    if (status === null) {
      return adapterError("The adapter closed its output but did not end");
    }
    const how = status.signal === null ? `exit code ${status.code}` : `signal ${status.signal}`;
    return new AdapterFault("crash", `The adapter ended with ${how} before it answered`);
  };

  let turn: Promise<void> = Promise.resolve();
  let fault: unknown = null;

  const exchange = async (line: string, timeoutMs: number): Promise<string> => {
    // A write fails only where no one reads any more; the end of the output then says why.
    const written = input.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
    const before = turn;
    const answered = Promise.withResolvers<void>();
    turn = answered.promise;
    await before;
    try {
      // Nothing is to be heard of what was asked behind a fault.
      if (fault !== null) throw fault;
      return await hear(written, timeoutMs);
    } catch (error) {
      fault = error;
      throw error;
    } finally {
      answered.resolve();
    }
  };

  const hear = async (written: Promise<void>, timeoutMs: number): Promise<string> => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() =>
      late.reject(
        new AdapterFault("timeout", `The adapter did not answer within ${timeoutMs} ms`),
      ), timeoutMs);
    const talk = async (): Promise<string> => {
      await written;
      const answer = await lines.next();
      if (answer === null) throw await ended();
      return answer;
    };
    try {
      return await Promise.race([talk(), late.promise, flooded.promise]);
    } catch (error) {
      await kill();
      throw error instanceof AdapterFault ? withStderr(error) : error;
    } finally {
      clearTimeout(timer);
    }
  };
  return { exchange, kill };
}

function spawn(command: AdapterCommand): Deno.ChildProcess {
  try {
    return new Deno.Command(command.program, {
      args: [...command.args],
      env: { ...command.env, NO_COLOR: "1", ...WITHOUT_TOKENS },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    // A missing permission is a matter of this process, and its message names the flag.
    if (error instanceof Deno.errors.NotCapable) throw error;
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such program; give its path, or install it"
      : error instanceof Error
      ? error.message
      : String(error);
    throw new AdapterFault("crash", `Cannot start "${command.program}": ${reason}`);
  }
}

async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), timeoutMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
