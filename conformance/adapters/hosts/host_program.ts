/** Where the programs are that host `module:` and `ffi:` adapters. */
import { fileURLToPath } from "node:url";

/** Kinds of adapters that a program of this project hosts. */
export type HostKind = "module" | "ffi";

/** What starts a host. */
export interface HostProgram {
  /** The last arguments of `deno run` before those of the host. */
  readonly args: readonly string[];
  /** Root of the checkout that it runs from, a URL; null where it is the bundle. */
  readonly root: string | null;
}

/** First argument of the bundle, which is its own host: all of the project is in that one file. */
export const HOST_ARGUMENTS: Readonly<Record<HostKind, string>> = {
  module: "--host-module",
  ffi: "--host-ffi",
};

const IS_BUNDLE = !import.meta.url.endsWith("/hosts/host_program.ts");

/** Folders of this project whose modules an adapter may import, where they are files of a checkout. */
const ROOMS = ["allocator", "fixtures", "kernel", "conformance"];

/** The program that hosts a kind of adapters. */
export function hostProgram(kind: HostKind): HostProgram {
  // Nothing beside the bundle is needed.
  if (IS_BUNDLE) return { args: [import.meta.url, HOST_ARGUMENTS[kind]], root: null };
  const host = kind === "module"
    ? import.meta.resolve("./module_host.ts")
    : import.meta.resolve("./ffi_host.ts");
  return { args: [host], root: import.meta.resolve("../../../") };
}

/** Absolute paths of the project's folders that an adapter may import from. */
export function projectFolders(): string[] {
  const { root } = hostProgram("module");
  if (root === null || !root.startsWith("file:")) return [];
  return ROOMS.map((room) => fileURLToPath(new URL(room, root)));
}
