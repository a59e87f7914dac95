/** Kernels of engines that the sides of a benchmark stand for, each with its source. */

import type { KernelForm } from "./sides.ts";

/** What a form of the kernel stands for outside of this project. */
export interface FormMeaning {
  /** Which engine's kernel, of which version, works like this. One sentence without its stop. */
  readonly standsFor: string;
  /** Where that can be read. */
  readonly source: string;
}

/** What each form stands for. */
export const FORM_MEANINGS: Readonly<Record<KernelForm, FormMeaning>> = {
  "two-pass": {
    standsFor:
      "FastDeploy's head-wise mode of April 2026 (head_wise_swa_ratio): a window pass and a " +
      "full pass over all heads, of which columns are kept",
    source: "PaddlePaddle/FastDeploy, append_attention at 55fb29b (2026-04-29)",
  },
  "row": {
    standsFor:
      "FastDeploy's C16 append attention of April 2026 and its unified decode attention of " +
      "release 2.6, which load what the window hides and mask it",
    source: "PaddlePaddle/FastDeploy, append_attention at 55fb29b (2026-04-29), " +
      "decode_unified_attention at b984cf3 (2026-05-26)",
  },
  "headwise-row": {
    standsFor:
      "FastDeploy's C16 kernel with a head-wise table as it was proposed in May 2026: whole " +
      "rows are walked as before",
    source: "PaddlePaddle/FastDeploy, pull request 7718 (2026-05-04, not merged)",
  },
  "clipped": {
    standsFor:
      "vLLM's Triton attention, which starts at the window: prefill and 2-D decode since " +
      "September 2025, split decode since January 2026",
    source: "vllm-project/vllm, pull requests 24390 (2025-09-07) and 31984 (2026-01-08)",
  },
  "headwise": {
    standsFor: "no released engine: a kernel that reads the live pages of a head-wise table only",
    source: "the ABI of head-wise block tables, version 2",
  },
};
