/**
 * A naive prefix cache for tests: plain arrays and sets, pages found free by sweeping, windows kept
 * by trying every key against the mask.
 */
import type { StepId } from "./mod.ts";

/** Tokens of a page. */
export const P = 16;
/** Pages of a block. */
export const BLOCK_PAGES = 2;
/** Tokens of a block. */
export const BLOCK = P * BLOCK_PAGES;

/** A live request. */
export interface ModelRequest {
  /** Ids of all complete blocks of its prompt. */
  readonly prompt: readonly number[];
  /** Blocks that it had in the tree, as a prefix of its prompt. */
  attached: number;
  /** Blocks found in the tree at admission. */
  readonly matched: number;
  /** Tokens held. */
  length: number;
  /** Page or hole of every row and column. */
  rows: number[][];
}

interface ModelNode {
  readonly path: readonly number[];
  /** Page or hole of every row, column by column. */
  readonly rows: number[][];
  checkpoint: boolean;
  lastUse: number;
}

/** The naive cache. */
export interface PrefixModel {
  readonly windowTokens: number;
  readonly sinkTokens: number;
  /** Whether a row loses pages. */
  readonly loses: readonly boolean[];
  readonly poolOf: (row: number) => number;
  readonly free: Set<number>[];
  readonly nodes: Map<string, ModelNode>;
  requests: (ModelRequest | null)[];
  waiting: { pool: number; page: number; steps: Set<StepId> }[];
  open: StepId[];
  clock: number;
  readonly pages: number;
}

/** Longest usable prefix, and what was found at all, in blocks. */
export function modelFind(
  m: PrefixModel,
  prompt: readonly number[],
  limitTokens: number,
): { usable: number; matched: number } {
  let matched = 0;
  while (
    matched < prompt.length && (matched + 1) * BLOCK <= limitTokens &&
    m.nodes.has(prompt.slice(0, matched + 1).join())
  ) matched++;
  let usable = matched;
  while (usable > 0 && !hasWindow(m, prompt.slice(0, usable))) usable--;
  return { usable, matched };
}

function hasWindow(m: PrefixModel, path: readonly number[]): boolean {
  return m.loses.every((loses, row) =>
    path.every((_, depth) => {
      const node = m.nodes.get(path.slice(0, depth + 1).join())!;
      return node.rows[row].every((page, column) =>
        page >= 0 || (loses && !sees(m, depth * BLOCK_PAGES + column, path.length * BLOCK))
      );
    })
  );
}

/** Whether a window head's query at a position sees a key of a column. */
export function sees(m: PrefixModel, column: number, position: number): boolean {
  for (let k = column * P; k < (column + 1) * P; k++) {
    if (k < m.sinkTokens || k > position - m.windowTokens) return true;
  }
  return false;
}

/** Admits a request with the longest usable prefix. */
export function modelAdmit(
  m: PrefixModel,
  slot: number,
  o: { prompt: readonly number[]; length: number; limit: number; columns: number },
): string {
  const { usable, matched } = modelFind(m, o.prompt, o.limit);
  const request: ModelRequest = {
    prompt: o.prompt,
    attached: usable,
    matched,
    length: usable * BLOCK,
    rows: m.loses.map((loses, row) =>
      Array.from({ length: usable * BLOCK_PAGES }, (_, column) => {
        const depth = Math.floor(column / BLOCK_PAGES);
        const node = m.nodes.get(o.prompt.slice(0, depth + 1).join())!;
        return loses && !sees(m, column, usable * BLOCK)
          ? -1
          : node.rows[row][column % BLOCK_PAGES];
      })
    ),
  };
  m.requests[slot] = request;
  touch(m, request);
  const outcome = modelGrow(m, slot, o);
  if (outcome !== "allocated") modelRelease(m, slot);
  else if (usable > 0) modelCheckpoint(m, request, usable);
  sweep(m);
  return outcome;
}

/** Grows a request, evicting where pages are short. */
export function modelGrow(
  m: PrefixModel,
  slot: number,
  o: { length: number; columns: number },
): string {
  const request = m.requests[slot]!;
  const columns = Math.ceil(o.length / P);
  if (columns > o.columns) return "refused";
  const more = Math.max(0, columns - request.rows[0].length);
  const demand = m.free.map(() => 0);
  m.loses.forEach((_, row) => demand[m.poolOf(row)] += more);
  const short = (spare: (pool: number) => number): boolean =>
    demand.some((need, pool) => need > m.free[pool].size + spare(pool));
  if (short(() => 0)) {
    const idle = [...m.nodes.values()].filter((node) => users(m, node) === 0);
    const spare = m.free.map((_, pool) =>
      idle.reduce((sum, node) => sum + pagesOf(m, node.rows, pool), 0)
    );
    if (m.open.length > 0) return "shortage";
    if (short((pool) => spare[pool]) && m.loses.includes(true)) {
      for (const node of m.nodes.values()) if (users(m, node) > 0) node.checkpoint = false;
      sweep(m);
    }
    while (short(() => 0)) if (!modelEvict(m)) return "shortage";
  }
  request.rows.forEach((row, index) => {
    const free = m.free[m.poolOf(index)];
    while (row.length < columns) {
      const least = Math.min(...free);
      free.delete(least);
      row.push(least);
    }
  });
  request.length = o.length;
  return "allocated";
}

/** Adds the complete blocks of a request to the tree. */
export function modelInsert(m: PrefixModel, request: ModelRequest): void {
  const end = Math.min(request.prompt.length, Math.floor(request.length / BLOCK));
  const everywhere = !m.loses.includes(true);
  for (let depth = request.attached + 1; depth <= end; depth++) {
    const path = request.prompt.slice(0, depth);
    const first = (depth - 1) * BLOCK_PAGES;
    if (!m.nodes.has(path.join())) {
      const rows = request.rows.map((row, index) =>
        m.loses[index] ? Array<number>(BLOCK_PAGES).fill(-1) : row.slice(first, first + BLOCK_PAGES)
      );
      m.nodes.set(path.join(), { path, rows, checkpoint: false, lastUse: 0 });
    }
    m.nodes.get(path.join())!.rows.forEach((pages, row) => {
      if (!m.loses[row]) request.rows[row].splice(first, BLOCK_PAGES, ...pages);
    });
    request.attached = depth;
    if (everywhere || depth === request.prompt.length || depth === request.matched) {
      modelCheckpoint(m, request, depth);
    }
  }
  touch(m, request);
  sweep(m);
}

function modelCheckpoint(m: PrefixModel, request: ModelRequest, depth: number): void {
  const path = request.prompt.slice(0, depth);
  const lacking: { row: number[]; column: number; page: number }[] = [];
  path.forEach((_, index) => {
    const node = m.nodes.get(path.slice(0, index + 1).join())!;
    m.loses.forEach((loses, row) => {
      for (let column = 0; loses && column < BLOCK_PAGES; column++) {
        const absolute = index * BLOCK_PAGES + column;
        if (node.rows[row][column] >= 0 || !sees(m, absolute, depth * BLOCK)) continue;
        lacking.push({ row: node.rows[row], column, page: request.rows[row][absolute] });
      }
    });
  });
  if (lacking.some(({ page }) => page < 0)) return;
  for (const { row, column, page } of lacking) row[column] = page;
  m.nodes.get(path.join())!.checkpoint = true;
}

/** Frees the window pages of a request that its next token does not see. */
export function modelRecycle(m: PrefixModel, request: ModelRequest): void {
  if (request.length % P !== 0) return;
  request.rows.forEach((row, index) => {
    if (!m.loses[index]) return;
    row.forEach((_, column) => {
      if (!sees(m, column, request.length)) row[column] = -1;
    });
  });
  sweep(m);
}

/** Ends a request. */
export function modelRelease(m: PrefixModel, slot: number): void {
  touch(m, m.requests[slot]!);
  m.requests[slot] = null;
  sweep(m);
}

/** Evicts the least recently used leaf without users. */
export function modelEvict(m: PrefixModel): boolean {
  const leaves = [...m.nodes.values()].filter((node) => isIdleLeaf(m, node));
  if (leaves.length === 0) return false;
  const least = leaves.reduce((a, b) => (b.lastUse < a.lastUse ? b : a));
  m.nodes.delete(least.path.join());
  sweep(m);
  return true;
}

/** Lets go what no one can reach: blocks, then window pages of blocks, then pages. */
export function sweep(m: PrefixModel): void {
  for (let again = true; again;) {
    again = false;
    for (const node of m.nodes.values()) {
      if (!isIdleLeaf(m, node) || node.checkpoint) continue;
      m.nodes.delete(node.path.join());
      again = true;
    }
  }
  for (const node of m.nodes.values()) {
    const later = [...m.nodes.values()].filter((other) =>
      other.checkpoint && isPrefix(node.path, other.path)
    );
    const first = (node.path.length - 1) * BLOCK_PAGES;
    node.rows.forEach((row, index) => {
      row.forEach((_, column) => {
        const reached = later.some((end) => sees(m, first + column, end.path.length * BLOCK));
        if (m.loses[index] && !reached) row[column] = -1;
      });
    });
  }
  const named = m.free.map(() => new Set<number>());
  const name = (rows: readonly number[][]): void =>
    rows.forEach((row, index) => row.forEach((page) => named[m.poolOf(index)].add(page)));
  for (const request of m.requests) if (request !== null) name(request.rows);
  for (const node of m.nodes.values()) name(node.rows);
  m.free.forEach((free, pool) => {
    for (let page = 0; page < m.pages; page++) {
      const waits = m.waiting.some((each) => each.pool === pool && each.page === page);
      if (free.has(page) || named[pool].has(page) || waits) continue;
      if (m.open.length === 0) free.add(page);
      else m.waiting.push({ pool, page, steps: new Set(m.open) });
    }
  });
}

function pagesOf(m: PrefixModel, rows: readonly number[][], pool: number): number {
  return rows.filter((_, row) => m.poolOf(row) === pool).flat().filter((page) => page >= 0).length;
}

function isPrefix(short: readonly number[], long: readonly number[]): boolean {
  return short.every((block, depth) => long[depth] === block);
}

function users(m: PrefixModel, node: ModelNode): number {
  return m.requests.filter((request) =>
    request !== null && isPrefix(node.path, request.prompt.slice(0, request.attached))
  ).length;
}

function isIdleLeaf(m: PrefixModel, node: ModelNode): boolean {
  return users(m, node) === 0 &&
    ![...m.nodes.values()].some((other) => other !== node && isPrefix(node.path, other.path));
}

function touch(m: PrefixModel, request: ModelRequest): void {
  m.clock++;
  for (let depth = 1; depth <= request.attached; depth++) {
    m.nodes.get(request.prompt.slice(0, depth).join())!.lastUse = m.clock;
  }
}
