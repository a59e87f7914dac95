/** Inputs that are nearly right: mutations of valid documents, and raw bytes beside them. */
import fc from "fast-check";
import type { FuzzTarget } from "./target.ts";

/** The most bytes of an input. */
const MAX_INPUT_BYTES = 96 << 10;

/** Numbers at which readers go wrong. */
const NUMBERS = [
  ..."0 -0 -1 1 2 255 65536 2147483647 2147483648 4294967296 9007199254740991".split(" "),
  ..."9007199254740993 9223372036854775808 18446744073709551615 1e308 1e999 -1e999".split(" "),
  ..."0.5 1e-320 NaN Infinity .inf 0x7fffffff 1_000 00 1e".split(" "),
];

/** Words at which readers go wrong, whatever the format. */
const WORDS = [
  ..."null true false {} [] [ ] { } , : - & * << ! !!int !!binary | > ? # % --- ...".split(" "),
  ..."__proto__ constructor toString hasOwnProperty length ../../etc/passwd /dev/zero".split(" "),
  "\0",
  "\uFEFF",
  "\r\n",
  "\n",
  "\t",
  '"',
  "'",
  "\\",
  "\u2028",
  "\ud83d\ude00",
  "&a [*a, *a]",
  "<<: *a",
];

/** Characters whose long runs make a reader that looks back take ever longer. */
const RUNS = [
  ..." \t\n\r/\\\"'`*_-=#:,.;|<>[]{}()0a@&",
  " \n",
  '\\"',
  "\r\n",
  "\u00a0",
  "ab ",
  "-0.",
  "'\"",
];

type Change =
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "delete" | "repeat"; readonly at: number; readonly share: number }
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "run"; readonly at: number; readonly text: string; readonly length: number }
  | { readonly kind: "number"; readonly at: number; readonly text: string }
  | { readonly kind: "value"; readonly at: number; readonly value: unknown }
  | { readonly kind: "nest"; readonly depth: number; readonly pair: string };

/**
 * Makes inputs of a target: seven in eight are its documents with up to six changes to bytes,
 * numbers, or values of a JSON tree; the rest are bytes that know nothing of the format.
 */
export function inputsOf(target: FuzzTarget): fc.Arbitrary<Uint8Array> {
  const documents = target.seeds.map((seed) =>
    typeof seed === "string" ? new TextEncoder().encode(seed) : seed
  );
  const mutated = fc.record({
    document: fc.constantFrom(...documents),
    // Mostly one change: what is wrong in one place alone gets deepest into a reader.
    changes: fc.oneof(
      { weight: 3, arbitrary: fc.array(changeOf(target), { minLength: 1, maxLength: 1 }) },
      { weight: 1, arbitrary: fc.array(changeOf(target), { maxLength: 6 }) },
    ),
  }).map(({ document, changes }) => changes.reduce(applyChange, document));
  return fc.oneof(
    { weight: 7, arbitrary: mutated },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  ).map((bytes) => bytes.subarray(0, MAX_INPUT_BYTES));
}

function changeOf(target: FuzzTarget): fc.Arbitrary<Change> {
  const at = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  const word = fc.constantFrom(...WORDS, ...NUMBERS, ...(target.words ?? []))
    .map((text) => new TextEncoder().encode(text));
  const value = fc.oneof(
    fc.constantFrom<unknown>(null, true, "", -1, 0.5, 2 ** 31, 2 ** 53, 1e308, [], {}, "x", [[]]),
    fc.jsonValue({ maxDepth: 3 }),
  );
  return fc.oneof(
    fc.record({ kind: fc.constant("flip" as const), at, bit: fc.nat(7) }),
    fc.record({ kind: fc.constant("insert" as const), at, bytes: word }),
    fc.record({
      kind: fc.constant("insert" as const),
      at,
      bytes: fc.uint8Array({ minLength: 1, maxLength: 16 }),
    }),
    fc.record({
      kind: fc.constantFrom("delete" as const, "repeat" as const),
      at,
      share: fc.constantFrom(0.002, 0.02, 0.1, 0.5),
    }),
    fc.record({ kind: fc.constant("cut" as const), at }),
    fc.record({
      kind: fc.constant("run" as const),
      at,
      text: fc.oneof(fc.constantFrom(" ", "\t", "\n"), fc.constantFrom(...RUNS)),
      // As long as an input may be: what takes quadratic time is found by its processor time.
      length: fc.constantFrom(100, 5000, MAX_INPUT_BYTES),
    }),
    fc.record({ kind: fc.constant("number" as const), at, text: fc.constantFrom(...NUMBERS) }),
    fc.record({ kind: fc.constant("value" as const), at, value }),
    fc.record({
      kind: fc.constant("nest" as const),
      // Deep enough to exhaust a recursive reader only now and then, for it takes long.
      depth: fc.oneof(
        { weight: 20, arbitrary: fc.nat(100) },
        { weight: 1, arbitrary: fc.constantFrom(1000, 20_000) },
      ),
      pair: fc.constantFrom("[]", "{}", "- ", "? ", '{"a":}'),
    }),
  );
}

function applyChange(bytes: Uint8Array, change: Change): Uint8Array {
  switch (change.kind) {
    case "flip": {
      const copy = bytes.slice();
      const at = Math.floor(change.at * bytes.length);
      if (at < copy.length) copy[at] ^= 1 << change.bit;
      return copy;
    }
    case "insert":
      return splice(bytes, { at: change.at, remove: 0, add: change.bytes });
    case "delete":
    case "repeat": {
      const length = Math.max(1, Math.floor(change.share * bytes.length));
      const start = Math.floor(change.at * bytes.length);
      const add = change.kind === "delete"
        ? new Uint8Array()
        : bytes.subarray(start, start + length);
      return splice(bytes, { at: change.at, remove: change.kind === "delete" ? length : 0, add });
    }
    case "run": {
      const text = change.text.repeat(Math.ceil(change.length / change.text.length));
      return splice(bytes, { at: change.at, remove: 0, add: new TextEncoder().encode(text) });
    }
    case "cut":
      return bytes.slice(0, Math.floor(change.at * bytes.length));
    case "number":
      return replaceNumber(bytes, change);
    case "value":
      return replaceValue(bytes, change);
    case "nest":
      return nest(bytes, change);
    default:
      return change satisfies never;
  }
}

function splice(
  bytes: Uint8Array,
  o: { readonly at: number; readonly remove: number; readonly add: Uint8Array },
): Uint8Array {
  const start = Math.floor(o.at * (bytes.length + 1));
  const rest = bytes.subarray(Math.min(bytes.length, start + o.remove));
  const changed = new Uint8Array(start + o.add.length + rest.length);
  changed.set(bytes.subarray(0, start));
  changed.set(o.add, start);
  changed.set(rest, start + o.add.length);
  return changed;
}

/** Latin-1 holds every byte, so that binary parts of a file pass through a text unharmed. */
const LATIN = new TextDecoder("latin1");

/** The first number behind a place of the document becomes another one. */
function replaceNumber(
  bytes: Uint8Array,
  o: { readonly at: number; readonly text: string },
): Uint8Array {
  const start = Math.floor(o.at * bytes.length);
  const found = /\d+(\.\d+)?/.exec(LATIN.decode(bytes.subarray(start)));
  if (found === null) return bytes;
  const at = (start + found.index) / (bytes.length + 1);
  const add = new TextEncoder().encode(o.text);
  return splice(bytes, { at: at + 1e-12, remove: found[0].length, add });
}

/** In a document or a line that is JSON, one value of the tree becomes another one. */
function replaceValue(
  bytes: Uint8Array,
  o: { readonly at: number; readonly value: unknown },
): Uint8Array {
  const lines = new TextDecoder().decode(bytes).split("\n");
  const whole = parseJson(lines.join("\n"));
  const index = Math.floor(o.at * lines.length);
  const tree = whole ?? parseJson(lines[index]);
  if (tree === undefined) return bytes;
  const paths = pathsOf(tree);
  const path = paths[Math.floor(o.at * 7919 % 1 * paths.length)];
  const changed = JSON.stringify(replaceAt(tree, path, o.value));
  if (whole !== undefined) return new TextEncoder().encode(changed);
  return new TextEncoder().encode(lines.with(index, changed).join("\n"));
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The most places of a tree that are looked at. */
const MAX_PATHS = 2000;

function pathsOf(tree: unknown): (readonly string[])[] {
  const paths: (readonly string[])[] = [[]];
  for (let i = 0; i < paths.length && paths.length < MAX_PATHS; i++) {
    const value = paths[i].reduce<unknown>((each, key) => Reflect.get(each as object, key), tree);
    if (typeof value !== "object" || value === null) continue;
    for (const key of Object.keys(value)) paths.push([...paths[i], key]);
  }
  return paths;
}

function replaceAt(tree: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const copy = Array.isArray(tree) ? [...tree] : { ...tree as object };
  Reflect.set(copy, key, replaceAt(Reflect.get(tree as object, key), rest, value));
  return copy;
}

function nest(
  bytes: Uint8Array,
  o: { readonly depth: number; readonly pair: string },
): Uint8Array {
  const close = /[\]}]$/.exec(o.pair)?.[0] ?? "";
  const open = o.pair.slice(0, o.pair.length - close.length);
  const text = new TextDecoder().decode(bytes);
  return new TextEncoder().encode(open.repeat(o.depth) + text + close.repeat(o.depth));
}
