import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { START_FLAGS } from "./program_flags.ts";
import { sbomOfExecutable } from "./sbom.ts";

/** What a self-extracting executable is made of. */
export interface ExecutableParts {
  /** The script that unpacks it, with `@NAME@` where a value belongs. */
  readonly script: string;
  /** The bundled program. */
  readonly program: Uint8Array;
  /** Deno for the platform. */
  readonly runtime: Uint8Array;
  /** What the authors of its parts ask to go with every copy. */
  readonly notices: Uint8Array;
  /** Version of the program. */
  readonly version: string;
  /** What `runtime` runs on, such as `linux-x64`. */
  readonly platform: string;
}

/** Packs an executable for systems with a POSIX shell. The same parts give the same bytes. */
export function packExecutable(parts: ExecutableParts): Uint8Array<ArrayBuffer> {
  const program = gzipSync(parts.program);
  const notices = gzipSync(parts.notices);
  const runtime = gzipSync(parts.runtime);
  const values = {
    VERSION: parts.version,
    PLATFORM: parts.platform,
    HASH: sha256([parts.program, parts.runtime, parts.notices].map(sha256).join("")).slice(0, 32),
    PROGRAM_SHA256: sha256(parts.program),
    RUNTIME_SHA256: sha256(parts.runtime),
    NOTICES_SHA256: sha256(parts.notices),
    PROGRAM_SIZE: program.length,
    NOTICES_SIZE: notices.length,
    ROOM_MB: Math.ceil((parts.program.length + parts.runtime.length) / 1e6),
    RUN_FLAGS: START_FLAGS.map((flag) => `'${flag}'`).join(" "),
  };
  // Positions depend on the script's length, which depends on how long they are when written.
  let script = new Uint8Array();
  for (let length = -1; length !== script.length;) {
    length = script.length;
    const positions = {
      // `tail -c +N` counts from 1.
      PROGRAM_START: length + 1,
      NOTICES_START: length + program.length + 1,
      RUNTIME_START: length + program.length + notices.length + 1,
      SIZE: length + program.length + notices.length + runtime.length,
    };
    script = new TextEncoder().encode(fillIn(parts.script, { ...values, ...positions }));
  }
  return Uint8Array.from(Buffer.concat([script, program, notices, runtime]));
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
  const [folder, runtime, platform, out] = Deno.args as [string, string, string, string];
  const { version } = JSON.parse(Deno.readTextFileSync("deno.json")) as { version: string };
  const parts = {
    script: Deno.readTextFileSync(".ci/self_extract.sh"),
    program: Deno.readFileSync(`${folder}/headwise.js`),
    notices: Deno.readFileSync(`${folder}/LICENSES.txt`),
    runtime: Deno.readFileSync(runtime),
    version,
    platform,
  };
  const executable = packExecutable(parts);
  const sbom = sbomOfExecutable(JSON.parse(Deno.readTextFileSync(`${folder}/headwise.cdx.json`)), {
    platform,
    sha256: sha256(executable),
    denoSha256: sha256(parts.runtime),
  });
  Deno.writeFileSync(out, executable, { mode: 0o755 });
  Deno.writeTextFileSync(`${out}.cdx.json`, `${JSON.stringify(sbom, null, 2)}\n`);
}
