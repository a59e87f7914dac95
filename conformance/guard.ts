/** Turns whatever a subject throws into a fault of the subject. */
import { Mismatch, SubjectFault } from "./outcome.ts";
import { type Policies, resolvePolicies } from "./policies.ts";
import type { AllocatorSubject, Capability, KernelSubject } from "./subject.ts";
import { poseTables } from "./table_policies.ts";
import { poseSizes, takenSizes } from "./taken_sizes.ts";

/** What a subject declares, beside the commands of one of its parts. */
export interface Declared {
  /** Every policy. */
  readonly policies: Policies;
  /** What it claims. */
  readonly claims: ReadonlySet<Capability>;
}

/** An allocator with what its subject declares. */
export type JudgedAllocator = AllocatorSubject & Declared;

/** A kernel with what its subject declares. */
export type JudgedKernel = KernelSubject & Declared;

/** What wraps a part: when its case is over, and what its subject declares. */
export interface GuardOptions {
  /** Aborts once the case is over; commands after that are faults and reach no one. */
  readonly over?: AbortSignal;
  /** Policies of the subject that differ from the default. */
  readonly policies?: Partial<Policies> | undefined;
  readonly claims?: ReadonlySet<Capability>;
}

/**
 * Wraps an allocator so that exceptions become {@linkcode SubjectFault}s.
 *
 * @returns The wrapped allocator; without one, every command is a fault.
 */
export function guardAllocator(
  allocator: AllocatorSubject | undefined,
  o: GuardOptions = {},
): JudgedAllocator {
  return guard(allocator, "allocator", o);
}

/**
 * Wraps a kernel so that exceptions become {@linkcode SubjectFault}s, and poses tables as its subject
 * declares.
 *
 * @returns The wrapped kernel; without one, every command is a fault.
 */
export function guardKernel(
  kernel: KernelSubject | undefined,
  o: GuardOptions = {},
): JudgedKernel {
  const posed = kernel &&
    poseSizes(poseTables(kernel, resolvePolicies(o.policies)), takenSizes(o.claims ?? new Set()));
  return guard(posed, "kernel", o);
}

function guard<T extends object>(
  target: T | undefined,
  what: string,
  { over, policies, claims = new Set() }: GuardOptions,
): T & Declared {
  const declared: Declared = { policies: resolvePolicies(policies), claims };
  return new Proxy((target ?? {}) as T & Declared, {
    get(_, name): unknown {
      if (name in declared) return declared[name as keyof Declared];
      return async (...args: unknown[]) => {
        const command = `${what}.${String(name)}`;
        try {
          if (over?.aborted) throw new Error("Cannot run a command after the end of its case");
          const method: unknown = target === undefined ? undefined : Reflect.get(target, name);
          if (typeof method !== "function") {
            throw new TypeError(`Cannot run "${command}": the subject claims it but lacks it`);
          }
          return await method.apply(target, args);
        } catch (error) {
          if (error instanceof Mismatch) throw error;
          throw new SubjectFault(command, error);
        }
      };
    },
  });
}
