/** Commands of an allocator and of a validator: one for each method of `AllocatorSubject`. */
import { z } from "zod";
import type {
  AdmitCommand,
  AllocatorSnapshot,
  AllocatorSubject,
  CacheSpec,
  PageReply,
  Refusal,
  ReleaseCommand,
  SharedReply,
  TableDump,
} from "../../subject.ts";
import { dataOf, dumpTensors, int32Arrays, int32Tensors } from "../tensor_fields.ts";
import { partCommand, withoutUndefined } from "./command.ts";
import {
  cacheSpec,
  count,
  fileName,
  integer,
  number,
  pages,
  shortage,
  tableFault,
} from "./values.ts";

type Spec = z.infer<typeof cacheSpec>;

type PageAnswer = Exclude<PageReply, Refusal>;

const growth = { slot: number, lengthTokens: number };

const allocator = <Name extends keyof AllocatorSubject>(_: Name) =>
  partCommand<NonNullable<AllocatorSubject[Name]>>("allocator");

export const ALLOCATOR_COMMANDS = {
  create: allocator("create")({
    about: "Makes an empty allocator in place of the one before; null",
    request: { spec: cacheSpec },
    result: z.null(),
    pack: (spec) => ({ fields: { spec: spec as Spec } }),
    unpack: ({ spec }) => [spec as CacheSpec],
  }),
  admit: allocator("admit")({
    about: "Gives an empty slot the pages of its first tokens; `allocated` or a `shortage`",
    answers: "value-or-refusal",
    request: { ...growth, request: number.optional() },
    result: pages,
    unpack: (fields) => [withoutUndefined(fields) as AdmitCommand],
    unpackResult: (reply) => withoutUndefined(reply) as PageAnswer,
  }),
  extend: allocator("extend")({
    about: "Grows a slot to hold so many tokens in all; `allocated` or a `shortage`",
    answers: "value-or-refusal",
    request: growth,
    result: pages,
    unpackResult: (reply) => withoutUndefined(reply) as PageAnswer,
  }),
  recycle: allocator("recycle")({
    about: "Frees the dead pages of a slot; how many",
    request: { ...growth, nextPositionTokens: number },
    result: count,
  }),
  release: allocator("release")({
    about: "Ends a slot's request (finish, abort, preemption); how many pages it held",
    request: { slot: number, request: number.optional() },
    result: count,
    unpack: (fields) => [withoutUndefined(fields) as ReleaseCommand],
  }),
  beginTransfer: allocator("beginTransfer")({
    about: "Begins to copy a slot's pages elsewhere, beside the steps; the transfer's number",
    request: { slot: number },
    result: integer,
  }),
  endTransfer: allocator("endTransfer")({
    about: "Tells that a transfer has ended; null",
    request: { transfer: number },
    result: z.null(),
  }),
  cachePrefix: allocator("cachePrefix")({
    about: "Caches the complete blocks of P tokens that a slot has computed; how many were new",
    request: { slot: number, blocks: z.array(number), cachedTokens: number },
    result: count,
    pack: (o) => ({ fields: { ...o, blocks: [...o.blocks] } }),
  }),
  admitShared: allocator("admitShared")({
    about: "Gives an empty slot the cached pages of its first blocks; `hitTokens`, or a `shortage`",
    answers: "value-or-refusal",
    request: { ...growth, blocks: z.array(number) },
    result: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("allocated"), hitTokens: count }),
      shortage,
    ]),
    pack: (o) => ({ fields: { ...o, blocks: [...o.blocks] } }),
    unpackResult: (reply) => withoutUndefined(reply) as Exclude<SharedReply, Refusal>,
  }),
  swap: allocator("swap")({
    about: "Exchanges two slots; null",
    request: { first: number, second: number },
    result: z.null(),
  }),
  condense: allocator("condense")({
    about: "Moves the active slots to the front; for each slot, which one it was",
    request: { active: z.array(z.boolean()) },
    result: z.array(integer),
    pack: ({ active }) => ({ fields: { active: [...active] } }),
    packResult: (order) => ({ fields: [...order] }),
    unpackResult: (order) => Int32Array.from(order),
  }),
  reorder: allocator("reorder")({
    about: "Makes slot i what slot permutation[i] was; null",
    request: { permutation: z.array(number) },
    result: z.null(),
    pack: ({ permutation }) => ({ fields: { permutation: [...permutation] } }),
    unpack: ({ permutation }) => [{ permutation: Int32Array.from(permutation, Number) }],
  }),
  beginStep: allocator("beginStep")({
    about: "Opens a step; its number",
    request: {},
    result: integer,
  }),
  completeStep: allocator("completeStep")({
    about: "Tells that a step has completed on the device; null",
    request: { step: number },
    result: z.null(),
  }),
  returnPages: allocator("returnPages")({
    about: "Returns pages to a pool by id; null",
    request: { pool: number, ids: z.array(number) },
    result: z.null(),
    pack: ({ pool, ids }) => ({ fields: { pool, ids: [...ids] } }),
    unpack: ({ pool, ids }) => [{ pool: Number(pool), ids: Int32Array.from(ids, Number) }],
  }),
  canAdmit: allocator("canAdmit")({
    about: "Asks whether a request fits now; true or false",
    request: { lengthTokens: number, stepTokens: number },
    result: z.boolean(),
  }),
  snapshot: allocator("snapshot")({
    about: "Shows the state; sizes, `availability` and tensors",
    answers: "value",
    request: {},
    result: z.strictObject({
      layout: z.enum(["uniform", "headwise", "pooled"]),
      layerGroups: count,
      slots: count,
      kvHeads: count,
      columns: count,
      availability: z.number(),
      tensors: fileName,
    }),
    resultTensors: {
      table: "I32 [Lg·B·H, M] ids; [B, M] for the uniform layout",
      draftTable: "I32, of the same shape; absent without a draft model",
      workerTable: "I32, the copy that the step opened last reads; absent where no one keeps one",
      freePages: "I32, free pages of each pool",
      waitingPages: "I32, freed pages of each pool that wait for a step in flight",
      lengthsTokens: "I32 [B] tokens that each slot holds",
    },
    packResult: (snapshot) => {
      const { table, draftTable, workerTable, freePages, waitingPages, ...rest } = snapshot;
      const { lengthsTokens, ...fields } = rest;
      const copies = { draftTable, workerTable };
      const tensors = int32Tensors({ table, ...copies, freePages, waitingPages, lengthsTokens });
      return { fields, tensors };
    },
    unpackResult: ({ tensors: _, ...fields }, tensors) => {
      const copies = (["draftTable", "workerTable"] as const).filter((name) => tensors.has(name));
      const always = ["table", "freePages", "waitingPages", "lengthsTokens"] as const;
      return {
        ...fields,
        ...int32Arrays(tensors, always),
        draftTable: null,
        ...(int32Arrays(tensors, copies) as Partial<AllocatorSnapshot>),
      };
    },
  }),
  shard: allocator("shard")({
    about: "Shards heads over ranks, without an allocator; heads of the rank",
    request: { kvHeadsGlobal: number, queryHeadsGlobal: number, ranks: number, rank: number },
    result: z.strictObject({ kvHeads: integer, queryHeads: integer }),
  }),
  validate: allocator("validate")({
    about: "Validates a table, without an allocator; its `faults`",
    answers: "value",
    request: {
      layout: z.string(),
      slots: number,
      sinkTokens: number,
      columns: number,
      pagesPerHead: number,
      pageSizeTokens: number,
      uniformColumns: number,
      tensors: fileName,
    },
    requestTensors: {
      table: "I32 [B·H, M] ids; [B, M] for the uniform layout",
      headWindows: "I32 [H] W of each head; 0 is full context",
      lengthsTokens: "I32 [B] tokens of each slot",
    },
    result: z.strictObject({ faults: z.array(tableFault) }),
    pack: ({ table, headWindows, lengthsTokens, ...fields }) => ({
      fields,
      tensors: dumpTensors({ table, headWindows, lengthsTokens, columns: fields.columns }),
    }),
    unpack: ({ tensors: _, ...fields }, tensors) => [{
      ...fields as Omit<TableDump, "table" | "headWindows" | "lengthsTokens">,
      table: dataOf(tensors, "table"),
      headWindows: dataOf(tensors, "headWindows"),
      lengthsTokens: dataOf(tensors, "lengthsTokens"),
    }],
    packResult: (faults) => ({
      fields: {
        faults: faults.map(({ clause, slot, head, column, value }) => ({
          clause,
          slot,
          head,
          column,
          value,
        })),
      },
    }),
    unpackResult: ({ faults }) => faults.map(withoutUndefined),
  }),
};
