/** Families of mutants: one fault over layouts, sizes and entry points. */
import type { Layout } from "../../allocator/mod.ts";
import type { AllocatorSubject, CacheSpec, KernelSubject } from "../subject.ts";
import type { Policies } from "../policies.ts";
import { type Mutant, mutateAllocator, mutateKernel } from "./mutant.ts";

/** One member of a family. */
export interface FamilyMember {
  /** End of its name. */
  readonly label: string;
  /** What it gets wrong. */
  readonly fault: string;
  /** Queries each of which must hold a case that rejects it. */
  readonly killedBy: readonly string[];
}

/** What members of a family have in common. */
export interface FamilyFacts {
  /** Start of their names. */
  readonly name: string;
  /** `field`: it happened in an engine; `own`: thought of here. */
  readonly origin: "field" | "own";
  /** Clauses that they violate. */
  readonly violates: readonly string[];
  /** Policies that they declare. */
  readonly policies?: Partial<Policies>;
}

/** Declares allocators that have one kind of fault. */
export function allocatorFamily<Member extends FamilyMember>(
  facts: FamilyFacts,
  members: readonly Member[],
  change: (member: Member) => (good: AllocatorSubject) => Partial<AllocatorSubject>,
): Mutant[] {
  return members.map((member) => mutateAllocator(factsOf(facts, member), change(member)));
}

/** Declares kernels that have one kind of fault. */
export function kernelFamily<Member extends FamilyMember>(
  facts: FamilyFacts,
  members: readonly Member[],
  change: (member: Member) => (good: KernelSubject) => Partial<KernelSubject>,
): Mutant[] {
  return members.map((member) => mutateKernel(factsOf(facts, member), change(member)));
}

function factsOf(facts: FamilyFacts, { label, fault, killedBy }: FamilyMember) {
  return { ...facts, name: `${facts.name}_${label}`, fault, killedBy };
}

/** An allocator that has its fault with one layout alone, and is good with the others. */
export function withLayout(
  layout: Layout,
  change: (good: AllocatorSubject, spec: () => CacheSpec) => Partial<AllocatorSubject>,
): (good: AllocatorSubject) => Partial<AllocatorSubject> {
  return (good) => {
    let spec: CacheSpec | null = null;
    const changed = change(good, () => {
      if (spec === null) throw new Error("Cannot ask for the spec before create");
      return spec;
    });
    const both = Object.entries(changed).map(([name, method]) => [
      name,
      (...o: unknown[]) => {
        const chosen = spec?.layout === layout ? method : good[name as keyof AllocatorSubject];
        return (chosen as (...o: unknown[]) => unknown)(...o);
      },
    ]);
    return {
      ...Object.fromEntries(both),
      create: (asked) => {
        spec = asked;
        return asked.layout === layout && changed.create !== undefined
          ? changed.create(asked)
          : good.create(asked);
      },
    };
  };
}
