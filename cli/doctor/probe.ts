import { ifThere } from "../../fixtures/mod.ts";
import type { CliContext } from "../terminal/mod.ts";

/** A variable's value, or why there is none. */
export type VariableReading =
  | { readonly kind: "set"; readonly value: string }
  | { readonly kind: "unset" }
  | { readonly kind: "unknown" };

/** Everything through which checks look at the machine; tests make up their own. */
export interface Probe {
  /** Operating system, as `Deno.build.os`. */
  readonly os: string;
  readonly denoVersion: string;
  /** Whether the process has a permission. */
  readonly isGranted: (permission: Deno.PermissionDescriptor) => Promise<boolean>;
  /** Reads a variable, where the process may. */
  readonly variable: (name: string) => Promise<VariableReading>;
  /** Whether a file or folder is there; false too where no one may tell. */
  readonly exists: (path: string) => Promise<boolean>;
  /** Runs a program: its standard output, or null where it is not there or fails. */
  readonly run: (program: string, args: readonly string[]) => Promise<string | null>;
  /** Writes a file into a folder and removes both: null, or the reason why that fails. */
  readonly tryWriting: (folder: string) => Promise<string | null>;
}

/**
 * Looks at the real machine.
 *
 * @param context Variables as they were when the process began.
 * @returns The probe; nothing that it does stays behind.
 */
export function createProbe(context: CliContext): Probe {
  return {
    os: Deno.build.os,
    denoVersion: Deno.version.deno,
    isGranted: async (permission) => (await Deno.permissions.query(permission)).state === "granted",
    variable: async (name) => {
      const known = context.process.env[name];
      if (known !== undefined) return { kind: "set", value: known };
      const { state } = await Deno.permissions.query({ name: "env", variable: name });
      if (state !== "granted") return { kind: "unknown" };
      // Stands in for the drivers' sake, and was not set by anyone.
      if (name === "XDG_RUNTIME_DIR") return { kind: "unset" };
      const value = Deno.env.get(name);
      return value === undefined ? { kind: "unset" } : { kind: "set", value };
    },
    exists,
    run: async (program, args) => {
      const command = new Deno.Command(program, { args: [...args], stderr: "null", stdin: "null" });
      const output = await ifThere(() => command.output());
      return output?.success ? new TextDecoder().decode(output.stdout) : null;
    },
    tryWriting: async (folder) => {
      const isNew = !await exists(folder);
      try {
        if (isNew) await Deno.mkdir(folder, { recursive: true });
        await Deno.remove(await Deno.makeTempFile({ dir: folder }));
        return null;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      } finally {
        // Only where it is empty still: somebody else may have begun to use it.
        if (isNew) await Deno.remove(folder).catch(() => {});
      }
    },
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
