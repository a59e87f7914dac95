/** What a browser reports itself, and what to do where it has no GPU. */

import type { BrowserEnvironment } from "../../bench/mod.ts";
import type { Problem } from "./messages.ts";

/** The parts of `navigator` that are read; Chromium alone has `userAgentData`. */
export interface BrowserNavigator {
  /** Free text that names browser and system. */
  readonly userAgent: string;
  /** Names and versions as data. */
  readonly userAgentData?: {
    readonly getHighEntropyValues: (hints: readonly string[]) => Promise<{
      readonly platform?: string;
      readonly architecture?: string;
      readonly bitness?: string;
      readonly fullVersionList?: readonly { readonly brand: string; readonly version: string }[];
    }>;
  };
}

/**
 * Describes the browser as results carry it.
 *
 * @param o Name of the adapter, or null.
 */
export async function describeBrowser(
  navigator: BrowserNavigator,
  o: { readonly adapter: string | null },
): Promise<BrowserEnvironment> {
  const values = await navigator.userAgentData?.getHighEntropyValues([
    "architecture",
    "bitness",
    "fullVersionList",
  ]);
  // Chromium adds a brand that no one has, so that no one relies on the list.
  const brands = (values?.fullVersionList ?? []).filter(({ brand }) => !/Not.*Brand/i.test(brand));
  const architecture = values?.architecture ? `${values.architecture} ${values.bitness ?? ""}` : "";
  return {
    os: values?.platform || osOf(navigator.userAgent),
    arch: architecture.trim() || null,
    browser: brands.map(({ brand, version }) => `${brand} ${version}`).join(", ") ||
      navigator.userAgent,
    adapter: o.adapter,
  };
}

function osOf(userAgent: string): string {
  const known = ["Windows", "Android", "iPhone", "iPad", "Mac OS", "CrOS", "Linux"];
  return known.find((name) => userAgent.includes(name)) ?? "unknown";
}

/** Says why there is no GPU, and what one can do about it. */
export function explainMissingGpu(
  o: { readonly hasWebGpu: boolean; readonly isSecure: boolean; readonly reason: string },
): Problem {
  if (!o.isSecure) {
    return {
      title: "This page has no secure context, and browsers give WebGPU to no other",
      fixes: [
        "Open it through https:, through http://localhost (`headwise serve --ui`), or as a file.",
      ],
    };
  }
  if (!o.hasWebGpu) {
    return {
      title: "This browser has no WebGPU",
      fixes: [
        "Chrome and Edge have it from version 113, on Android from 121; on Linux it may need " +
        "chrome://flags/#enable-unsafe-webgpu.",
        "Safari has it from version 26; Firefox from 141 on Windows and 145 on macOS.",
        "Without a browser: `headwise conformance` runs the same suites under Deno.",
      ],
    };
  }
  return {
    title: o.reason,
    fixes: [
      "Switch on hardware acceleration in the browser's settings and start it again.",
      "Look at chrome://gpu (or about:support in Firefox) for the reason, and update the driver.",
      "On Linux start Chromium with --enable-unsafe-webgpu --enable-features=Vulkan.",
    ],
  };
}
