/** Known-bad implementations: a good subject with one fault, and the cases that must find it. */
import type { AttentionProblem } from "../../kernel/mod.ts";
import type { Policies } from "../policies.ts";
import type { AllocatorSubject, Capability, KernelSubject, Subject } from "../subject.ts";
import { createOracleSubject } from "../subjects/oracle.ts";
import type { OracleKernelOptions } from "../subjects/oracle_kernel.ts";

/** What a mutant is declared from, without its subject. */
export interface MutantFacts {
  /** Name in the kill matrix. */
  readonly name: string;
  /** What it gets wrong. */
  readonly fault: string;
  /** `field`: it happened in an engine; `own`: thought of here. */
  readonly origin: "field" | "own";
  /** Clauses that it violates: each rejection that counts is by a test of one of them. */
  readonly violates: readonly string[];
  /** Queries each of which must hold a case that rejects it. */
  readonly killedBy: readonly string[];
  /** Policies that it declares, where its fault is about them. */
  readonly policies?: Partial<Policies>;
  /** What it does not claim, where its fault is about that. */
  readonly lacks?: readonly Capability[];
}

/** A subject with one fault. */
export interface Mutant extends MutantFacts {
  /** Part that has the fault. */
  readonly part: "allocator" | "kernel";
  /** Makes the subject; its kernel computes in float64, or as said. */
  readonly create: (o?: OracleKernelOptions) => Subject;
}

/**
 * Declares a mutant of the reference allocator.
 *
 * @param facts Name, fault and queries.
 * @param change Commands that replace the good ones.
 */
export function mutateAllocator(
  facts: MutantFacts,
  change: (good: AllocatorSubject) => Partial<AllocatorSubject>,
): Mutant {
  return {
    ...facts,
    part: "allocator",
    create: () => {
      const { allocator, capabilities } = createOracleSubject();
      const good = allocator as AllocatorSubject;
      return {
        name: `mutant ${facts.name}`,
        capabilities: capabilities.difference(new Set(facts.lacks)),
        allocator: { ...good, ...change(good) },
        ...(facts.policies === undefined ? {} : { policies: facts.policies }),
      };
    },
  };
}

/**
 * Declares a mutant of the reference kernel.
 *
 * @param facts Name, fault and queries.
 * @param change Commands that replace the good ones.
 */
export function mutateKernel(
  facts: MutantFacts,
  change: (good: KernelSubject) => Partial<KernelSubject>,
): Mutant {
  return {
    ...facts,
    part: "kernel",
    create: (o = {}) => {
      const { kernel, capabilities, arithmetic } = createOracleSubject(o);
      const good = kernel as KernelSubject;
      return {
        name: `mutant ${facts.name}`,
        capabilities: capabilities.difference(new Set(facts.lacks)),
        kernel: { ...good, ...change(good) },
        ...(facts.policies === undefined ? {} : { policies: facts.policies }),
        ...(arithmetic === undefined ? {} : { arithmetic }),
      };
    },
  };
}

/** A problem with another table. */
export function withTable(problem: AttentionProblem, table: Int32Array): AttentionProblem {
  return { ...problem, table };
}
