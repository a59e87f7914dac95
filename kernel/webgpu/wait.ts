/** Waiting for a device that may never answer, and telling what it reported meanwhile. */

import { GpuError } from "./gpu_error.ts";

/** Longest wait where none is said, in milliseconds: longer than any driver lets a dispatch run. */
export const DEFAULT_WAIT_MS = 120_000;

/** What a wait needs to know of a device. */
export interface WaitingDevice {
  /** Faults that WebGPU reported outside an error scope, oldest first. */
  readonly faults: string[];
  /** Longest wait for an answer, in milliseconds; two minutes by default. */
  readonly waitMs?: number;
}

/** The fix of each fault that WebGPU reports. */
const FIXES = {
  "device-lost": "run it again; if the device is lost again, the driver's own log says why",
  "out-of-memory": "use fewer pages, layers or slots, or free the device's memory",
  validation: "this is a fault of the kernel or of the driver; report it with `headwise doctor`",
} as const;

/**
 * Waits for a device. One that does not answer in time is given up: everything asked of it later
 * fails at once.
 *
 * @throws {GpuError} `timeout`, or what the device reported while the wait failed.
 */
export async function answered<T>(
  gpu: WaitingDevice,
  answer: Promise<T>,
  doing: string,
): Promise<T> {
  const waitMs = gpu.waitMs ?? DEFAULT_WAIT_MS;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const message = `The GPU did not answer within ${waitMs} ms while ${doing}`;
    gpu.faults.push(`Device lost: ${message}`);
    reject(
      new GpuError("timeout", `${message}; run it again, with a smaller problem if it repeats`),
    );
  }, waitMs);
  try {
    return await Promise.race([answer, late]);
  } catch (error) {
    if (error instanceof GpuError) throw error;
    // A wait fails before the device says that it is lost; its reason comes with the next turn.
    await new Promise((resolve) => setTimeout(resolve, 0));
    throwFaults(gpu);
    const reason = error instanceof Error ? error.message : String(error);
    const message = `The GPU failed while ${doing}: ${reason}; ${FIXES.validation}`;
    throw new GpuError("validation", message, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Turns faults that WebGPU reported out of band into an error.
 *
 * @throws {GpuError} With every fault so far; they are then forgotten, but for the loss of the device.
 */
export function throwFaults(gpu: WaitingDevice): void {
  if (gpu.faults.length === 0) return;
  const faults = gpu.faults.splice(0);
  const text = faults.join("; ");
  const isLost = (fault: string): boolean => /lost/i.test(fault);
  gpu.faults.push(...faults.filter(isLost).slice(0, 1));
  const code = isLost(text) ? "device-lost" : /memory/i.test(text) ? "out-of-memory" : "validation";
  throw new GpuError(code, `The GPU reported a fault: ${text}; ${FIXES[code]}`);
}
