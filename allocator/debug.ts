import type { CacheAllocator } from "./allocator.ts";
import { AllocatorError } from "./options.ts";
import { validateAllocator } from "./validate_allocator.ts";

/**
 * Validates an allocator and throws what is wrong: what the debug switch runs after every
 * operation. O(pages).
 *
 * @param a The allocator.
 * @param operation The operation that has just ended, for the message.
 * @throws {AllocatorError} `debug/violation`, with all violations as data.
 *
 * @example A sound allocator passes
 * ```ts
 * import { assertValid, createAllocator, headMapFromPattern } from "@headwise/headwise/allocator";
 *
 * const allocator = createAllocator({
 *   layout: "uniform",
 *   heads: headMapFromPattern({
 *     layers: 1, kvHeads: 1, pattern: "first", ratio: 0, windowTokens: 0, sinkTokens: 0,
 *   }),
 *   slots: 1,
 *   pagesPerHead: 8,
 *   pageSizeTokens: 16,
 *   modelLengthTokens: 128,
 *   recycle: false,
 *   pageOrder: { kind: "identity" },
 * });
 * assertValid(allocator, "createAllocator");
 * ```
 */
export function assertValid(a: CacheAllocator, operation: string): void {
  const violations = validateAllocator(a);
  if (violations.length > 0) {
    const { clause, message } = violations[0];
    throw new AllocatorError(
      "debug/violation",
      { operation, violations },
      `Cannot trust the table after "${operation}": ${violations.length} violations, first ` +
        `"${clause}": ${message}`,
    );
  }
}
