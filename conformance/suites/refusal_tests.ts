/** Tests of refusals: shapes and types that must be named before a byte is read. */
import type { AttentionProblem } from "../../kernel/mod.ts";
import { grid, type TestDefinition } from "../test_definition.ts";
import { appendRefused, defineAppendTest } from "./append_case.ts";
import { attendRefused, defineAttendTest } from "./attend_case.ts";

/** Problems as they come from outside: any field may have any type. */
type Fault = (problem: AttentionProblem) => unknown;

/** The same numbers, eight bytes each. */
function toInt64(values: Int32Array): BigInt64Array {
  return BigInt64Array.from(values, BigInt);
}

function withShape(changes: object): Fault {
  return (problem) => ({ ...problem, shape: { ...problem.shape, ...changes } });
}

const TYPE_FAULTS: Readonly<Record<string, Fault>> = {
  "table_int64": (p) => ({ ...p, table: toInt64(p.table) }),
  "table_uint32": (p) => ({ ...p, table: Uint32Array.from(p.table) }),
  "table_int64_bytes": (p) => ({ ...p, table: new BigInt64Array(p.table.slice(0).buffer, 0, 1) }),
  "table_float32": (p) => ({ ...p, table: Float32Array.from(p.table) }),
  "cached_lengths_int64": (p) => ({ ...p, cachedLengths: toInt64(p.cachedLengths) }),
  "query_starts_int64": (p) => ({ ...p, queryStarts: toInt64(p.queryStarts) }),
  "head_windows_int64": (p) => ({ ...p, headWindows: toInt64(p.headWindows) }),
  "mask_ranges_int64": (p) => ({ ...p, maskRanges: toInt64(p.maskRanges ?? new Int32Array()) }),
  "mask_ranges_float32": (p) => ({ ...p, maskRanges: Float32Array.from(p.maskRanges ?? []) }),
};

const STORAGE_FAULTS: Readonly<Record<string, Fault>> = {
  "query_float32": (p) => ({ ...p, query: Float32Array.from(p.query) }),
  "keys_float32": (p) => ({ ...p, keys: Float32Array.from(p.keys) }),
  "values_float32": (p) => ({ ...p, values: Float32Array.from(p.values) }),
  "keys_uint8": (p) => ({ ...p, keys: new Uint8Array(p.keys.buffer as ArrayBuffer) }),
  "values_int8": (p) => ({ ...p, values: new Int8Array(p.values.length) }),
  "storage_fp8": withShape({ storage: "fp8" }),
};

const SHAPE_FAULTS: Readonly<Record<string, Fault>> = {
  "rows_of_slots": (p) => ({ ...p, table: p.table.slice(0, p.shape.batch * p.shape.columns) }),
  "rows_missing": (p) => ({ ...p, table: p.table.slice(p.shape.columns) }),
  "rows_spare": (p) => ({ ...p, table: Int32Array.from([...p.table, ...p.table]) }),
  "no_columns": (p) => ({ ...p, table: new Int32Array(), shape: { ...p.shape, columns: 0 } }),
  "columns_short": narrowTable,
  "group_indivisible": withShape({ queryHeads: 7 }),
  "fewer_query_heads": withShape({ queryHeads: 1 }),
  "page_48": withShape({ pageSizeTokens: 48 }),
  "page_8": withShape({ pageSizeTokens: 8 }),
  "page_512": withShape({ pageSizeTokens: 512 }),
  "page_0": withShape({ pageSizeTokens: 0 }),
  "negative_window": (p) => ({ ...p, headWindows: p.headWindows.map(() => -1) }),
  "negative_sinks": (p) => ({ ...p, sinkTokens: -1 }),
};

/** Drops columns that requests need. */
function narrowTable(problem: AttentionProblem): AttentionProblem {
  const { columns } = problem.shape;
  const kept = columns - 3;
  const table = problem.table.filter((_, index) => index % columns < kept);
  return { ...problem, table, shape: { ...problem.shape, columns: kept } };
}

export const refusalTests: readonly TestDefinition[] = [
  defineAttendTest({
    id: "kernel:refusal:dtype",
    clauses: ["dtype/int32"],
    description: "Tables, lengths, starts, windows and ranges of another type are refused",
    cases: grid({ fault: Object.keys(TYPE_FAULTS) }),
    spec: ({ fault }) => ({ ranges: fault.startsWith("mask_ranges") }),
    run: (kernel, problem, { fault }) =>
      attendRefused(kernel, TYPE_FAULTS[fault]!(problem), problem),
  }),
  defineAttendTest({
    id: "kernel:refusal:storage",
    clauses: ["dtype/c16"],
    description: "Queries, keys and values of another type, or of two types, are refused",
    cases: grid({ fault: Object.keys(STORAGE_FAULTS) }),
    run: (kernel, problem, { fault }) =>
      attendRefused(kernel, STORAGE_FAULTS[fault]!(problem), problem),
  }),
  defineAttendTest({
    id: "kernel:refusal:shape",
    clauses: [
      "shape/rows",
      "shape/columns-positive",
      "shape/columns-cover",
      "shape/group",
      "mask/head-kinds",
      "mask/sink-threaded",
    ],
    description: "Row counts, columns, groups, page sizes and windows that cannot be are refused",
    cases: grid({ fault: Object.keys(SHAPE_FAULTS) }),
    run: (kernel, problem, { fault }) =>
      attendRefused(kernel, SHAPE_FAULTS[fault]!(problem), problem),
  }),
  defineAppendTest({
    id: "kernel:refusal:append",
    clauses: ["dtype/int32", "dtype/c16", "shape/rows", "shape/group"],
    description: "An append refuses the same types and shapes before it writes",
    cases: grid({
      fault: [
        "table_int64",
        "table_uint32",
        "cached_lengths_int64",
        "query_starts_int64",
        "keys_float32",
        "rows_of_slots",
        "page_48",
      ],
    }),
    run: (kernel, problem, { fault }) => {
      const apply = TYPE_FAULTS[fault] ?? STORAGE_FAULTS[fault] ?? SHAPE_FAULTS[fault];
      return appendRefused(kernel, apply!(problem as unknown as AttentionProblem), problem);
    },
  }),
];
