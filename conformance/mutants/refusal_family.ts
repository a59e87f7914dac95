/** Kernels that take one type or shape which they have to refuse. */
import type { AttentionProblem } from "../../kernel/mod.ts";
import { mapTable } from "../map_table.ts";
import { HEAD_LAYOUTS } from "../suites/cache_spec.ts";
import { type FamilyMember, kernelFamily, kernelLayoutFamily } from "./family.ts";
import type { Mutant } from "./mutant.ts";
import { asking, taking } from "./problem_changes.ts";

interface RefusalMember extends FamilyMember {
  readonly when: (problem: AttentionProblem) => boolean;
}

type Field = keyof AttentionProblem;

const isA = (field: Field, type: string) => (problem: AttentionProblem): boolean =>
  problem[field]?.constructor.name === type;
const int64 = "BigInt64Array";

function member(
  test: string,
  fault: string,
  clause: string,
  when: RefusalMember["when"],
): RefusalMember {
  return {
    label: fault,
    violates: [clause],
    when,
    fault: `A problem with "${fault.replaceAll("_", " ")}" is computed as if nothing were wrong`,
    killedBy: [`kernel:refusal:${test}:fault=${fault}`],
  };
}

const page = (tokens: number) => ({ shape }: AttentionProblem): boolean =>
  shape.pageSizeTokens === tokens;
const rows = ({ table, shape }: AttentionProblem): number =>
  table.length / Math.max(1, shape.columns) / shape.batch;

const MEMBERS: readonly RefusalMember[] = [
  member("dtype", "table_int64", "dtype/int32", isA("table", int64)),
  member("dtype", "table_uint32", "dtype/int32", isA("table", "Uint32Array")),
  member("dtype", "table_float32", "dtype/int32", isA("table", "Float32Array")),
  member("dtype", "cached_lengths_int64", "dtype/int32", isA("cachedLengths", int64)),
  member("dtype", "query_starts_int64", "dtype/int32", isA("queryStarts", int64)),
  member("dtype", "head_windows_int64", "dtype/int32", isA("headWindows", int64)),
  member("dtype", "mask_ranges_int64", "dtype/int32", isA("maskRanges", int64)),
  member("dtype", "mask_ranges_float32", "dtype/int32", isA("maskRanges", "Float32Array")),
  member("storage", "query_float32", "dtype/c16", isA("query", "Float32Array")),
  member("storage", "keys_float32", "dtype/c16", isA("keys", "Float32Array")),
  member("storage", "values_float32", "dtype/c16", isA("values", "Float32Array")),
  member("storage", "keys_uint8", "dtype/c16", isA("keys", "Uint8Array")),
  member("storage", "values_int8", "dtype/c16", isA("values", "Int8Array")),
  member("storage", "storage_fp8", "dtype/c16", ({ shape }) => String(shape.storage) === "fp8"),
  member("shape", "rows_of_slots", "shape/rows", (p) => rows(p) === 1 && p.shape.kvHeads > 1),
  member("shape", "rows_missing", "shape/rows", (p) => rows(p) % 1 !== 0),
  member("shape", "rows_spare", "shape/rows", (p) => rows(p) === 2 * p.shape.kvHeads),
  member("shape", "no_columns", "shape/columns-positive", ({ shape }) => shape.columns === 0),
  member(
    "shape",
    "columns_short",
    "shape/columns-cover",
    ({ shape, cachedLengths }) =>
      shape.columns > 0 &&
      shape.columns * shape.pageSizeTokens < Math.max(...Array.from(cachedLengths, Number)),
  ),
  member("shape", "group_indivisible", "shape/group", ({ shape }) => shape.queryHeads === 7),
  member("shape", "fewer_query_heads", "shape/group", ({ shape }) => shape.queryHeads === 1),
  member("shape", "page_48", "shape/group", page(48)),
  member("shape", "page_512", "shape/group", page(512)),
  member("shape", "page_0", "shape/group", page(0)),
  member(
    "shape",
    "negative_window",
    "mask/head-kinds",
    ({ headWindows }) => headWindows[0] === -1,
  ),
  member("shape", "negative_sinks", "mask/sink-threaded", ({ sinkTokens }) => sinkTokens < 0),
];

export const refusalMutants: readonly Mutant[] = [
  ...kernelFamily(
    { name: "claims_and_refuses", violates: ["declare/capability"] },
    ["layout=pooled", "layout=uniform", "storage=f16"].map((claim) => ({
      claim,
      label: claim.split("=")[1]!,
      fault: `What is claimed is refused when it is asked for: ${claim}`,
      killedBy: [`kernel:attend:layout:${claim};*`],
    })),
    ({ claim }) => (good) => ({
      attend: (problem, o) =>
        claim.endsWith(problem.shape.layout) || claim.endsWith(`=${problem.shape.storage}`)
          ? Promise.resolve({ kind: "refused", code: "unsupported", message: "Not supported" })
          : good.attend(problem, o),
    }),
  ),
  ...kernelLayoutFamily(
    {
      name: "columns_by_window",
      origin: "field",
      violates: ["row/absolute"],
      fault: "column 0 of a window head is taken for its window's first page",
      test: "kernel:attend:layout",
      layouts: HEAD_LAYOUTS,
    },
    asking((problem) => {
      const { pageSizeTokens } = problem.shape;
      const table = mapTable(problem, (id, { index, slot, head, column }) => {
        const window = problem.headWindows[head] ?? 0;
        const cached = problem.cachedLengths[slot] ?? 0;
        const first = window > 0 ? Math.max(0, Math.floor((cached - window) / pageSizeTokens)) : 0;
        return column >= first ? problem.table[index - first] ?? id : id;
      });
      return { ...problem, table };
    }),
  ),
  ...kernelFamily({ name: "takes" }, MEMBERS, ({ when }) => taking(when)),
];
