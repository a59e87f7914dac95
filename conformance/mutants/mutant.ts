/** Known-bad implementations: a good subject with one fault, and the cases that must find it. */
import type { AttentionProblem } from "../../kernel/mod.ts";
import type { Policies } from "../policies.ts";
import type {
  AllocatorSubject,
  CacheSpec,
  Capability,
  KernelSubject,
  Subject,
} from "../subject.ts";
import { CONTROL_SPEC } from "../suites/cache_spec.ts";
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

/** Facts as mutants are declared from: thought of here where no origin is given. */
export type MutantDeclaration = Omit<MutantFacts, "origin"> & { readonly origin?: "field" };

/** A subject with one fault. */
export interface Mutant extends MutantFacts {
  /** Part that has the fault. */
  readonly part: "allocator" | "kernel";
  /** Makes the subject; its kernel computes in float64, or as said. */
  readonly create: (o?: OracleKernelOptions) => Subject;
}

/**
 * What replaces commands of a good allocator; asked again for every cache, so that it starts with
 * fresh memory.
 */
export type AllocatorFault = (
  good: AllocatorSubject,
  spec: CacheSpec,
) => Partial<AllocatorSubject>;

/** Declares a mutant of the reference allocator. */
export function mutateAllocator(facts: MutantDeclaration, change: AllocatorFault): Mutant {
  return {
    origin: "own",
    ...facts,
    part: "allocator",
    create: () => {
      const { allocator, capabilities } = createOracleSubject();
      const good = allocator as AllocatorSubject;
      let faulty = { ...good, ...change(good, CONTROL_SPEC) };
      const commands = Object.keys(good).map((name) => [
        name,
        (...o: unknown[]) => (faulty[name as keyof AllocatorSubject] as CallableFunction)(...o),
      ]);
      return {
        name: `mutant ${facts.name}`,
        capabilities: capabilities.difference(new Set(facts.lacks)),
        allocator: {
          ...Object.fromEntries(commands),
          create: (spec) => {
            faulty = { ...good, ...change(good, spec) };
            return faulty.create(spec);
          },
        },
      };
    },
  };
}

/** An allocator that is made from another spec than the one that it is asked for. */
export function making(change: (spec: CacheSpec) => Partial<CacheSpec>): AllocatorFault {
  return (good) => ({ create: (spec) => good.create({ ...spec, ...change(spec) }) });
}

/** What replaces commands of a good kernel. */
export type KernelFault = (good: KernelSubject) => Partial<KernelSubject>;

/** Declares a mutant of the reference kernel. */
export function mutateKernel(facts: MutantDeclaration, change: KernelFault): Mutant {
  return {
    origin: "own",
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
