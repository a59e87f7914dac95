/** Opens an adapter by its way in. */
import type { Subject } from "../subject.ts";
import { AdapterFault } from "./adapter_fault.ts";
import { type AdapterCommand, type AdapterLimits, DEFAULT_LIMITS } from "./adapter_process.ts";
import { createAdapterSubject } from "./adapter_subject.ts";
import { type HostKind, hostProgram } from "./hosts/host_program.ts";
import { openSession } from "./session.ts";
import type { SubjectSpec } from "./subject_spec.ts";

/** Where an adapter works, and what it may use up. */
export interface AdapterOptions {
  /** Folder that the scratch folder is made in; `results` by default. */
  readonly scratchParent?: string;
  /** Limits that differ from the default ones. */
  readonly limits?: Partial<AdapterLimits>;
}

/** An adapter that answers. */
export interface OpenAdapter {
  /** The implementation behind it. */
  readonly subject: Subject;
  /** Ends the adapter and removes its scratch folder. */
  readonly close: () => Promise<void>;
}

/** An adapter by its way in. */
export type AdapterSpec = Extract<SubjectSpec, { kind: "exec" } | { kind: "module" | "ffi" }>;

/**
 * Starts an adapter in a process of its own.
 *
 * Needs permission to run the program: the one that `exec:` names, or `deno` itself for `module:`
 * and `ffi:`, whose hosts get no more than they need.
 *
 * @param spec The adapter.
 * @param o Scratch folder and limits.
 * @returns The adapter; close it.
 * @throws {AdapterFault} If it does not start, or does not speak the protocol; also for `module:` and
 *   `ffi:` in an executable of `deno compile`, which holds no Deno that could host them.
 *
 * @example A program that is not there
 * ```ts
 * import { openAdapter } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * const spec = { kind: "ffi", file: "no-such-library.so" } as const;
 * await assert.rejects(openAdapter(spec), { name: "AdapterFault" });
 * ```
 */
export async function openAdapter(spec: AdapterSpec, o: AdapterOptions = {}): Promise<OpenAdapter> {
  if (spec.kind !== "exec" && Deno.build.standalone) {
    const message = `Cannot start "${spec.file}": this executable has no Deno to host it; put it ` +
      "behind 'exec:', or use headwise from npm";
    throw new AdapterFault("crash", message);
  }
  const file = spec.kind === "exec" ? "" : await resolveFile(spec.file);
  const session = await openSession({
    command: (scratchPath) =>
      spec.kind === "exec" ? spec : hostCommand(spec.kind, { file, scratchPath }),
    limits: { ...DEFAULT_LIMITS, ...o.limits },
    scratchParent: o.scratchParent ?? "results",
  });
  return { subject: createAdapterSubject(session), close: session.close };
}

function hostCommand(
  kind: HostKind,
  o: { readonly file: string; readonly scratchPath: string },
): AdapterCommand {
  const host = hostProgram(kind);
  const common = ["run", "--quiet", "--no-prompt"];
  if (kind === "ffi") {
    const allowed = ["ffi", "read"].map((name) => `--allow-${name}=${o.file}`);
    return { program: denoProgram(), args: [...common, ...allowed, ...host.args, o.file] };
  }
  // The host reads modules for its worker, which itself may read the scratch folder alone.
  const folders = [folderOf(o.file), ...host.sourcePaths, Deno.cwd()];
  const args = [
    ...common,
    "--unstable-worker-options",
    `--allow-read=${[o.scratchPath, ...folders].join(",")}`,
    `--allow-write=${o.scratchPath}`,
    ...host.args,
    new URL(`file://${o.file}`).href,
    o.scratchPath,
  ];
  return { program: denoProgram(), args };
}

/** This very program where it may be run by its path, otherwise the one that PATH finds. */
function denoProgram(): string {
  const program = Deno.execPath();
  const { state } = Deno.permissions.querySync({ name: "run", command: program });
  return state === "granted" ? program : "deno";
}

async function resolveFile(file: string): Promise<string> {
  try {
    return await Deno.realPath(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new AdapterFault("crash", `Cannot start "${file}": there is no such file`);
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}
