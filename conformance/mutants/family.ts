/** Families of mutants: one fault over layouts, sizes and entry points. */
import type { Layout } from "../../allocator/mod.ts";
import type { AttentionProblem } from "../../kernel/mod.ts";
import type { Policies } from "../policies.ts";
import type { KernelSubject } from "../subject.ts";
import {
  type AllocatorFault,
  type KernelFault,
  type Mutant,
  type MutantDeclaration,
  mutateAllocator,
  mutateKernel,
} from "./mutant.ts";

/** One member of a family. */
export interface FamilyMember {
  /** End of its name. */
  readonly label: string;
  readonly fault: string;
  /** Queries each of which must hold a case that rejects it. */
  readonly killedBy: readonly string[];
  /** Clauses that it violates, where they are not those of the family. */
  readonly violates?: readonly string[];
}

/** What members of a family have in common. */
export interface FamilyFacts {
  /** Start of their names. */
  readonly name: string;
  /** `field`: they happened in an engine; thought of here where nothing is said. */
  readonly origin?: "field";
  readonly violates?: readonly string[];
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

function factsOf(
  { name, origin, policies, ...family }: FamilyFacts,
  { label, fault, killedBy, violates = family.violates ?? [] }: FamilyMember,
): MutantDeclaration {
  const declared = { ...(policies && { policies }), ...(origin && { origin }) };
  return { name: `${name}_${label}`, fault, violates, killedBy, ...declared };
}

/** Variants that are told by their names alone. */
export function named<Name extends string>(...names: readonly Name[]): Record<Name, Name> {
  return Object.fromEntries(names.map((name) => [name, name])) as Record<Name, Name>;
}

/** Variants that are numbers, named by a pattern in which `#` stands for the number. */
export function limits(numbers: readonly number[], pattern = "#"): Record<string, number> {
  return Object.fromEntries(numbers.map((limit) => [pattern.replace("#", String(limit)), limit]));
}

/** A fault with each of some layouts, and in each of some variants. */
export interface LayoutFacts<Variant> extends FamilyFacts {
  readonly layouts: readonly Layout[];
  /** Variants by what is the middle of their mutants' names; one without a name by default. */
  readonly variants?: Readonly<Record<string, Variant>>;
  /** What is wrong, after "With the … layout"; of a variant, whose name is given in words. */
  readonly fault: string | ((name: string, variant: Variant) => string);
  /** Query of a test whose cases have the layout as a parameter, or of its cases. */
  readonly test: string | ((layout: Layout, variant: Variant) => string);
}

/** One fault of an allocator with each of some layouts, found by the cases of that layout. */
export function layoutFamily<Variant = undefined>(
  facts: LayoutFacts<Variant>,
  change: (
    good: Parameters<AllocatorFault>[0],
    spec: Parameters<AllocatorFault>[1],
    variant: Variant,
  ) => ReturnType<AllocatorFault>,
): Mutant[] {
  return allocatorFamily(
    facts,
    layoutMembers(facts),
    ({ layout, variant }) => (good, spec) =>
      spec.layout === layout ? change(good, spec, variant) : {},
  );
}

/**
 * One fault of a kernel with each of some layouts; problems of the others reach the good kernel.
 *
 * @param change What replaces commands, given the good kernel as it is posed, and as it was before.
 * @param pose What makes the kernel one that declares its policies.
 */
export function kernelLayoutFamily<Variant = undefined>(
  facts: LayoutFacts<Variant>,
  change: (
    good: KernelSubject,
    variant: Variant,
    unposed: KernelSubject,
  ) => Partial<KernelSubject>,
  pose: (good: KernelSubject) => KernelSubject = (good) => good,
): Mutant[] {
  return kernelFamily(facts, layoutMembers(facts), ({ layout, variant }) => (unposed) => {
    const good = pose(unposed);
    const bad = Object.entries(change(good, variant, unposed)).map(([name, command]) => [
      name,
      (...args: unknown[]) => {
        const problem = args.find((each) => typeof each === "object") as AttentionProblem;
        const right = good[name as keyof KernelSubject];
        const chosen = problem.shape.layout === layout ? command : right;
        return (chosen as CallableFunction)(...args);
      },
    ]);
    return { ...good, ...Object.fromEntries(bad) };
  });
}

function layoutMembers<Variant>(
  { layouts, variants = { "": undefined as Variant }, fault, test }: LayoutFacts<Variant>,
): (FamilyMember & { readonly layout: Layout; readonly variant: Variant })[] {
  return Object.entries(variants).flatMap(([name, variant]) =>
    layouts.map((layout) => {
      const what = typeof fault === "string" ? fault : fault(name.replaceAll("_", " "), variant);
      return {
        layout,
        variant,
        label: name === "" ? layout : `${name}_${layout}`,
        fault: `With the ${layout} layout ${what}`,
        killedBy: [typeof test === "string" ? `${test}:layout=${layout};*` : test(layout, variant)],
      };
    })
  );
}
