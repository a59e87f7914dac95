import { DENO_VERSION } from "../version.ts";
import type { Probe } from "./probe.ts";

/** A machine that a test makes up; whatever it leaves out is allowed, and not there. */
export interface MadeUpMachine {
  readonly os?: string;
  readonly denoVersion?: string;
  /** Variables by name; null for one that the process may not read. */
  readonly variables?: Readonly<Record<string, string | null>>;
  /** Files and folders that are there. */
  readonly paths?: readonly string[];
  /** Output of programs by name. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Permissions that lack, such as `run:python3` or `write:results`. */
  readonly denied?: readonly string[];
  /** Why a folder cannot be written, by folder. */
  readonly unwritable?: Readonly<Record<string, string>>;
}

/** Makes a probe of a made-up machine. */
export function madeUpProbe(machine: MadeUpMachine = {}): Probe {
  return {
    os: machine.os ?? "linux",
    denoVersion: machine.denoVersion ?? DENO_VERSION,
    isGranted: (permission) => {
      const subject = "path" in permission
        ? permission.path
        : "command" in permission
        ? permission.command
        : "host" in permission
        ? permission.host
        : "";
      return Promise.resolve(!machine.denied?.includes(`${permission.name}:${subject ?? ""}`));
    },
    variable: (name) => {
      const value = machine.variables?.[name];
      return Promise.resolve(
        value === null
          ? { kind: "unknown" }
          : value === undefined
          ? { kind: "unset" }
          : { kind: "set", value },
      );
    },
    exists: (path) => Promise.resolve(machine.paths?.includes(path) === true),
    run: (program) => Promise.resolve(machine.programs?.[program] ?? null),
    tryWriting: (folder) => Promise.resolve(machine.unwritable?.[folder] ?? null),
  };
}
