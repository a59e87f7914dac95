/** Families of mutants: one fault over layouts, sizes and entry points. */
import type { Layout } from "../../allocator/mod.ts";
import type { Policies } from "../policies.ts";
import {
  type AllocatorFault,
  type KernelFault,
  type Mutant,
  mutateAllocator,
  mutateKernel,
} from "./mutant.ts";

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
  change: (member: Member) => AllocatorFault,
): Mutant[] {
  return members.map((member) => mutateAllocator(factsOf(facts, member), change(member)));
}

/** Declares kernels that have one kind of fault. */
export function kernelFamily<Member extends FamilyMember>(
  facts: FamilyFacts,
  members: readonly Member[],
  change: (member: Member) => KernelFault,
): Mutant[] {
  return members.map((member) => mutateKernel(factsOf(facts, member), change(member)));
}

function factsOf(facts: FamilyFacts, { label, fault, killedBy }: FamilyMember) {
  return { ...facts, name: `${facts.name}_${label}`, fault, killedBy };
}

/** One fault of an allocator with each of some layouts, found by the cases of that layout. */
export function layoutFamily(
  o: FamilyFacts & {
    /** What is wrong, after "With the … layout". */
    readonly fault: string;
    /** Query of a test whose cases have the layout as a parameter. */
    readonly test: string;
    readonly layouts: readonly Layout[];
  },
  change: AllocatorFault,
): Mutant[] {
  const { fault, test, layouts, ...facts } = o;
  return layouts.map((layout) =>
    mutateAllocator({
      ...facts,
      name: `${facts.name}_${layout}`,
      fault: `With the ${layout} layout ${fault}`,
      killedBy: [`${test}:layout=${layout};*`],
    }, withLayout(layout, change))
  );
}

/** An allocator that has its fault with one layout alone, and is good with the others. */
export function withLayout(layout: Layout, change: AllocatorFault): AllocatorFault {
  return (good, spec) => spec.layout === layout ? change(good, spec) : {};
}
