/**
 * What the suite judges: an allocator, a kernel, or both, behind small command interfaces.
 *
 * Every command takes and gives plain data, so that an implementation in another process can stand
 * behind the same interface. A command that the implementation refuses is an answer and not an
 * exception; an exception is a fault of the subject and never counts as non-conformance.
 */
import type { HeadKind, Layout } from "../allocator/mod.ts";
import type {
  AppendOutcome,
  AppendProblem,
  Arithmetic,
  AttentionProblem,
  StepTimer,
} from "../kernel/mod.ts";
import type { Capability } from "./capabilities.ts";
import type { Policies } from "./policies.ts";
import type { Refusal, Reply } from "./reply.ts";

export { CAPABILITIES, type Capability, NAMED_CAPABILITIES } from "./capabilities.ts";
export type { Refusal, Reply } from "./reply.ts";

/** Which heads are window heads, before it is resolved. */
export type HeadSpec =
  | { readonly kind: "pattern"; readonly pattern: "first" | "last"; readonly ratio: number }
  | { readonly kind: "layers"; readonly kindsByLayer: readonly (readonly HeadKind[])[] };

/** Everything an allocator is made from. */
export interface CacheSpec {
  /** Table layout. */
  readonly layout: Layout;
  /** Window heads. */
  readonly heads: HeadSpec;
  /** Layers of the model. */
  readonly layers: number;
  /** H, KV heads of the whole model. */
  readonly kvHeads: number;
  /** Query heads of the whole model. */
  readonly queryHeads: number;
  /** W in tokens; 0 is full context everywhere. */
  readonly windowTokens: number;
  /** S in tokens. */
  readonly sinkTokens: number;
  /** B. */
  readonly slots: number;
  /** N, pages of a head's pool. */
  readonly pagesPerHead: number;
  /** P in tokens. */
  readonly pageSizeTokens: number;
  /** Longest request in tokens. */
  readonly modelLengthTokens: number;
  /** M; null leaves it to the allocator. */
  readonly columns: number | null;
  /** Pages handed out ahead of need. */
  readonly preallocatedPages: number;
  /** Whether dead pages are freed before the end of a request. */
  readonly recycle: boolean;
  /** Whether requests share the pages of a common prefix. */
  readonly prefixSharing: boolean;
  /** Whether a draft model's table is kept too. */
  readonly draftTables: boolean;
  /** Seed of the page order; null for ids in order. */
  readonly shuffleSeed: number | null;
  /** Ranks that share the heads, and which one this is. */
  readonly tensorParallel: { readonly ranks: number; readonly rank: number };
}

/** A request for pages, answered. */
export type PageReply =
  | { readonly kind: "allocated" }
  | {
    readonly kind: "shortage";
    /** Pages asked of the pool that is short; absent from a bare shortage, as the others are. */
    readonly need?: number;
    readonly free?: number;
    readonly capacity?: number;
  }
  | Refusal;

/** State of an allocator that anyone may look at. */
export interface AllocatorSnapshot {
  /** Table layout. */
  readonly layout: Layout;
  /** Lg. */
  readonly layerGroups: number;
  /** B. */
  readonly slots: number;
  /** H on this rank. */
  readonly kvHeads: number;
  /** M. */
  readonly columns: number;
  /** [Lg·B·H, M] ids; [B, M] for the uniform layout. */
  readonly table: Int32Array;
  /** The draft model's table, same shape; null without one. */
  readonly draftTable: Int32Array | null;
  /** The worker's copy of the table, as the step that was opened last reads it. */
  readonly workerTable?: Int32Array;
  /** Free pages of each pool: Lg·H pools (headwise, group-major) or one. */
  readonly freePages: Int32Array;
  /** Freed pages of each pool that wait for a step in flight. */
  readonly waitingPages: Int32Array;
  /** [B] tokens that each slot holds; 0 when empty. */
  readonly lengthsTokens: Int32Array;
  /** Share of the pages that are free, in [0, 1]. */
  readonly availability: number;
}

/** A request that takes a slot. */
export interface AdmitCommand {
  /** The slot. */
  readonly slot: number;
  /** Its first tokens. */
  readonly lengthTokens: number;
  /** Number of the request; given where releases name it. */
  readonly request?: number;
}

/** The end of a request. */
export interface ReleaseCommand {
  /** Its slot. */
  readonly slot: number;
  /** Number of the request; where the slot has another one by now, nothing of that may change. */
  readonly request?: number;
}

/** A slot and the content of its first tokens. */
export interface PrefixCommand {
  /** The slot. */
  readonly slot: number;
  /** What each complete block of P tokens holds: equal numbers are equal tokens. */
  readonly blocks: readonly number[];
}

/** A request that shares cached pages, answered. */
export type SharedReply =
  | { readonly kind: "allocated"; readonly hitTokens: number }
  | Exclude<PageReply, { readonly kind: "allocated" }>;

/** A question to admission. */
export interface AdmissionCommand {
  /** Tokens that the request will hold in all. */
  readonly lengthTokens: number;
  /** Most tokens of it that one step computes. */
  readonly stepTokens: number;
}

/** A head sharding over ranks. */
export interface ShardReply {
  /** KV heads on the rank. */
  readonly kvHeads: number;
  /** Query heads on the rank. */
  readonly queryHeads: number;
}

/** A head sharding asked for. */
export interface ShardCommand {
  /** KV heads of the model. */
  readonly kvHeadsGlobal: number;
  /** Query heads of the model. */
  readonly queryHeadsGlobal: number;
  /** Ranks. */
  readonly ranks: number;
  /** This rank. */
  readonly rank: number;
}

/** A table for the validator. */
export interface TableDump {
  /** Table layout. */
  readonly layout: Layout;
  /** B. */
  readonly slots: number;
  /** [H] W of each head; 0 is full context. */
  readonly headWindows: Int32Array;
  /** S. */
  readonly sinkTokens: number;
  /** M. */
  readonly columns: number;
  /** [B·H, M] ids; [B, M] for the uniform layout. */
  readonly table: Int32Array;
  /** N. */
  readonly pagesPerHead: number;
  /** P. */
  readonly pageSizeTokens: number;
  /** [B] tokens of each slot. */
  readonly lengthsTokens: Int32Array;
  /** M of the uniform table beside it. */
  readonly uniformColumns: number;
}

/** A fault found in a table. */
export interface TableFault {
  /** Clause that is violated. */
  readonly clause: string;
  /** Slot of the row, where the fault has one. */
  readonly slot?: number;
  /** Head of the row. */
  readonly head?: number;
  /** Column of the entry. */
  readonly column?: number;
  /** The entry. */
  readonly value?: number;
}

/** An allocator as a set of commands. */
export interface AllocatorSubject {
  /** Makes an empty allocator in place of the one before. */
  create(spec: CacheSpec): Promise<Reply<null>>;
  /** Gives an empty slot the pages of its first tokens. */
  admit(o: AdmitCommand): Promise<PageReply>;
  /** Grows a slot to hold so many tokens in all. */
  extend(o: { slot: number; lengthTokens: number }): Promise<PageReply>;
  /** Frees the dead pages of a slot; gives how many. */
  recycle(
    o: { slot: number; nextPositionTokens: number; lengthTokens: number },
  ): Promise<Reply<number>>;
  /** Ends a slot's request; gives how many pages it held. */
  release(o: ReleaseCommand): Promise<Reply<number>>;
  /** Exchanges two slots. */
  swap(o: { first: number; second: number }): Promise<Reply<null>>;
  /** Moves the active slots to the front; gives, for each slot, which one it was. */
  condense(o: { active: readonly boolean[] }): Promise<Reply<Int32Array>>;
  /** Makes slot i what slot permutation[i] was. */
  reorder(o: { permutation: Int32Array }): Promise<Reply<null>>;
  /** Opens a step; gives its number. */
  beginStep(): Promise<Reply<number>>;
  /** Tells that a step has completed on the device. */
  completeStep(o: { step: number }): Promise<Reply<null>>;
  /** Begins to copy a slot's pages elsewhere, beside the steps; gives the transfer's number. */
  beginTransfer?(o: { slot: number }): Promise<Reply<number>>;
  /** Tells that a transfer has ended. */
  endTransfer?(o: { transfer: number }): Promise<Reply<null>>;
  /** Caches the complete blocks of P tokens that a slot has computed; gives how many were new. */
  cachePrefix?(o: PrefixCommand & { readonly cachedTokens: number }): Promise<Reply<number>>;
  /** Gives an empty slot the cached pages of its first blocks, and new ones for the rest. */
  admitShared?(o: PrefixCommand & { readonly lengthTokens: number }): Promise<SharedReply>;
  /** Returns pages to a pool by id. */
  returnPages(o: { pool: number; ids: Int32Array }): Promise<Reply<null>>;
  /** Asks whether a request fits now. */
  canAdmit(o: AdmissionCommand): Promise<Reply<boolean>>;
  /** Shows the state. */
  snapshot(): Promise<AllocatorSnapshot>;
  /** Shards heads over ranks; needs no allocator. */
  shard(o: ShardCommand): Promise<Reply<ShardReply>>;
  /** Validates a table; needs no allocator. */
  validate(o: TableDump): Promise<readonly TableFault[]>;
}

/** How attention is to be run. */
export interface AttendOptions {
  /** Columns to walk: the whole row, or only those that hold a visible key. */
  readonly walk: "row" | "visible";
  /** Tokens of a split; 0 leaves it to the kernel. */
  readonly splitTokens: number;
  /** Full and window heads in one pass, or in two that are merged. */
  readonly passes: "one" | "two";
  /** An output to write into, at least [T, Hq, D]; what no query owns stays as it is. */
  readonly into?: Uint16Array;
}

/** Attention, answered. */
export interface AttendReply {
  /** [T, Hq, D] bits, or as long as the given output. */
  readonly output: Uint16Array;
  /** [T, Hq]; null where the kernel does not return it. */
  readonly logSumExp: Float32Array | null;
  /** [B] how the rows of each slot were computed, as declared; float32 throughout if left out. */
  readonly arithmetic?: readonly Arithmetic[];
}

/** An append, answered. */
export interface AppendReply extends AppendOutcome {
  /** How it was computed, as declared; in float32 if left out. */
  readonly arithmetic?: Arithmetic;
}

/** What a replay needed beyond buffer contents. */
export interface ReplayReply extends AttendReply {
  /** Readbacks inside the step; the copy of the result is not one. */
  readonly readbacks: number;
  /** Buffers, bind groups or pipelines made for the replay. */
  readonly objectsMade: number;
}

/** A kernel as a set of commands. */
export interface KernelSubject {
  /** Computes attention. */
  attend(problem: AttentionProblem, o: AttendOptions): Promise<Reply<AttendReply>>;
  /**
   * Computes attention over a cache that is given sparsely: keys and values hold the pages
   * `pageIds` alone, in that order; ids of the table count in the whole pool, whose size is the
   * shape's. Whatever stands in the other pages, no row names it.
   */
  attendSparse?(
    problem: AttentionProblem,
    o: { readonly pageIds: Int32Array },
  ): Promise<Reply<AttendReply>>;
  /** Rotates, and writes through the table. */
  append(problem: AppendProblem): Promise<Reply<AppendReply>>;
  /**
   * Records a step of the problem's shapes; its table must be the identity one. Null stands for
   * recording without a table.
   */
  capture(problem: AttentionProblem, o: { table: Int32Array | null }): Promise<Reply<number>>;
  /** Replays a recorded step over new contents of the same shapes. */
  replay(capture: number, problem: AttentionProblem): Promise<Reply<ReplayReply>>;
  /** Forgets a recorded step. */
  releaseCapture(capture: number): Promise<void>;
}

/** An implementation under judgement. */
export interface Subject {
  /** Name in reports. */
  readonly name: string;
  /** What it claims to do; a claim that it then refuses is a failure. */
  readonly capabilities: ReadonlySet<Capability>;
  /** What it declares to decide otherwise than the default. */
  readonly policies?: Partial<Policies>;
  /** How its kernel computes, where not in float32 throughout; its answers are judged by it. */
  readonly arithmetic?: Partial<Arithmetic>;
  /** Its allocator, if it has one. */
  readonly allocator?: AllocatorSubject;
  /** Its kernel, if it has one. */
  readonly kernel?: KernelSubject;
  /** What times its kernel for a benchmark, if it has one; the suite does not judge it. */
  readonly clock?: StepTimer;
  /** What else it reports itself, such as its version or device; shown in reports. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Makes it fit for the next case after one in which it did not answer in time. */
  readonly recover?: () => Promise<void>;
}
