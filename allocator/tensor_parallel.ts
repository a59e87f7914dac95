import type { HeadMap } from "./head_map.ts";

/** What is wrong with a tensor-parallel configuration. */
export type TensorParallelErrorCode =
  | "tp/not-positive"
  | "tp/rank"
  | "tp/kv-heads-indivisible"
  | "tp/query-heads-indivisible"
  | "tp/group-indivisible";

/**
 * Heads that cannot be split over the ranks. It is thrown by ordinary code, so no release flag
 * strips the check.
 */
export class TensorParallelError extends RangeError {
  /** Stable code for callers that branch. */
  readonly code: TensorParallelErrorCode;
  /** The configuration that was refused. */
  readonly data: Readonly<Record<string, number>>;

  /** Builds the error from its code, the refused configuration and a full message. */
  constructor(
    code: TensorParallelErrorCode,
    data: Readonly<Record<string, number>>,
    message: string,
  ) {
    super(message);
    this.name = "TensorParallelError";
    this.code = code;
    this.data = data;
  }
}

/** One rank's question: which heads are mine. */
export interface ShardQuestion {
  /** KV heads of the model. */
  readonly kvHeadsGlobal: number;
  /** Query heads of the model. */
  readonly queryHeadsGlobal: number;
  /** Number of ranks. */
  readonly tensorParallel: number;
  /** This rank, in [0, tensorParallel). */
  readonly rank: number;
}

/** One rank's heads. */
export interface HeadShard {
  /** KV heads H on this rank. */
  readonly kvHeads: number;
  /** Query heads on this rank. */
  readonly queryHeads: number;
  /** The model's index of this rank's first KV head. */
  readonly firstKvHead: number;
  /** True where several ranks hold the same KV head. */
  readonly replicated: boolean;
}

function check(
  holds: boolean,
  code: TensorParallelErrorCode,
  data: Readonly<Record<string, number>>,
  message: string,
): void {
  if (!holds) throw new TensorParallelError(code, data, message);
}

function checkPositive(
  counts: Readonly<Record<string, number>>,
  data: Readonly<Record<string, number>>,
): void {
  for (const [name, value] of Object.entries(counts)) {
    const message = `Cannot shard heads with ${name} "${value}": give a positive integer`;
    check(Number.isInteger(value) && value >= 1, "tp/not-positive", data, message);
  }
}

function shardKvHeads(
  o: { kvHeadsGlobal: number; tensorParallel: number; rank: number },
): { kvHeads: number; firstKvHead: number; replicated: boolean } {
  const { kvHeadsGlobal, tensorParallel, rank } = o;
  const data = { kvHeadsGlobal, tensorParallel, rank };
  checkPositive({ kvHeadsGlobal, tensorParallel }, data);
  check(
    Number.isInteger(rank) && rank >= 0 && rank < tensorParallel,
    "tp/rank",
    data,
    `Cannot shard heads for rank "${rank}": ranks are integers in [0, ${tensorParallel})`,
  );
  if (kvHeadsGlobal >= tensorParallel) {
    check(
      kvHeadsGlobal % tensorParallel === 0,
      "tp/kv-heads-indivisible",
      data,
      `Cannot split ${kvHeadsGlobal} KV heads over "${tensorParallel}" ranks: choose a divisor ` +
        `of ${kvHeadsGlobal}, or more ranks than KV heads to replicate`,
    );
    const kvHeads = kvHeadsGlobal / tensorParallel;
    return { kvHeads, firstKvHead: rank * kvHeads, replicated: false };
  }
  // A rank owns a contiguous run of query heads. If the ranks were no multiple of the KV heads, a
  // run would need two KV heads, and a rank that replicates one would read a wrong cache.
  check(
    tensorParallel % kvHeadsGlobal === 0,
    "tp/kv-heads-indivisible",
    data,
    `Cannot replicate ${kvHeadsGlobal} KV heads over "${tensorParallel}" ranks: choose a ` +
      `multiple of ${kvHeadsGlobal}, so that each rank needs one KV head`,
  );
  const ranksPerHead = tensorParallel / kvHeadsGlobal;
  return { kvHeads: 1, firstKvHead: Math.floor(rank / ranksPerHead), replicated: true };
}

/**
 * Splits a model's heads over the ranks: KV heads evenly, or one replicated KV head a rank where
 * there are more ranks than KV heads.
 *
 * @throws {TensorParallelError} When the heads do not divide, before anything is allocated.
 */
export function shardHeads(o: ShardQuestion): HeadShard {
  const kv = shardKvHeads(o);
  const { queryHeadsGlobal, kvHeadsGlobal, tensorParallel } = o;
  checkPositive({ queryHeadsGlobal }, { ...o });
  check(
    queryHeadsGlobal % kvHeadsGlobal === 0,
    "tp/group-indivisible",
    { ...o },
    `Cannot group ${queryHeadsGlobal} query heads over "${kvHeadsGlobal}" KV heads: give a ` +
      `multiple of the KV heads`,
  );
  check(
    queryHeadsGlobal % tensorParallel === 0,
    "tp/query-heads-indivisible",
    { ...o },
    `Cannot split ${queryHeadsGlobal} query heads over "${tensorParallel}" ranks: choose a ` +
      `divisor of ${queryHeadsGlobal}`,
  );
  return { ...kv, queryHeads: queryHeadsGlobal / tensorParallel };
}

/**
 * Cuts one rank's KV heads out of a model's head map. Layer groups stay as they are, so every rank
 * has the same groups.
 *
 * @throws {TensorParallelError} When the KV heads do not divide.
 */
export function shardHeadMap(
  map: HeadMap,
  o: { readonly tensorParallel: number; readonly rank: number },
): HeadMap {
  const { kvHeads, firstKvHead } = shardKvHeads({ kvHeadsGlobal: map.kvHeads, ...o });
  return {
    ...map,
    kvHeads,
    groups: map.groups.map((group) => ({
      layers: group.layers,
      kinds: group.kinds.slice(firstKvHead, firstKvHead + kvHeads),
    })),
  };
}
