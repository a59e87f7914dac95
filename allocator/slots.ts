import type { CacheAllocator } from "./allocator.ts";
import { assertValid } from "./validate_allocator.ts";
import { HOLE, type Slot } from "./ids.ts";
import { AllocatorError } from "./options.ts";

/**
 * Swaps two slots: the row groups of every layer group in the table and in the draft model's table,
 * and everything that is known of their requests. Swapping a slot with itself does nothing.
 *
 * @throws {AllocatorError} `slot/order` when a slot is out of range; nothing changes.
 */
export function swapSlots(a: CacheAllocator, i: Slot, j: Slot): void {
  checkSlotRange(a, i);
  checkSlotRange(a, j);
  swapRequests(a, i, j);
  if (a.options.debug) assertValid(a, "swapSlots");
}

/**
 * Moves the requests to the front, so that slots [0, active) are taken: the last request goes to
 * the first empty slot, until none lies before a request. Whole row groups move, and −1 stays.
 *
 * @param o Where the moves are written for other per-slot state: int32 [≥ 2·B], pairs of (from,
 *   to) in order.
 * @throws {AllocatorError} `slot/order` when the target for the moves is too short.
 */
export function condenseSlots(a: CacheAllocator, o?: { readonly moves?: Int32Array }): number {
  const { slots } = a.options;
  const moves = o?.moves;
  if (moves !== undefined) checkTarget("write moves into", moves, 2 * slots);
  const { slotIds } = a.state;
  let count = 0;
  let empty = 0;
  let last = slots - 1;
  while (true) {
    while (empty < last && a.state.active[empty] === 1) empty++;
    while (empty < last && a.state.active[last] === 0) last--;
    if (empty >= last) break;
    swapRequests(a, slotIds[last], slotIds[empty]);
    if (moves !== undefined) {
      moves[2 * count] = last;
      moves[2 * count + 1] = empty;
    }
    count++;
  }
  if (a.options.debug) assertValid(a, "condenseSlots");
  return count;
}

/**
 * Reorders all slots: afterwards slot k holds what slot permutation[k] held. In place.
 *
 * @param permutation Int32 [B], every slot once.
 * @throws {AllocatorError} `slot/order` when it is no permutation of the slots; nothing changes.
 */
export function reorderSlots(a: CacheAllocator, permutation: Int32Array): void {
  const { slots } = a.options;
  const seen = a.state.scratch.fill(0);
  let distinct = 0;
  for (let k = 0; k < permutation.length; k++) {
    const from = permutation[k];
    if (from >= 0 && from < slots && seen[from] === 0) {
      seen[from] = 1;
      distinct++;
    }
  }
  if (permutation.length !== slots || distinct !== slots) {
    throw new AllocatorError(
      "slot/order",
      { length: permutation.length, distinct },
      `Cannot reorder slots by "${permutation.join()}": name each of the ${slots} slots once`,
    );
  }
  // Each swap settles slot k; what a settled slot held before is found by following the swaps.
  for (let k = 0; k < slots; k++) {
    let from = permutation[k];
    while (from < k) from = permutation[from];
    if (from !== k) swapRequests(a, a.state.slotIds[k], a.state.slotIds[from]);
  }
  if (a.options.debug) assertValid(a, "reorderSlots");
}

/**
 * Lists the slots that hold a request, ascending. The list is rebuilt from empty: entries behind
 * the last slot become −1, so nothing stale survives a reorder.
 *
 * @param into Where the slots go: int32 [≥ B].
 * @throws {AllocatorError} `slot/order` when the target is too short.
 */
export function listActiveSlots(a: CacheAllocator, into: Int32Array): number {
  const { slots } = a.options;
  checkTarget("list slots in", into, slots);
  into.fill(HOLE);
  let count = 0;
  for (let slot = 0; slot < slots; slot++) {
    if (a.state.active[slot] === 1) into[count++] = slot;
  }
  return count;
}

function checkTarget(what: string, { length }: Int32Array, least: number): void {
  if (length >= least) return;
  throw new AllocatorError(
    "slot/order",
    { length },
    `Cannot ${what} "${length}" entries: give at least ${least}`,
  );
}

function checkSlotRange(a: CacheAllocator, slot: Slot): void {
  if (!Number.isInteger(slot) || slot < 0 || slot >= a.options.slots) {
    throw new AllocatorError(
      "slot/order",
      { slot },
      `Cannot swap slot "${slot}": slots are integers in [0, ${a.options.slots})`,
    );
  }
}

function swapRequests(a: CacheAllocator, i: Slot, j: Slot): void {
  const s = a.state;
  const columns = Math.max(s.columnsHeld[i], s.columnsHeld[j]);
  for (let row = 0; row < s.rows; row++) {
    const start = s.rowStarts[row];
    const left = start + i * s.slotStride;
    const right = start + j * s.slotStride;
    swapEntries(a.table.ids, left, right, columns);
    if (a.draftTable !== null) swapEntries(a.draftTable.ids, left, right, columns);
  }
  swapEntries(s.active, i, j, 1);
  swapEntries(s.lengthsTokens, i, j, 1);
  swapEntries(s.columnsHeld, i, j, 1);
  swapEntries(s.recycledUpTo, i, j, 1);
  swapEntries(s.nextPositions, i, j, 1);
  swapEntries(s.handles, i, j, 1);
}

function swapEntries(
  entries: Int32Array | Uint8Array,
  left: number,
  right: number,
  count: number,
): void {
  for (let k = 0; k < count; k++) {
    const held = entries[left + k];
    entries[left + k] = entries[right + k];
    entries[right + k] = held;
  }
}
