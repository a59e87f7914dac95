/** Faults of a device, apart from any verdict about numbers. */

/** A fault of the device or of a shader: never a verdict about numbers. */
export class GpuError extends Error {
  /** What failed. */
  readonly code: "compile" | "device-lost" | "out-of-memory" | "timeout" | "validation" | "limit";

  /** Makes a fault with its code. */
  constructor(code: GpuError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "GpuError";
    this.code = code;
  }
}

/**
 * Tells whether a device is of no use after a fault, so that a new one has to be opened.
 *
 * @returns True for a lost device, one that does not answer, and one that ran out of memory.
 */
export function endsDevice(error: unknown): boolean {
  return error instanceof GpuError &&
    ["device-lost", "timeout", "out-of-memory"].includes(error.code);
}
