/** Where the programs are that host `module:` and `ffi:` adapters. */
import { fileURLToPath } from "node:url";

/** Kinds of adapters that a program of this project hosts. */
export type HostKind = "module" | "ffi";

/** What starts a host. */
export interface HostProgram {
  /** The last arguments of `deno run` before those of the host. */
  readonly args: readonly string[];
  /** Paths of what it reads to start. */
  readonly sourcePaths: readonly string[];
}

/** First argument of the bundle, which is its own host: all of the project is in that one file. */
export const HOST_ARGUMENTS: Readonly<Record<HostKind, string>> = {
  module: "--host-module",
  ffi: "--host-ffi",
};

const IS_BUNDLE = !import.meta.url.endsWith("/hosts/host_program.ts");

/** The program that hosts a kind of adapters. */
export function hostProgram(kind: HostKind): HostProgram {
  if (IS_BUNDLE) {
    // Nothing beside the bundle configures it, and nothing beside it is needed.
    const args = ["--no-config", import.meta.url, HOST_ARGUMENTS[kind]];
    return { args, sourcePaths: pathsOf(import.meta.url) };
  }
  const host = kind === "module"
    ? import.meta.resolve("./module_host.ts")
    : import.meta.resolve("./ffi_host.ts");
  return { args: [host], sourcePaths: pathsOf(import.meta.resolve("../../../")) };
}

/** URL of the module that a worker imports `createAdapterServer` from. */
export function serverModule(): string {
  return IS_BUNDLE ? import.meta.url : import.meta.resolve("../serve.ts");
}

/** A module from elsewhere is read without a permission. */
function pathsOf(url: string): string[] {
  return url.startsWith("file:") ? [fileURLToPath(url)] : [];
}
