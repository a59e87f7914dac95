/** The reference subject: this project's allocator, and the paged oracle as the kernel. */
import type { Subject } from "../subject.ts";
import { createHeadwiseAllocator, HEADWISE_ALLOCATOR_CAPABILITIES } from "./headwise_allocator.ts";
import { createOracleKernel, ORACLE_KERNEL_CAPABILITIES } from "./oracle_kernel.ts";

/**
 * Makes the subject that needs no device.
 *
 * @returns A subject with every capability.
 */
export function createOracleSubject(): Subject {
  return {
    name: "oracle",
    capabilities: new Set([...HEADWISE_ALLOCATOR_CAPABILITIES, ...ORACLE_KERNEL_CAPABILITIES]),
    allocator: createHeadwiseAllocator(),
    kernel: createOracleKernel(),
  };
}
