/** Allocators whose admission counts something too little, layout by layout. */
import type { Layout } from "../../allocator/mod.ts";
import type { AdmissionCommand, AllocatorSnapshot, CacheSpec } from "../subject.ts";
import { demandOf, holdsDemand } from "../suites/page_demand.ts";
import { resolveKinds } from "../suites/resolve_kinds.ts";
import { DEFAULT_POLICIES } from "../policies.ts";
import { LAYOUTS, windowHeads } from "../suites/cache_spec.ts";
import { layoutFamily } from "./family.ts";
import type { Mutant } from "./mutant.ts";

/** What admission forgets, and in which situation that shows. */
interface Forgotten {
  readonly what: string;
  readonly situation: string;
  /** Every layout by default. */
  readonly layouts?: readonly Layout[];
  /** The spec and the question as the faulty admission takes them, where it does. */
  readonly ask?: (spec: CacheSpec, o: AdmissionCommand) => [CacheSpec, AdmissionCommand];
  /** The free pages as it takes them, where it does. */
  readonly free?: (snapshot: AllocatorSnapshot, spec: CacheSpec) => readonly number[];
}

const FORGOTTEN: readonly Forgotten[] = [
  {
    what: "chunk",
    situation: "chunk",
    ask: (spec, o) => [spec, { ...o, stepTokens: 1 }],
  },
  {
    what: "sinks",
    situation: "sinks",
    ask: (spec, o) => [{ ...spec, sinkTokens: 0 }, { ...o, stepTokens: 1 }],
  },
  {
    what: "a_part_of_a_page_of_sinks",
    situation: "decode_sinks",
    ask: (spec, o) => [{ ...spec, sinkTokens: spec.sinkTokens - spec.sinkTokens % 16 }, o],
  },
  {
    what: "window",
    situation: "alone",
    ask: (spec, o) => [{ ...spec, windowTokens: 1 }, { ...o, stepTokens: 1 }],
  },
  {
    what: "full_heads",
    situation: "mixed",
    ask: (spec, o) => [{ ...spec, heads: windowHeads(1) }, o],
  },
  {
    what: "pages_ahead",
    situation: "ahead",
    ask: (spec, o) => [{ ...spec, preallocatedPages: 0 }, { ...o, stepTokens: 1 }],
  },
  {
    what: "pages_others_took_ahead",
    situation: "others_ahead",
    ask: (spec, o) => [{ ...spec, preallocatedPages: 0 }, { ...o, stepTokens: 1 }],
    free: (snapshot, spec) => {
      const pages = snapshot.lengthsTokens.reduce(
        (sum, length) => sum + Math.ceil(length / spec.pageSizeTokens),
        0,
      );
      const rows = snapshot.layout === "pooled" ? snapshot.kvHeads * snapshot.layerGroups : 1;
      return Array.from(snapshot.freePages, () => (spec.pagesPerHead - pages) * rows);
    },
  },
  {
    what: "pages_behind_a_fence",
    situation: "fence",
    free: (snapshot) =>
      Array.from(snapshot.freePages, (free, pool) => free + (snapshot.waitingPages[pool] ?? 0)),
  },
  ...(["first", "last"] as const).map((which) => ({
    what: `pages_behind_a_fence_of_the_${which}_head`,
    situation: `fence_${which}_full`,
    layouts: ["headwise"] as const,
    free: ({ freePages, waitingPages }: AllocatorSnapshot) =>
      Array.from(freePages, (free, pool) => {
        const isOne = pool === (which === "first" ? 0 : freePages.length - 1);
        return isOne ? free + (waitingPages[pool] ?? 0) : free;
      }),
  })),
  {
    what: "requests_that_run",
    situation: "others",
    free: (snapshot, spec) => {
      const rows = snapshot.layout === "pooled" ? snapshot.kvHeads * snapshot.layerGroups : 1;
      return Array.from(snapshot.freePages, () => spec.pagesPerHead * rows);
    },
  },
];

export const admissionMutants: readonly Mutant[] = [
  ...FORGOTTEN.flatMap(({ what, situation, layouts, ask, free }) =>
    layoutFamily({
      name: `admission_forgets_${what}`,
      origin: "field",
      violates: ["pool/admission"],
      fault: `admission forgets the ${what.replaceAll("_", " ")}`,
      test: (layout) => `allocator:admission:truth:layout=${layout};situation=${situation};*`,
      layouts: layouts ?? LAYOUTS,
    }, (good, spec) => ({
      canAdmit: async (o) => {
        const snapshot = await good.snapshot();
        const pages = free?.(snapshot, spec) ?? [...snapshot.freePages];
        const [asked, question] = ask?.(spec, o) ?? [spec, o];
        return { kind: "ok", value: holds(asked, { free: pages, ...question }) };
      },
    }))
  ),
  ...layoutFamily({
    name: "admission_never_says_no",
    origin: "field",
    violates: ["pool/admission"],
    fault: "every request is admitted",
    test: "allocator:admission:truth",
    layouts: LAYOUTS,
  }, () => ({
    canAdmit: () => Promise.resolve({ kind: "ok", value: true }),
  })),
  ...layoutFamily({
    name: "admission_keeps_a_page_a_head",
    violates: ["pool/admission"],
    fault: "admission leaves free what a request could have",
    test: "allocator:admission:truth",
    layouts: LAYOUTS,
  }, (good, spec) => ({
    canAdmit: (o) =>
      good.canAdmit({
        ...o,
        stepTokens: o.stepTokens + 2 * spec.pageSizeTokens,
        lengthTokens: o.lengthTokens + 2 * spec.pageSizeTokens,
      }),
  })),
];

function holds(
  spec: CacheSpec,
  o: AdmissionCommand & { readonly free: readonly number[] },
): boolean {
  const { window, full } = demandOf(spec, o);
  return holdsDemand(spec.layout, resolveKinds(spec, DEFAULT_POLICIES).flat(), {
    demand: { window, full: full - spec.preallocatedPages },
    freePages: o.free,
  });
}
