/** Kernels that take types and shapes which they have to refuse. */
import type { AttentionProblem } from "../../kernel/mod.ts";
import { mapTable } from "../map_table.ts";
import { HEAD_LAYOUTS } from "../suites/cache_spec.ts";
import { type FamilyMember, kernelFamily, kernelLayoutFamily } from "./family.ts";
import { type Mutant, mutateKernel } from "./mutant.ts";
import { asking, taking } from "./problem_changes.ts";

export const shapeMutants: readonly Mutant[] = [
  mutateKernel({
    name: "no_columns_is_no_keys",
    fault: "A table without columns is taken for a cache without keys",
    violates: ["shape/columns-positive"],
    killedBy: ["kernel:refusal:shape:fault=no_columns"],
  }, taking(({ shape }) => shape.columns === 0)),
  mutateKernel({
    name: "group_floored",
    fault: "The group is floored, and query heads past the last whole one are left at 0",
    violates: ["shape/group"],
    killedBy: ["kernel:refusal:shape:fault=group_indivisible"],
  }, taking(({ shape }) => shape.queryHeads % shape.kvHeads !== 0)),
  mutateKernel({
    name: "storage_unchecked",
    fault: "The bytes of a float32 query are read as 16-bit values",
    violates: ["dtype/c16"],
    killedBy: ["kernel:refusal:storage:fault=query_float32"],
  }, (good) => ({
    attend: (problem, o) => {
      const { buffer, byteOffset, length } = problem.query;
      const isWide = (problem.query as unknown) instanceof Float32Array;
      const query = isWide ? new Uint16Array(buffer, byteOffset, length) : problem.query;
      return good.attend({ ...problem, query }, o);
    },
  })),
];

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

interface TakeMember extends FamilyMember {
  readonly refusal: RegExp;
}

const TAKES: readonly TakeMember[] = [
  take("scale_strides", /of strides/, "c8:refusal:fault=strides_heads_last;*"),
  take("scale_shape", /scales" of shape/, "c8:refusal:fault=shape_heads_last;*"),
  take("scale_type_by_name", /its elements are/, "c8:refusal:fault=scales_f16;*"),
  take("scale_count", /scales" of \d+ elements/, "c8:refusal:fault=scales_of_heads;*"),
  take("scale_array", /scales": it is/, "c8:refusal:fault=scales_int32;*"),
  take("code_array", /codes": it is/, "c8:refusal:fault=codes_float32;*"),
  take("code_count", /codes" of \d+ elements/, "c8:refusal:fault=codes_short;*"),
  take("unknown_format", /not a format of a quantised/, "c8:refusal:fault=granularity_unknown;*"),
  take("zero_points_missing", /zeros": it is/, "c4:refusal:fault=zeros_missing;*"),
  take("zero_point_fraction", /use the zero point/, "c4:refusal:fault=zeros_fraction;*"),
  take("tensor_scale", /tensorScale/, "c4:refusal:fault=tensor_scale_missing;*"),
];

function take(label: string, refusal: RegExp, query: string): TakeMember {
  return {
    label,
    refusal,
    violates: [`dtype/${query.slice(0, 2)}`],
    fault: `A problem with a wrong ${
      label.replaceAll("_", " ")
    } is computed as if nothing were wrong`,
    killedBy: [`kernel:${query}`],
  };
}

export const quantisedRefusalMutants: readonly Mutant[] = kernelFamily(
  { name: "takes_quantised" },
  TAKES,
  ({ refusal }) => taking((_, message) => refusal.test(message)),
);
