import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import { parseArgs } from "node:util";
import { type Platform, PLATFORMS, thisPlatform } from "./platforms.ts";
import { PERMISSIONS } from "./program_flags.ts";
import { sbomOfExecutable } from "./sbom.ts";

const FOLDER = "dist";
const SBOM_ENDING = ".cdx.json";
const PROGRAM = `${FOLDER}/headwise.js`;
const USAGE =
  `Usage: deno task compile [--target NAME] [--self-extract [--runtime FILE]] [--out FILE]

Writes one executable, by default 'dist/headwise' for this machine, or 'dist/headwise-NAME', and its
bill of materials beside it, with '.cdx.json' after its name.

  --target NAME   ${PLATFORMS.map(({ name }) => name).join(", ")}
  --self-extract  pack the installed Deno and unpack it at the first start, in place of
                  'deno compile', which downloads its base runtime or takes it from DENORT_BIN
  --runtime FILE  pack this Deno; needed where the target is another platform
  --out FILE      where to write, below 'dist' or 'results'
`;

/** Exit codes: of a build that failed, the command line, and a base runtime that cannot be had. */
const EXIT = { failed: 1, usage: 2, unavailable: 69 } as const;

/** What to build. */
export interface CompilePlan {
  /** Platform that the executable is for. */
  readonly platform: Platform;
  /** The Deno to pack; null where `deno compile` builds the executable. */
  readonly runtime: string | null;
  /** Path of the executable. */
  readonly out: string;
}

/** What stops a build, with the fix, and the exit code that it ends with. */
export class CompileError extends Error {
  /** What the process ends with. */
  readonly exitCode: number;
  /** Makes the error from its text and exit code. */
  constructor(message: string, exitCode: number) {
    super(message);
    this.name = "CompileError";
    this.exitCode = exitCode;
  }
}

/** Reads the command line. */
export function planOf(
  args: readonly string[],
  here: { readonly platform: Platform | undefined; readonly runtime: string },
): CompilePlan {
  const { values: given } = parseFlags(args);
  const platform = given.target === undefined
    ? here.platform
    : PLATFORMS.find(({ name, target }) => given.target === name || given.target === target);
  const names = PLATFORMS.map(({ name }) => name).join(", ");
  if (platform === undefined) {
    const what = given.target === undefined ? "this machine" : `'${given.target}'`;
    throw usage(`Cannot build for ${what}: give --target one of ${names}`);
  }
  const selfExtract = given["self-extract"] === true;
  if (given.runtime !== undefined && !selfExtract) {
    throw usage("Cannot use --runtime without --self-extract; 'deno compile' takes DENORT_BIN");
  }
  if (selfExtract && platform.ending === ".exe") {
    throw usage("Cannot build a self-extracting executable for Windows: leave out --self-extract");
  }
  if (selfExtract && given.runtime === undefined && platform !== here.platform) {
    throw usage(
      `Cannot pack this machine's Deno for ${platform.name}: give --runtime the file 'deno' of ` +
        `npm's '${platform.npmPackage}'`,
    );
  }
  const suffix = given.target === undefined ? "" : `-${platform.name}`;
  return {
    platform,
    runtime: selfExtract ? given.runtime ?? here.runtime : null,
    out: given.out ?? `dist/headwise${suffix}${platform.ending}`,
  };
}

/** The arguments of `deno` that write it to a path. */
export function denoArguments(plan: CompilePlan, path: string): string[] {
  if (plan.runtime !== null) {
    return [
      "run",
      "--no-prompt",
      `--allow-read=.,${plan.runtime}`,
      `--allow-write=${dirname(path)}`,
      ".ci/self_extract.ts",
      FOLDER,
      plan.runtime,
      plan.platform.name,
      path,
    ];
  }
  return [
    "compile",
    "--quiet",
    "--no-check",
    "--no-config",
    "--no-lock",
    `--target=${plan.platform.target}`,
    `--output=${path}`,
    "--app-name=headwise",
    "--unstable-webgpu",
    // No --no-prompt: an executable has no flags for permissions, so a person is asked for others.
    ...PERMISSIONS,
    `--include=${FOLDER}/LICENSES.txt`,
    PROGRAM,
  ];
}

/** What to say of a `deno compile` that failed. */
export function describeFailure(stderr: string, platform: Platform): CompileError {
  const [said = ""] = stderr.split("\n\nStack backtrace:");
  const [, reason] = /Setting up base binary\.\s+1: (.*)|(Could not find denort .*)/.exec(said)
    ?.filter((each) => each !== undefined) ?? [];
  if (reason === undefined) {
    return new CompileError(`Cannot compile: ${said.trim().replace(/^error: /, "")}`, EXIT.failed);
  }
  const ways = [
    `set DENORT_BIN to a 'denort' of Deno ${Deno.version.deno} for ${platform.name}`,
    ...(platform.ending === ".exe" ? [] : ["add --self-extract, which packs a whole Deno"]),
  ];
  const message = `Cannot get the base runtime of 'deno compile': ${reason}; ${ways.join(", or ")}`;
  return new CompileError(message, EXIT.unavailable);
}

/** Builds beside the place, and moves there what is whole. */
async function build(plan: CompilePlan): Promise<void> {
  const folder = Deno.makeTempDirSync({ dir: dirname(plan.out), prefix: "unfinished-" });
  try {
    const path = `${folder}/${basename(plan.out)}`;
    const command = new Deno.Command("deno", {
      args: denoArguments(plan, path),
      env: { NO_COLOR: "1" },
      stderr: "piped",
    });
    const { success, stderr } = await command.output();
    if (!success) throw describeFailure(new TextDecoder().decode(stderr), plan.platform);
    if (plan.runtime === null) writeSbom(path, plan.platform);
    for (const ending of ["", SBOM_ENDING]) Deno.renameSync(path + ending, plan.out + ending);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Of the base runtime no more is known than its version: it is Deno without its tools. */
function writeSbom(path: string, platform: Platform): void {
  const bundle = JSON.parse(Deno.readTextFileSync(`${FOLDER}/headwise.cdx.json`));
  const sha256 = createHash("sha256").update(Deno.readFileSync(path)).digest("hex");
  const sbom = sbomOfExecutable(bundle, { platform: platform.name, sha256, denoSha256: null });
  Deno.writeTextFileSync(path + SBOM_ENDING, `${JSON.stringify(sbom, null, 2)}\n`);
}

function parseFlags(args: readonly string[]): {
  values: { target?: string; "self-extract"?: boolean; runtime?: string; out?: string };
} {
  const text = { type: "string" } as const;
  const options = {
    target: text,
    "self-extract": { type: "boolean" },
    runtime: text,
    out: text,
  } as const;
  try {
    return parseArgs({ args: [...args], options });
  } catch (error) {
    throw error instanceof TypeError ? usage(error.message) : error;
  }
}

function usage(message: string): CompileError {
  return new CompileError(message, EXIT.usage);
}

if (import.meta.main) {
  const write = (stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void =>
    void stream.writeSync(new TextEncoder().encode(text));
  if (Deno.args.includes("--help")) {
    write(Deno.stdout, USAGE);
  } else {
    try {
      const here = { platform: thisPlatform(), runtime: Deno.execPath() };
      const plan = planOf(Deno.args, here);
      await build(plan);
      write(Deno.stdout, `${plan.out} runs on ${plan.platform.name}\n`);
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      write(Deno.stderr, `${error.message}\n${error.exitCode === EXIT.usage ? `\n${USAGE}` : ""}`);
      Deno.exit(error.exitCode);
    }
  }
}
