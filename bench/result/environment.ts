/** The machine and runtime that a result is made on. */

import type { BenchEnvironment } from "./parts.ts";

/** Describes this machine and runtime without any permission. */
export function describeEnvironment(o: { readonly adapter: string | null }): BenchEnvironment {
  return {
    os: Deno.build.os,
    arch: Deno.build.arch,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    adapter: o.adapter,
  };
}
