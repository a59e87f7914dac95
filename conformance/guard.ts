/** Turns whatever a subject throws into a fault of the subject. */
import { SubjectFault } from "./outcome.ts";
import type { AllocatorSubject, KernelSubject } from "./subject.ts";

/**
 * Wraps an allocator so that exceptions become {@linkcode SubjectFault}s.
 *
 * @param allocator The allocator, or none.
 * @returns The wrapped allocator; without one, every command is a fault.
 *
 * @example A subject without an allocator
 * ```ts
 * import { guardAllocator, SubjectFault } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * await assert.rejects(guardAllocator(undefined).snapshot(), SubjectFault);
 * ```
 */
export function guardAllocator(allocator: AllocatorSubject | undefined): AllocatorSubject {
  return guard(allocator, "allocator");
}

/**
 * Wraps a kernel so that exceptions become {@linkcode SubjectFault}s.
 *
 * @param kernel The kernel, or none.
 * @returns The wrapped kernel; without one, every command is a fault.
 *
 * @example A subject without a kernel
 * ```ts
 * import { guardKernel, SubjectFault } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * await assert.rejects(guardKernel(undefined).releaseCapture(0), SubjectFault);
 * ```
 */
export function guardKernel(kernel: KernelSubject | undefined): KernelSubject {
  return guard(kernel, "kernel");
}

function guard<T extends object>(target: T | undefined, what: string): T {
  return new Proxy((target ?? {}) as T, {
    get(_, name): (...args: unknown[]) => Promise<unknown> {
      return async (...args) => {
        const command = `${what}.${String(name)}`;
        try {
          const method: unknown = target === undefined ? undefined : Reflect.get(target, name);
          if (typeof method !== "function") {
            throw new TypeError(`Cannot run "${command}": the subject claims it but lacks it`);
          }
          return await method.apply(target, args);
        } catch (error) {
          throw new SubjectFault(command, error);
        }
      };
    },
  });
}
