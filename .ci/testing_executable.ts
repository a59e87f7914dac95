/** Executables of a script that stands for Deno, each in a folder of its own. */
import { resolve } from "node:path";
import { withFolder } from "../cli/testing_folder.ts";
import { packExecutable } from "./self_extract.ts";
import { type Run, runOf } from "./testing_run.ts";

/** Stands for Deno: shows what it is given, reads standard input, and ends as it is told to. */
const RUNTIME = `#!/bin/sh
case $1 in
  --version) [ ! -e "$HOME/refuse" ] || { echo 'no such library' >&2; exit 1; } ;;
  run)
    for argument do printf '<%s>' "$argument"; done
    cat
    case $argument in exit-*) exit "\${argument#exit-}" ;; esac
    ;;
esac
exit 0
`;
export const SCRIPT = Deno.readTextFileSync(".ci/self_extract.sh");

export interface Place {
  /** Home, with nothing in it; the executable lies in it. */
  readonly home: string;
  /** The folder of the cache that belongs to this executable. */
  readonly cache: string;
  /** Starts it in its own process. */
  readonly spawn: (args?: readonly string[], env?: Record<string, string>) => Deno.ChildProcess;
  /** Starts it, with a text on its standard input. */
  readonly run: (
    args?: readonly string[],
    o?: { readonly env?: Record<string, string>; readonly input?: string },
  ) => Promise<Run>;
  /** Puts a program before the system's of the same name. */
  readonly replace: (program: string, script: string) => void;
  /** Writes the executable again, with its bytes changed. */
  readonly change: (change: (bytes: Uint8Array) => Uint8Array) => void;
}

export function pack(script = SCRIPT): Uint8Array<ArrayBuffer> {
  // What does not compress takes long enough for several starts to meet.
  const ballast = new Uint8Array(1_500_000);
  let state = 1;
  for (let i = 0; i < ballast.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    ballast[i] = state >>> 24;
  }
  return packExecutable({
    script,
    program: new TextEncoder().encode("the program"),
    notices: new TextEncoder().encode("the notices"),
    runtime: new Uint8Array([...new TextEncoder().encode(RUNTIME), ...ballast]),
    version: "1.2.3",
    platform: "test-x64",
  });
}

export const EXECUTABLE = pack();

async function inPlace(
  home: string,
  use: (place: Place) => Promise<void>,
  executable = EXECUTABLE,
): Promise<void> {
  const file = `${home}/headwise`;
  Deno.mkdirSync(`${home}/bin`, { recursive: true });
  Deno.writeFileSync(file, executable);
  const [hash] = /\/([0-9a-f]{32})$/m.exec(new TextDecoder("latin1").decode(executable))!.slice(1);
  const spawn: Place["spawn"] = (args = [], env = {}) =>
    new Deno.Command("sh", {
      args: ["-c", 'PATH="$HOME/bin:${TOOLS:-$PATH}"; exec sh "$@"', "sh", file, ...args],
      env: { HOME: home, XDG_CACHE_HOME: "", HEADWISE_CACHE_DIR: "", DENO_DIR: "", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  await use({
    home,
    cache: `${home}/.cache/headwise/${hash}`,
    spawn,
    run: async (args, o = {}) => {
      const child = spawn(args, o.env);
      const fed = new Response(o.input ?? "").body!.pipeTo(child.stdin).catch(() => {
        // It may end without having read anything.
      });
      const output = await child.output();
      await fed;
      return runOf(output);
    },
    replace: (program, script) =>
      Deno.writeTextFileSync(`${home}/bin/${program}`, `#!/bin/sh\n${script}`, { mode: 0o755 }),
    change: (change) => Deno.writeFileSync(file, change(Deno.readFileSync(file))),
  });
}

/** Tests an executable in a place of its own; there is no such executable for Windows. */
export function testInPlace(
  name: string,
  use: (place: Place) => Promise<void>,
  executable?: () => Uint8Array<ArrayBuffer>,
): void {
  const ignore = Deno.build.os === "windows";
  const test = () =>
    withFolder((folder) => inPlace(resolve(folder, "home of its own"), use, executable?.()));
  Deno.test(`self-extracting: ${name}`, { ignore }, test);
}

/** Names in a folder; none where the folder is not there. */
export function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

export const UNPACKED = ["LICENSES.txt", "deno", "headwise.js"];
