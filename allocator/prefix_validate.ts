import { HOLE } from "./ids.ts";
import { SHARED_PAGE } from "./page_pool.ts";
import { pageKey, type PrefixCache, type PrefixNode, prefixPath } from "./prefix_cache.ts";
import { visibleColumns } from "./prefix_find.ts";
import { validateAllocator } from "./validate_allocator.ts";
import type { Violation } from "./validate_table.ts";

/**
 * Checks everything that a prefix cache promises: its allocator (see `validateAllocator`), that
 * every shared page has exactly the holders that rows and blocks name, that checkpoints keep their
 * windows and nothing else keeps a window page, and that users and evictable columns are counted
 * right. O(pages + blocks).
 */
export function validatePrefixCache(cache: PrefixCache): Violation[] {
  const nodes = listNodes(cache.root);
  return [
    ...validateAllocator(cache.allocator),
    ...validateReferences(cache, nodes),
    ...validateCheckpoints(cache, nodes),
    ...validateUsers(cache, nodes),
  ];
}

function listNodes(root: PrefixNode): PrefixNode[] {
  const nodes: PrefixNode[] = [];
  const open = [...root.children.values()];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    nodes.push(node);
    open.push(...node.children.values());
  }
  return nodes;
}

function validateReferences(cache: PrefixCache, nodes: readonly PrefixNode[]): Violation[] {
  const { allocator: a, blockPages } = cache;
  const s = a.state;
  const { owners, references } = s.pools;
  const named = new Int32Array(owners.length);
  for (let slot = 0; slot < a.options.slots; slot++) {
    for (let row = 0; row < s.rows; row++) {
      const start = s.rowStarts[row] + slot * s.slotStride;
      for (const page of a.table.ids.subarray(start, start + a.options.columns)) {
        if (page !== HOLE) named[pageKey(cache, row, page)]++;
      }
    }
  }
  for (const { pages } of nodes) {
    pages.forEach((page, place) => {
      if (page !== HOLE) named[pageKey(cache, Math.floor(place / blockPages), page)]++;
    });
  }
  const violations: Violation[] = [];
  owners.forEach((owner, key) => {
    const holders = owner === SHARED_PAGE ? references?.[key] ?? 0 : owner >= 0 ? 1 : 0;
    if (holders === named[key]) return;
    violations.push({
      clause: "pool/conservation",
      value: key,
      message: `Cannot count the holders of page key "${key}": ${holders} are counted and ` +
        `${named[key]} rows and blocks name it`,
    });
  });
  return violations;
}

function validateCheckpoints(cache: PrefixCache, nodes: readonly PrefixNode[]): Violation[] {
  const { allocator: a, blockPages, keepsWindow } = cache;
  const reach = new Map(nodes.map((node) => [node, new Int32Array(blockPages)]));
  for (const node of nodes) {
    if (!node.checkpoint || !keepsWindow) continue;
    for (const { holder, column } of visibleColumns(cache, node)) reach.get(holder)![column]++;
  }
  const violations: Violation[] = [];
  for (const node of nodes) {
    node.pages.forEach((page, place) => {
      const row = Math.floor(place / blockPages);
      const column = place % blockPages;
      const loses = keepsWindow && a.state.rowIsWindow[row] === 1;
      const reached = reach.get(node)![column];
      if ((page !== HOLE) === (!loses || reached > 0) && node.reach[column] === reached) return;
      violations.push({
        clause: "prefix/window",
        column: (node.depth - 1) * blockPages + column,
        value: page,
        message: `Cannot keep "${page}" in row ${row} of block "${node.block}" at depth ` +
          `${node.depth}, column ${column}: ${reached} checkpoints reach it and ` +
          `${node.reach[column]} are counted; keep what they reach and no more`,
      });
    });
  }
  return violations;
}

function validateUsers(cache: PrefixCache, nodes: readonly PrefixNode[]): Violation[] {
  const users = new Map<PrefixNode, number>();
  for (const node of cache.attached) {
    if (node === null) continue;
    for (const block of prefixPath(node)) users.set(block, (users.get(block) ?? 0) + 1);
  }
  const idle = nodes.filter(({ users }) => users === 0);
  const totals = [
    ["users", sum(nodes.map((node) => node.users)), sum([...users.values()])],
    ["blocks", cache.statistics.cachedBlocks, nodes.length],
    ["checkpoints", cache.statistics.checkpoints, count(nodes, (node) => node.checkpoint)],
    ["evictable full columns", cache.evictableFullColumns, idle.length * cache.blockPages],
    [
      "evictable window columns",
      cache.evictableWindowColumns,
      sum(idle.map(({ keptColumns }) => keptColumns)),
    ],
    ["useless blocks", 0, count(idle, (node) => node.children.size === 0 && !node.checkpoint)],
  ] as const;
  return totals.filter(([, counted, found]) => counted !== found).map(
    ([name, counted, found]) => ({
      clause: "pool/conservation",
      value: found,
      message: `Cannot balance the prefix cache: ${counted} ${name} are counted and there are ` +
        `"${found}"`,
    }),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function count(nodes: readonly PrefixNode[], is: (node: PrefixNode) => boolean): number {
  return nodes.filter(is).length;
}
