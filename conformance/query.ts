/**
 * Test ids are queries: one grammar names a case, filters a run, keys a report and repeats a
 * failure.
 *
 * ```text
 * query  = level *3( ":" level )          suite : path : test : params
 * suite  = name | "*"
 * path   = name *( "," name ) [ ",*" ] | "*"
 * test   = name | "*"
 * params = [ key "=" value *( ";" key "=" value ) ] [ ";*" ] | "*"
 * name   = lower *( lower | digit | "_" )
 * key    = lower *( letter | digit | "_" )
 * value  = 1*( letter | digit | "_" | "." | "+" | "-" )
 * ```
 *
 * Levels left out mean everything below. `a:b:c:` with nothing after the last colon is the one
 * case without parameters. The order in which parameters are written does not matter.
 */

/** A parsed query; one that covers exactly one case is a test id. */
export interface Query {
  /** Suite, or null for any. */
  readonly suite: string | null;
  /** Path segments from the root. */
  readonly path: readonly string[];
  /** Whether longer paths match too. */
  readonly pathOpen: boolean;
  /** Test, or null for any. */
  readonly test: string | null;
  /** Parameters sorted by key. */
  readonly params: readonly (readonly [key: string, value: string])[];
  /** Whether cases with more parameters match too. */
  readonly paramsOpen: boolean;
}

/** A text that is no query. */
export class QueryError extends Error {
  /** Always `query`. */
  readonly code = "query";
  /** The text. */
  readonly text: string;
  /** Offset in the text at which reading stopped, in UTF-16 code units. */
  readonly offset: number;
  /** Makes the error for one text. */
  constructor(message: string, text: string, offset: number) {
    super(message);
    this.name = "QueryError";
    this.text = text;
    this.offset = offset;
  }
}

const NAME = /^[a-z][a-z0-9_]*$/;
const KEY = /^[a-z][A-Za-z0-9_]*$/;
const VALUE = /^[A-Za-z0-9_.+-]+$/;

/**
 * Reads a query.
 *
 * @returns Its parts, parameters sorted by key.
 * @throws {QueryError} If the text does not follow the grammar; the offset says where.
 *
 * @example A case and a whole path
 * ```ts
 * import { parseQuery } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * const query = parseQuery("allocator:recycle:tail_race:window=128;page=64");
 * assert.deepEqual(query.params, [["page", "64"], ["window", "128"]]);
 * assert.equal(parseQuery("allocator:recycle").test, null);
 * ```
 */
export function parseQuery(text: string): Query {
  const levels = text.split(":");
  if (levels.length > 4) {
    const offset = levels.slice(0, 4).join(":").length;
    throw unreadable(text, offset, "more than four levels; use suite:path:test:params");
  }
  const [suite = "", path = "*", test = "*", params = "*"] = levels;
  const offsets = [0, suite.length + 1, suite.length + path.length + 2];
  return {
    suite: parseName(suite, "suite", text, 0),
    ...parsePath(path, text, offsets[1] ?? 0),
    test: parseName(test, "test", text, offsets[2] ?? 0),
    ...parseParams(params, text, (offsets[2] ?? 0) + test.length + 1),
  };
}

/**
 * Writes a query in its canonical form: parameters sorted, needless levels left out.
 *
 * @returns Text that {@linkcode parseQuery} reads back to the same query.
 */
export function printQuery(query: Query): string {
  const params = query.params.map(([key, value]) => `${key}=${value}`);
  const levels = [
    query.suite ?? "*",
    [...query.path, ...(query.pathOpen ? ["*"] : [])].join(","),
    query.test ?? "*",
    [...params, ...(query.paramsOpen ? ["*"] : [])].join(";"),
  ];
  while (levels.length > 1 && levels.at(-1) === "*" && /(^|,)\*$/.test(levels.at(-2) ?? "")) {
    levels.pop();
  }
  return levels.join(":");
}

/** Tells whether everything that `inner` covers is covered by `outer` too. */
export function matchesQuery(outer: Query, inner: Query): boolean {
  return (outer.suite === null || outer.suite === inner.suite) &&
    coversPath(outer, inner) &&
    (outer.test === null || outer.test === inner.test) &&
    coversParams(outer, inner);
}

/** Orders printed queries for reports: by level, numbers by value. */
export function orderQueries(first: string, second: string): number {
  const left = first.split(":");
  const right = second.split(":");
  for (let level = 0; level < Math.max(left.length, right.length); level++) {
    const order = collator.compare(left[level] ?? "", right[level] ?? "");
    if (order !== 0) {
      return order;
    }
  }
  return 0;
}

const collator = new Intl.Collator("en", { numeric: true });

function parseName(level: string, what: string, text: string, offset: number): string | null {
  if (level === "*") {
    return null;
  }
  if (!NAME.test(level)) {
    throw unreadable(
      text,
      offset + invalidOffset(level, /^[a-z]?[a-z0-9_]*/),
      `the ${what} "${level}" is not a name; use a lower-case ` +
        'letter followed by lower-case letters, digits and "_"',
    );
  }
  return level;
}

function parsePath(
  level: string,
  text: string,
  offset: number,
): Pick<Query, "path" | "pathOpen"> {
  const segments = level.split(",");
  const pathOpen = segments.at(-1) === "*";
  const path = pathOpen ? segments.slice(0, -1) : segments;
  let at = offset;
  for (const segment of path) {
    if (segment === "*") {
      throw unreadable(text, at, `"*" stands before the end of the path; put it last`);
    }
    parseName(segment, "path segment", text, at);
    at += segment.length + 1;
  }
  return { path, pathOpen };
}

function parseParams(
  level: string,
  text: string,
  offset: number,
): Pick<Query, "params" | "paramsOpen"> {
  if (level === "") {
    return { params: [], paramsOpen: false };
  }
  const parts = level.split(";");
  const paramsOpen = parts.at(-1) === "*";
  const params = new Map<string, string>();
  let at = offset;
  for (const part of paramsOpen ? parts.slice(0, -1) : parts) {
    const equals = part.indexOf("=");
    const key = part.slice(0, Math.max(equals, 0));
    const value = part.slice(equals + 1);
    if (equals < 0 || !KEY.test(key) || !VALUE.test(value)) {
      throw unreadable(
        text,
        at,
        `"${part}" is not a parameter; write key=value with ` +
          'letters, digits, "_", ".", "+" and "-"',
      );
    }
    if (params.has(key)) {
      throw unreadable(text, at, `the parameter "${key}" stands twice; keep one`);
    }
    params.set(key, value);
    at += part.length + 1;
  }
  return { params: [...params].sort(([a], [b]) => (a < b ? -1 : 1)), paramsOpen };
}

function coversPath(outer: Query, inner: Query): boolean {
  const prefix = outer.path.every((segment, index) => inner.path[index] === segment);
  const sameLength = outer.path.length === inner.path.length && !inner.pathOpen;
  return prefix && (outer.pathOpen || sameLength);
}

function coversParams(outer: Query, inner: Query): boolean {
  const values = new Map(inner.params);
  const named = outer.params.every(([key, value]) => values.get(key) === value);
  const sameSize = outer.params.length === inner.params.length && !inner.paramsOpen;
  return named && (outer.paramsOpen || sameSize);
}

function unreadable(text: string, offset: number, why: string): QueryError {
  return new QueryError(`Cannot read the query "${text}": ${why}`, text, offset);
}

function invalidOffset(level: string, valid: RegExp): number {
  return valid.exec(level)?.[0].length ?? 0;
}
