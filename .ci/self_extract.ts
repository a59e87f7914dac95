import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { RUN_FLAGS } from "./program_flags.ts";

/** What a self-extracting executable is made of. */
export interface ExecutableParts {
  /** The script that unpacks it, with `@NAME@` where a value belongs. */
  readonly script: string;
  /** The bundled program. */
  readonly program: Uint8Array;
  /** Deno for the platform. */
  readonly runtime: Uint8Array;
  /** Version of the program. */
  readonly version: string;
  /** What `runtime` runs on, such as `linux-x64`. */
  readonly platform: string;
}

/** Packs an executable for systems with a POSIX shell. The same parts give the same bytes. */
export function packExecutable(parts: ExecutableParts): Uint8Array<ArrayBuffer> {
  const program = gzipSync(parts.program);
  const runtime = gzipSync(parts.runtime);
  const values = {
    VERSION: parts.version,
    PLATFORM: parts.platform,
    HASH: sha256(`${sha256(parts.program)}${sha256(parts.runtime)}`).slice(0, 32),
    PROGRAM_SHA256: sha256(parts.program),
    RUNTIME_SHA256: sha256(parts.runtime),
    PROGRAM_SIZE: program.length,
    ROOM_MB: Math.ceil((parts.program.length + parts.runtime.length) / 1e6),
    RUN_FLAGS: RUN_FLAGS.map((flag) => `'${flag}'`).join(" "),
  };
  // Positions depend on the script's length, which depends on how long they are when written.
  let script = new Uint8Array();
  for (let length = -1; length !== script.length;) {
    length = script.length;
    const positions = {
      // `tail -c +N` counts from 1.
      PROGRAM_START: length + 1,
      RUNTIME_START: length + program.length + 1,
      SIZE: length + program.length + runtime.length,
    };
    script = new TextEncoder().encode(fillIn(parts.script, { ...values, ...positions }));
  }
  const executable = new Uint8Array(script.length + program.length + runtime.length);
  executable.set(script);
  executable.set(program, script.length);
  executable.set(runtime, script.length + program.length);
  return executable;
}

function fillIn(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replaceAll(/@([A-Z][A-Z0-9_]*)@/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`Cannot fill in '${whole}': it has no value`);
    return String(value);
  });
}

function sha256(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex");
}

if (import.meta.main) {
  const [program, runtime, platform, out] = Deno.args as [string, string, string, string];
  const { version } = JSON.parse(Deno.readTextFileSync("deno.json")) as { version: string };
  const executable = packExecutable({
    script: Deno.readTextFileSync(".ci/self_extract.sh"),
    program: Deno.readFileSync(program),
    runtime: Deno.readFileSync(runtime),
    version,
    platform,
  });
  Deno.writeFileSync(out, executable, { mode: 0o755 });
}
