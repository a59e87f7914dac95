/** The policies by the profile that a workload asks for. */

import type { SchedulerProfile } from "../../fixtures/mod.ts";
import { FASTDEPLOY_V1_POLICY } from "./fastdeploy_v1.ts";
import { REFERENCE_POLICY } from "./reference.ts";
import type { SchedulerPolicy } from "./scheduler.ts";
import { SGLANG_POLICY } from "./sglang.ts";
import { VLLM_V1_POLICY } from "./vllm_v1.ts";

/** Every profile's policy. */
export const POLICIES: Readonly<Record<SchedulerProfile, SchedulerPolicy>> = {
  "reference": REFERENCE_POLICY,
  "vllm-v1": VLLM_V1_POLICY,
  "sglang": SGLANG_POLICY,
  "fastdeploy-v1": FASTDEPLOY_V1_POLICY,
};
