/** Turns whatever a subject throws into a fault of the subject. */
import { SubjectFault } from "./outcome.ts";
import type { AllocatorSubject, KernelSubject } from "./subject.ts";

/**
 * Wraps an allocator so that exceptions become {@linkcode SubjectFault}s.
 *
 * @param allocator The allocator, or none.
 * @param over Aborts once the case is over; commands after that are faults and reach nobody.
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
export function guardAllocator(
  allocator: AllocatorSubject | undefined,
  over?: AbortSignal,
): AllocatorSubject {
  return guard(allocator, "allocator", over);
}

/**
 * Wraps a kernel so that exceptions become {@linkcode SubjectFault}s.
 *
 * @param kernel The kernel, or none.
 * @param over Aborts once the case is over; commands after that are faults and reach nobody.
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
export function guardKernel(
  kernel: KernelSubject | undefined,
  over?: AbortSignal,
): KernelSubject {
  return guard(kernel, "kernel", over);
}

function guard<T extends object>(target: T | undefined, what: string, over?: AbortSignal): T {
  return new Proxy((target ?? {}) as T, {
    get(_, name): (...args: unknown[]) => Promise<unknown> {
      return async (...args) => {
        const command = `${what}.${String(name)}`;
        try {
          if (over?.aborted) throw new Error("Cannot run a command after the end of its case");
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
