/** Tests that need a GPU: skipped loudly, by name, where no adapter answers. */

import { type Gpu, openGpu } from "./gpu.ts";

// One device for each way of generating programs, so that tests share what was compiled.
const devices = { subgroups: await openGpu(), "no subgroups": await openGpu({ subgroups: "off" }) };
const probe = devices.subgroups;

/** Why GPU tests are skipped, or null where they run. */
export const GPU_MISSING: string | null = probe.kind === "gpu"
  ? null
  : `${probe.reason}; ${probe.fix}`;

/**
 * Registers a test that runs twice on the default adapter: with subgroups where it has a fixed
 * subgroup size, and without.
 */
export function testWithGpu(name: string, run: (gpu: Gpu) => Promise<void>): void {
  for (const [kind, outcome] of Object.entries(devices)) {
    const missing = GPU_MISSING === null ? "" : ` [SKIPPED: ${GPU_MISSING}]`;
    Deno.test({
      name: `${name} (${kind})${missing}`,
      ignore: GPU_MISSING !== null,
      fn: async () => {
        if (outcome.kind !== "gpu") throw new Error(outcome.reason);
        await run(outcome.gpu);
      },
    });
  }
}
