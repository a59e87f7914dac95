/** Devices that fail on purpose, for tests: a real adapter whose device is bent in one place. */

/** What goes wrong. */
export type DeviceFault =
  /** A buffer is never mapped: a dispatch that hangs looks like this. */
  | "hang"
  /** The device is destroyed while a result is waited for. */
  | "lost"
  /** A buffer does not fit into the device's memory. */
  | "out-of-memory"
  /** A shader is not what the compiler takes. */
  | "compile";

/** What a provider gives, beside adapters. */
export interface FaultyProvider {
  /** Entry to open a GPU with. */
  readonly provider: GPU;
  /** Makes the next use go wrong, once, on the device opened last. */
  readonly next: (fault: DeviceFault) => void;
  /** Makes no adapter answer from now on. */
  readonly vanish: () => void;
  /** Devices opened so far. */
  readonly opened: () => number;
}

/** Wraps the runtime's own WebGPU. */
export function faultyProvider(): FaultyProvider {
  const faults = new Set<DeviceFault>();
  let devices = 0;
  let isGone = false;
  const take = (fault: DeviceFault): boolean => faults.delete(fault);
  const provider = {
    requestAdapter: async (o?: GPURequestAdapterOptions) => {
      const adapter = isGone ? null : await navigator.gpu.requestAdapter(o);
      if (adapter === null) return null;
      const requestDevice = adapter.requestDevice.bind(adapter);
      adapter.requestDevice = async (descriptor) => {
        const device = await requestDevice(descriptor);
        devices++;
        bend(device, take);
        return device;
      };
      return adapter;
    },
  };
  return {
    provider: provider as unknown as GPU,
    next: (fault) => void faults.add(fault),
    vanish: () => void (isGone = true),
    opened: () => devices,
  };
}

function bend(device: GPUDevice, take: (fault: DeviceFault) => boolean): void {
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    if (take("out-of-memory")) {
      const error = new GPUOutOfMemoryError("Not enough memory left");
      device.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error }));
    }
    const mapAsync = buffer.mapAsync.bind(buffer);
    buffer.mapAsync = (mode, ...range) => {
      if (take("hang")) return new Promise(() => {});
      if (take("lost")) device.destroy();
      return mapAsync(mode, ...range);
    };
    return buffer;
  };
  const createShaderModule = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) =>
    createShaderModule(
      take("compile") ? { ...descriptor, code: "fn main( { let x = ; }" } : descriptor,
    );
}
