/** An allocator's snapshot in the terms of the clauses, whatever stands for a hole. */
import { requireThat } from "../acceptance.ts";
import type { JudgedAllocator } from "../guard.ts";
import type { AllocatorSnapshot } from "../subject.ts";

/**
 * Takes a snapshot. Where page 0 is a null page its id becomes −1, and −1 is no id at all.
 *
 * @throws {Mismatch} If a table has −1 beside a null page.
 */
export async function takeSnapshot(allocator: JudgedAllocator): Promise<AllocatorSnapshot> {
  const snapshot = await allocator.snapshot();
  if (allocator.policies.nullId === -1) return snapshot;
  const { draftTable, workerTable } = snapshot;
  return {
    ...snapshot,
    table: withHoles(snapshot.table),
    draftTable: draftTable === null ? null : withHoles(draftTable),
    ...(workerTable === undefined ? {} : { workerTable: withHoles(workerTable) }),
  };
}

function withHoles(table: Int32Array): Int32Array {
  if (!(table instanceof Int32Array)) return table;
  const negative = table.find((id) => id < 0);
  requireThat(
    negative === undefined,
    `Expected a hole to be page 0 as declared, found ${negative}`,
  );
  return table.map((id) => id === 0 ? -1 : id);
}
