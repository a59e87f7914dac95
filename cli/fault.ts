import { EXIT } from "./exit_code.ts";
import { SettingError } from "./settings/mod.ts";
import { describeSystemFault } from "./system_fault.ts";

/** What a person is reported an error, and how the process ends. */
export interface Fault {
  /** One or more lines, without colours. */
  readonly text: string;
  /** One of {@link EXIT}. */
  readonly exitCode: number;
}

/** Errors of the project that mean a fault in what was given, by class name. */
const INPUT_ERRORS = new Set([
  "AdapterFault",
  "BenchError",
  "DumpError",
  "FileRefusal",
  "FixtureError",
  "GpuError",
  "HeadMapError",
  "MissingDevice",
  "OutputExists",
  "RegressionError",
  "ReportError",
  "ResultError",
  "SkeletonError",
  "TensorParallelError",
]);

/** Errors of the project that mean a fault in the command line, by class name. */
const USAGE_ERRORS = new Set([
  "ExpectationError",
  "QueryError",
  "RegistryError",
  "ShardError",
]);

/**
 * Turns an error into words and an exit code. Errors that name their fix are shown as they are; a
 * missing permission and a missing file get theirs here; anything else is a fault of the tool and
 * keeps its stack.
 *
 * Classes are told apart by name, so that the kernel need not be loaded to report an error.
 */
export function describeFault(error: unknown): Fault {
  if (error instanceof SettingError) {
    const exitCode = error.origin.kind === "file" ? EXIT.input : EXIT.usage;
    // A default was given by no one: the message alone says what is missing.
    const giver = error.origin.kind === "default" ? "" : `${error.origin.text}: `;
    return { text: `${giver}${error.message}`, exitCode };
  }
  if (error instanceof Deno.errors.NotCapable) {
    return { text: describeMissingPermission(error.message), exitCode: EXIT.input };
  }
  const system = describeSystemFault(error);
  if (system !== null) return { text: system, exitCode: EXIT.input };
  if (wasStopped(error)) return { text: "Stopped", exitCode: EXIT.interrupted };
  if (error instanceof Error && INPUT_ERRORS.has(error.name)) {
    return { text: error.message, exitCode: EXIT.input };
  }
  if (error instanceof Error && USAGE_ERRORS.has(error.name)) {
    return { text: error.message, exitCode: EXIT.usage };
  }
  const detail = error instanceof Error ? error.stack ?? error.message : String(error);
  return { text: `This is a fault of headwise itself: ${detail}`, exitCode: EXIT.internal };
}

function wasStopped(error: unknown): boolean {
  return error instanceof Error &&
    (error.name === "AbortError" || "code" in error && error.code === "bench/aborted");
}

/** Where the program is started from, which decides what it may do and how that is changed. */
type Place = "checkout" | "bundle" | "executable";

interface Bounds {
  /** Who is given the permissions. */
  readonly holder: string;
  readonly readable: string;
  readonly writable: string;
  /** How a permission is added, given its flag. */
  readonly add: (flag: string) => string;
}

const FOLDER = {
  holder: "headwise",
  readable: "what is below the current folder",
  writable: "'results'",
};

const BOUNDS: Readonly<Record<Place, Bounds>> = {
  checkout: {
    holder: "the tasks",
    readable: "the checkout and its parent folder",
    writable: "'results' and 'docs/results'",
    add: (flag) => `run: deno run ${flag} … (the other permissions of the task are in 'deno.json')`,
  },
  bundle: { ...FOLDER, add: (flag) => `run: headwise ${flag} …` },
  executable: { ...FOLDER, add: (flag) => `run headwise from npm, which can be given ${flag}` },
};

const PLACE: Place = Deno.build.standalone
  ? "executable"
  : import.meta.url.endsWith("/cli/fault.ts")
  ? "checkout"
  : "bundle";

/**
 * Says what a missing permission keeps the program from, and how to continue.
 *
 * @param place Where the program is started from; by default, where this one is.
 */
export function describeMissingPermission(message: string, place: Place = PLACE): string {
  const linker = /spawn subprocess with ((?:LD|DYLD)_\w+)/.exec(message);
  if (linker !== null) {
    // Deno passes what the dynamic linker reads only to programs that may be any program.
    const { holder, add } = BOUNDS[place];
    return `Cannot start another program while ${linker[1]} is set: ${holder} may start some ` +
      `programs, and only who may start all passes it on; unset ${linker[1]}, or ${
        add("--allow-run")
      }`;
  }
  const found = /Requires (\w+) access to (?:"([^"]*)"|<?(\w+))/.exec(message);
  if (found === null) return message;
  const [, kind, quoted] = found;
  const path = quoted ?? found[3] ?? "";
  const { holder, readable, writable, add } = BOUNDS[place];
  const addition = add(`--allow-${kind}=${path}`);
  if (kind === "read") {
    return `Cannot read '${path}': ${holder} may read only ${readable}; move the file there, or ` +
      addition;
  }
  if (kind === "write") {
    return `Cannot write '${path}': ${holder} may write only below ${writable}; name a path ` +
      `there, or ${addition}`;
  }
  return `Cannot use '${path}': ${holder} may not, without the '${kind}' permission; ${addition}`;
}
