/** What decides which WGSL programs there are: sizes, target, tuning; and a program. */

import type { Layout } from "../../allocator/mod.ts";
import type { QuantisedFormat } from "../quantised/quantised_format.ts";
import type { StorageType } from "../storage_type.ts";

/** The subgroup matrices of an adapter: f16 operands, f32 results. */
export interface MatrixUnit {
  /** Rows, columns and depth of a matrix. */
  readonly size: 8 | 16;
  /** Workgroup memory that a program may take, in bytes. */
  readonly workgroupBytes: number;
  /** Fewest rows of decode that they multiply, where a tuning says so. */
  readonly leastRows?: number;
  /** Whether they multiply quantised caches as well, where a tuning says. @default {true} */
  readonly codes?: boolean;
}

/** Tuning of the matrix kernel; any choice gives answers inside the same bound. */
export interface MatrixTuning {
  /** Fragments of query rows that a subgroup owns. */
  readonly rowFragments: 1 | 2;
  /** Keys of a tile. */
  readonly tileKeys: 16 | 32;
  /** Fewest rows of decode that matrices multiply. @default {8, of heads of 64 elements 9} */
  readonly leastRows?: number;
  /** Whether codes are turned into f16 for matrices, which hold them exactly. @default {true} */
  readonly codes?: boolean;
}

/** Sizes that every program of one model and cache shares. */
export interface KernelShape {
  /** Hq. */
  readonly queryHeads: number;
  /** H. */
  readonly kvHeads: number;
  /** D. */
  readonly headSize: number;
  /** P. */
  readonly pageSizeTokens: number;
  /** Layout of table and cache. */
  readonly layout: Layout;
  /** Storage type of query, output and C16 cache. */
  readonly storage: StorageType;
  /** How quantised keys are stored. */
  readonly keyFormat?: QuantisedFormat;
  /** How quantised values are stored. */
  readonly valueFormat?: QuantisedFormat;
  /** Buffers that the key cache is split over, and as many for the values. */
  readonly bindings: number;
}

/** WGSL differences between compilers: naga rejects `enable subgroups;`, Tint requires it. */
export type WgslDialect = "naga" | "tint";

/** What decides how a program is written for an adapter. */
export interface ProgramTarget {
  /** Lanes of a subgroup, or 0 for programs that use none. */
  readonly subgroupSize: number;
  /** The compiler. */
  readonly dialect: WgslDialect;
  /** Whether loops are kept short to compile fast, as on an adapter that runs on the CPU. */
  readonly isCompact: boolean;
  /** Whether workgroups can see each other's writes within a dispatch. @default {false} */
  readonly isCoherent?: boolean;
  /** Whether WGSL has products of packed 8-bit integers. @default {false} */
  readonly hasPackedProducts?: boolean;
  /** Subgroup matrices of f16 with f32 results; left out where there are none. */
  readonly matrix?: MatrixUnit;
}

/** Tuning of steps of few keys: what counts is how few tiles a subgroup walks one after the other. */
export interface ShortTuning {
  /** Subgroups of a workgroup. */
  readonly subgroups: number;
  /** Whether the last workgroup of a tile joins its few splits, where the target allows it. */
  readonly mergesInside: boolean;
  /** Most rows that a subgroup holds, where not those of long steps. */
  readonly rowsOfSubgroup?: 5 | 8;
  /** Lanes that share a key, where not those of long steps. */
  readonly lanesPerKey?: number;
  /** Keys of such a group of lanes. */
  readonly keysPerGroup?: number;
}

/** Tuning of decode: the subgroup program and its plan; any choice gives right answers. */
export interface AttendTuning {
  /** Subgroups of a workgroup. */
  readonly subgroups: number;
  /** What differs in steps of few keys, whose items are short. */
  readonly short?: ShortTuning;
  /** Most rows that a subgroup holds, where registers have room for so many. @default {5} */
  readonly rowsOfSubgroup?: 5 | 8;
  /** Whether the last workgroup of a tile joins its few splits, where the target allows it. @default {false} */
  readonly mergesInside?: boolean;
  /** Lanes that share a key in the score phase: a power of two. */
  readonly lanesPerKey: number;
  /** Keys of 16 bits that such a group takes at a time, or half of those of codes: a power of two. */
  readonly keysPerGroup: number;
  /** Whether queries are rounded to 16 bits where the target multiplies int8 and int4 keys as they are. @default {true} */
  readonly fixedQuery?: boolean;
  /** Whether a tile's values are asked for a tile ahead, where all of them are in flight at a time. @default {false} */
  readonly valuesAhead?: boolean;
  /** Value loads that a lane issues before it uses the first: a power of two. */
  readonly valuesInFlight: number;
  /** Tuning of the matrix program, where there is one. */
  readonly matrix?: MatrixTuning;
  /** Items that the device runs at once, which splitting aims at. */
  readonly parallelItems: number;
}

/** One attention program. */
export interface AttendSpecialisation extends KernelShape {
  /** R, rows of an item: one of `ITEM_ROWS`. */
  readonly rows: number;
  /** Per-token ranges in place of the causal limit. */
  readonly maskRanges: boolean;
  /** A tree mask over the step's own tokens. */
  readonly treeMask: boolean;
  /** Learned sink logits in the denominator. */
  readonly learnedSinks: boolean;
  /** Whether the log-sum-exp is written. */
  readonly logSumExp: boolean;
}

/** One append program. */
export interface AppendSpecialisation extends KernelShape {
  /** Rotation style. */
  readonly rotaryStyle: "none" | "interleaved" | "neox";
  /** Leading elements that turn. */
  readonly rotaryDimensions: number;
}

/** Generated WGSL and what the caller needs to dispatch it. */
export interface Program {
  /** A name that tells programs apart: the cache key and the debug label. */
  readonly name: string;
  /** The shader. */
  readonly code: string;
  /** Its entry point. */
  readonly entryPoint: string;
  /** Lanes of a workgroup. */
  readonly workgroupSize: number;
}
