/** The reference subject: this project's allocator, and the paged oracle as the kernel. */
import type { Subject } from "../subject.ts";
import { createHeadwiseAllocator, HEADWISE_ALLOCATOR_CAPABILITIES } from "./headwise_allocator.ts";
import {
  createOracleKernel,
  ORACLE_KERNEL_CAPABILITIES,
  type OracleKernelOptions,
} from "./oracle_kernel.ts";

/** Makes the subject that needs no device. */
export function createOracleSubject(o: OracleKernelOptions = {}): Subject {
  return {
    name: "oracle",
    capabilities: new Set([...HEADWISE_ALLOCATOR_CAPABILITIES, ...ORACLE_KERNEL_CAPABILITIES]),
    allocator: createHeadwiseAllocator(),
    kernel: createOracleKernel(o),
    ...(o.arithmetic === undefined ? {} : { arithmetic: o.arithmetic }),
  };
}
