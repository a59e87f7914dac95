import { dirname } from "node:path";
import { type Finding, findingOf, limited, missing, notAllowed, ok } from "./finding.ts";
import type { Probe } from "./probe.ts";

/** What the adapter says of itself. */
export interface AdapterFacts {
  readonly description: string;
  /** Whether it runs on the CPU. */
  readonly isSoftware: boolean;
  /** Whether it times passes. */
  readonly hasTimestamps: boolean;
  /** Lanes of a subgroup; 0 where the kernel uses none. */
  readonly subgroupSize: number;
  /** Side of the f16 subgroup matrices that kernels use, or null. */
  readonly matrixSize: number | null;
  /** Features, by WebGPU's names. */
  readonly features: readonly string[];
  /** Largest storage binding in bytes. */
  readonly maxBindingBytes: number;
  /** Largest buffer in bytes. */
  readonly maxBufferBytes: number;
  /** Most lanes of a workgroup. */
  readonly maxWorkgroupInvocations: number;
}

/** Where Linux distributions describe the drivers that run on the CPU. */
const SOFTWARE_DRIVERS = [
  {
    name: "lavapipe",
    paths: [
      "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json",
      "/usr/share/vulkan/icd.d/lvp_icd.aarch64.json",
      "/usr/share/vulkan/icd.d/lvp_icd.json",
    ],
    fix: "deno task setup",
  },
  {
    name: "SwiftShader",
    paths: ["/usr/lib/chromium/vk_swiftshader_icd.json"],
    fix: "apt-get install -y --no-install-recommends chromium",
  },
] as const;

/**
 * Says what the adapter is good for.
 *
 * @param found What the device says of itself, or why there is none.
 */
export function checkAdapter(
  found: { readonly adapter: AdapterFacts | null; readonly reason: string; readonly fix: string },
): readonly Finding[] {
  const adapter = { name: "WebGPU adapter", why: "the 'gpu' clock, and the suite on the kernel" };
  const timestamps = { name: "timestamp queries", why: "the 'gpu' clock times passes with them" };
  if (found.adapter === null) {
    return [
      findingOf(adapter, missing(found.reason, found.fix)),
      findingOf(timestamps, missing("no adapter", found.fix)),
    ];
  }
  const { description, isSoftware, hasTimestamps } = found.adapter;
  const software = `${description}, in software: right answers, but its times say nothing of a GPU`;
  const driver = "install the driver of a GPU, or take the times of --clock model";
  return [
    findingOf(adapter, isSoftware ? limited(software, driver) : ok(description)),
    findingOf(
      timestamps,
      hasTimestamps
        ? ok("there")
        : missing("not offered by this driver", "headwise bench --clock model"),
    ),
  ];
}

/**
 * Looks for the drivers that run on the CPU, which tests are repeated on.
 *
 * @returns Findings; none on systems whose places are not known.
 */
export async function checkSoftwareDrivers(probe: Probe): Promise<readonly Finding[]> {
  if (probe.os !== "linux") return [];
  return await Promise.all(SOFTWARE_DRIVERS.map(async ({ name, paths, fix }) => {
    const thing = { name, why: "the suite also runs on software drivers" };
    for (const path of paths) {
      if (!await probe.isGranted({ name: "read", path })) {
        return findingOf(thing, notAllowed(`--allow-read=${dirname(path)}`));
      }
      if (await probe.exists(path)) return findingOf(thing, ok(`'${path}'`));
    }
    return findingOf(thing, missing("not installed", fix));
  }));
}
