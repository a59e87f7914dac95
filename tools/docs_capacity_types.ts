/** Predicted against replayed concurrency of C8 and C4 pools in the memory of the fixture's C16 pools. */

import { loadWorkload, pageBytes, requireLoaded, type Workload } from "../fixtures/mod.ts";
import { markdownParagraph, markdownTable } from "../bench/report/markdown.ts";
import { runBench } from "../bench/run/mod.ts";
import type { CapacityCase } from "./capacity_case.ts";

/** How caches are stored, by the names that a workload may write. */
export const CACHE_TYPES: readonly string[] = [
  "bf16",
  "int8:token:f32",
  "fp8_e4m3:head:f32",
  "int4:channel:bf16",
  "fp4_e2m1:block:fp8_e4m3",
];

/** Loads a case over pools of a type, as many bytes as its own, with load enough to fill them. */
async function loadTypeCase(o: CapacityCase, dtype: string): Promise<Workload> {
  const origin = "docs/capacity.md";
  const headMap = o.headMap === undefined ? [] : [{ path: "headMap", value: o.headMap, origin }];
  const plain = requireLoaded(await loadWorkload(o.fixture, { overrides: headMap }));
  const typed = requireLoaded(
    await loadWorkload(o.fixture, {
      overrides: [
        ...headMap,
        { path: "cache.dtype", value: dtype, origin },
        { path: "cache.pages", value: undefined, origin },
        { path: "cache.kvBytes", value: plain.cache.kvBytes, origin },
      ],
    }),
  );
  const sizes = {
    pageSizeTokens: plain.cache.pageSizeTokens,
    tensorParallel: plain.tensorParallel,
  };
  const smaller = pageBytes(plain.model, { ...sizes, ...plain.cache }) /
    pageBytes(plain.model, { ...sizes, ...typed.cache });
  const factor = Math.ceil(smaller);
  const { requests } = typed;
  return {
    ...typed,
    scheduler: {
      ...typed.scheduler,
      maxSequences: typed.scheduler.maxSequences * factor,
    },
    requests: requests.kind === "synthetic"
      ? { ...requests, count: requests.count * factor }
      : requests,
  };
}

/** Replays a case with every type and lays out its rows. */
export async function replayTypesOfCase(o: CapacityCase): Promise<string[][]> {
  const rows: string[][] = [];
  let first: number | null = null;
  for (const dtype of CACHE_TYPES) {
    const workload = await loadTypeCase(o, dtype);
    const result = await runBench({
      workload,
      gates: ["gate/capacity"],
      clock: { kind: "model", reason: null },
      maxChecks: 1,
    });
    const pooled = result.capacityGate!.outcomes.find(({ layout }) => layout === "pooled")!;
    const { predictedOff, predictedOn, replayedOff, replayedOn } = pooled;
    first ??= replayedOff;
    for (
      const [recycling, predicted, replayed] of [
        ["off", predictedOff, replayedOff],
        ["on", predictedOn, replayedOn],
      ] as const
    ) {
      rows.push([
        o.title,
        dtype,
        recycling,
        String(workload.cache.pagesPerHead),
        predicted.concurrency.toFixed(1),
        replayed === null ? "–" : replayed.toFixed(1),
        replayed === null || first === null ? "–" : `×${(replayed / first).toFixed(2)}`,
      ]);
    }
  }
  return rows;
}

/** The section of the document. */
export function renderTypesSection(rows: readonly (readonly string[])[]): string[] {
  const right = (title: string) => ({ title, align: "right" as const });
  return [
    "## Quantised pools",
    "",
    ...markdownParagraph(
      "The same memory with keys and values in 8 or 4 bits, in one pool (L2): N pages per head follow " +
        "from the bytes of a page, with the scales that each token has, and the scales that tokens " +
        "share are taken off once. The fixture's requests and slots are multiplied so that memory " +
        "still binds. The last column is replayed concurrency over that of bf16 without recycling.",
    ),
    "",
    ...markdownTable([
      { title: "fixture" },
      { title: "cache" },
      { title: "recycling" },
      right("pages"),
      right("predicted"),
      right("replayed"),
      right("gain"),
    ], rows.map((row) => [...row])),
    "",
  ];
}
