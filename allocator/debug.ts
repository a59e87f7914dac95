import type { CacheAllocator } from "./allocator.ts";
import { AllocatorError } from "./options.ts";
import { validateAllocator } from "./validate_allocator.ts";

/**
 * Validates an allocator and throws what is wrong: what the debug switch runs after every
 * operation. O(pages).
 *
 * @param operation The operation that has just ended, for the message.
 * @throws {AllocatorError} `debug/violation`, with all violations as data.
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
