/** What the page shows of an adapter. */

import type { Gpu } from "../../kernel/mod.ts";
import { formatBytes } from "../../fixtures/mod.ts";
import type { AdapterFacts } from "./messages.ts";

/** Describes an open GPU: its name, what programs are made for, and the limits that bind. */
export function adapterFacts(gpu: Gpu): AdapterFacts {
  const { adapter, target, device: { limits } } = gpu;
  const { subgroupMinSize: min, subgroupMaxSize: max } = adapter;
  const offered = min === max ? `${min}` : `${min} to ${max}`;
  const subgroups = target.subgroupSize > 0
    ? `of ${target.subgroupSize} lanes`
    : adapter.features.includes("subgroups")
    ? `not used: the adapter may pick ${offered} lanes`
    : "not used";
  return {
    name: adapter.description,
    isSoftware: gpu.isSoftware,
    hasTimestamps: gpu.hasTimestamps,
    details: [
      ["Vendor", adapter.vendor || "not told"],
      ["Architecture", adapter.architecture || "not told"],
      ["Subgroups", subgroups],
      ["GPU timer", gpu.hasTimestamps ? "timestamp queries" : "none, so nothing is timed"],
      ["Largest storage binding", formatBytes(limits.maxStorageBufferBindingSize)],
      ["Largest buffer", formatBytes(limits.maxBufferSize)],
      ["Storage buffers of a stage", `${limits.maxStorageBuffersPerShaderStage}`],
      ["Memory of a workgroup", formatBytes(limits.maxComputeWorkgroupStorageSize)],
      ["Lanes of a workgroup", `${limits.maxComputeInvocationsPerWorkgroup}`],
    ],
  };
}
