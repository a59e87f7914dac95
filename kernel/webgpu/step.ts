/** A step of one layer group, what a runner of steps is made for, and its state on the device. */

import type { AttentionShape, Rotary } from "../problem.ts";
import type { AddressOrder } from "./address_order.ts";
import type { AppendStage } from "./append_stage.ts";
import type { AttendStage, PackedExtras } from "./attend_stage.ts";
import type { DeviceCache } from "./device_cache.ts";
import type { Gpu } from "./gpu.ts";
import type { SharedScales } from "./sample_cache.ts";
import type { WorkPlan } from "./plan.ts";
import type { AttendTuning } from "./program.ts";

/** What a runner is made for. */
export interface StepRunnerOptions {
  /** Sizes; `columns` need not be the tables' own. */
  readonly shape: AttentionShape;
  /** Layer groups of the tables. */
  readonly layerGroups: number;
  /** [H] W of each KV head, for every layer group. */
  readonly headWindows: readonly Int32Array[];
  /** S. */
  readonly sinkTokens: number;
  /** Layers whose caches are made and alternate. */
  readonly layers: number;
  /** Pages that attention reads: those that some row sees, or whole rows, masked. */
  readonly walk: "row" | "visible";
  /** Most query tokens of a step. */
  readonly maxBatchTokens: number;
  /** Largest position plus one. */
  readonly modelLengthTokens: number;
  /** Rotation of queries and keys. */
  readonly rotary: Rotary;
  /** Factor of the scores; null means 1/√D. */
  readonly scoreScale: number | null;
  /** Whether each query head has a learned sink logit. */
  readonly learnedSinks: boolean;
  /** Seed of all contents. */
  readonly seed: number;
  /** Other than the default tuning. */
  readonly tuning?: AttendTuning;
  /**
   * Whether the device gets the full pages of heads without a window in the order of their addresses.
   * @default {whether a layer's keys and values take more than 8 GB}
   */
  readonly ordersPages?: boolean;
}

/** Everything that a step needs on the device. */
export interface StepState {
  /** The device. */
  readonly gpu: Gpu;
  /** What the runner was made for. */
  readonly options: StepRunnerOptions;
  readonly cache: DeviceCache;
  readonly append: AppendStage;
  /** Attention. */
  readonly attend: AttendStage;
  /** Buffers of a step. */
  readonly tensors: {
    readonly packed: GPUBuffer;
    readonly query: GPUBuffer;
    readonly table: GPUBuffer;
    readonly output: GPUBuffer;
  };
  /** Scales and zero points that the tokens of a quantised cache share. */
  readonly shared: SharedScales;
  /** Learned sinks. */
  readonly sinkLogits: Float32Array<ArrayBuffer> | null;
  /** The same, laid out for the device. */
  readonly extras: PackedExtras;
  readonly plan: WorkPlan;
  /** Tables in the order of addresses, or null where the device gets them as they are. */
  readonly order: AddressOrder | null;
}
