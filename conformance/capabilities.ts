/** What a subject may claim: a closed vocabulary. */
import { FORMAT_CAPABILITIES, type FormatCapability } from "./cache_formats.ts";

/** Capabilities that have a name of their own; those of cache formats follow from the formats. */
export const NAMED_CAPABILITIES = {
  "allocator.uniform": "uniform tables",
  "allocator.headwise": "head-wise tables over one pool per head",
  "allocator.pooled": "head-wise tables over one pool",
  "allocator.layer_groups": "a table per layer group",
  "allocator.heads": "rows of several KV heads; without it every layer group has one row",
  "allocator.draft": "a draft model's table beside the target's",
  "allocator.fence": "steps in flight",
  "allocator.recycle": "recycling of dead pages",
  "allocator.sinks": "sink tokens",
  "allocator.preallocation": "pages handed out ahead of need",
  "allocator.admission": "a question whether a request fits",
  "allocator.moves": "swaps, reorders and condensing of slots",
  "allocator.request_ids": "releases that name their request, so that late ones change nothing",
  "allocator.transfer": "transfers that read or write a slot's pages beside the steps",
  "allocator.worker_rows": "a worker's copy of the rows, as the next step reads it",
  "allocator.prefix_sharing": "requests that share the pages of a common prefix",
  "allocator.return_pages": "pages returned by id, outside any request",
  "allocator.tensor_parallel": "sharding over ranks",
  "validator": "validation of a table",
  "kernel.attend": "attention over a paged cache",
  "kernel.append": "writing new keys and values through the table",
  "kernel.bf16": "bfloat16 storage",
  "kernel.f16": "float16 storage",
  "kernel.uniform": "uniform tables",
  "kernel.headwise": "head-wise tables with ids local to the head",
  "kernel.pooled": "head-wise tables with global ids",
  "kernel.head_size_64": "a head size of 64; taken with 128 where neither is claimed",
  "kernel.head_size_128": "a head size of 128",
  "kernel.head_size_256": "a head size of 256",
  "kernel.page_size_16": "pages of 16 tokens; every size is taken where none is claimed",
  "kernel.page_size_32": "pages of 32 tokens",
  "kernel.page_size_64": "pages of 64 tokens",
  "kernel.page_size_128": "pages of 128 tokens",
  "kernel.page_size_256": "pages of 256 tokens",
  "kernel.sinks": "sink tokens of window heads",
  "kernel.wide_ids": "a sparse cache with page ids beyond 16 bits",
  "kernel.wide_offsets": "a sparse cache with element offsets beyond 31 and 32 bits",
  "kernel.into": "writing into a given output",
  "kernel.log_sum_exp": "returning the log-sum-exp",
  "kernel.mask_ranges": "a key range for each query token",
  "kernel.tree_mask": "a tree mask over the step's own tokens",
  "kernel.learned_sinks": "learned sink logits",
  "kernel.splits": "splitting a row's keys over several workers",
  "kernel.two_passes": "full and window heads in two passes",
  "kernel.capture": "recording a step and replaying it",
  "kernel.mixed_cache":
    "keys and values in two formats that are claimed, or one of them in 16 bits",
  "clock": "timing the steps of a benchmark's replay",
} as const;

/** One capability of the closed vocabulary. */
export type Capability = keyof typeof NAMED_CAPABILITIES | FormatCapability;

/** What each capability means; a test whose capability a subject lacks is skipped and listed. */
export const CAPABILITIES: Readonly<Record<Capability, string>> = {
  ...NAMED_CAPABILITIES,
  ...FORMAT_CAPABILITIES,
};
