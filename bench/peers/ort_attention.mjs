/**
 * Times ONNX Runtime's WebGPU PagedAttention on the shapes of the kernel benchmark.
 *
 * Reads and writes JSON objects by lines, as `peer_script.py` does: what the peer is, then one line for
 * each case, and that it is done. Run by node, with npm's `onnxruntime-node` where
 * node finds it: in a `node_modules` of this folder or above, or in NODE_PATH.
 *
 * Times are of the GPU alone, of the attention programs, from the profile that ONNX Runtime writes:
 * whole microseconds. The same pages in a random order, one table row a request. The last query row
 * of two heads is compared with a float64 reference: a wrong peer has no time.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";

const PEER = "ort-webgpu";
const PACKAGE = "onnxruntime-node";
/** Caches are copied to the device before each run; beyond this, a run is mostly copying. */
const MOST_CACHE_BYTES = 2 ** 30;
const WARM_UP_MS = 300;
const MOST_RELATIVE_ERROR = 0.02;
const NOTE = "sums in f16";
/** It warns of that copy at every run otherwise. */
const ERRORS_ONLY = { logSeverityLevel: 3 };

/** Why the peer does not run a case. */
class Skip extends Error {}

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

// Protocol buffers, as far as a model of one node needs them.

const FLOAT16 = 10;
const INT32 = 6;
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;

function varint(value) {
  const bytes = [];
  for (let rest = value;; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push(rest % 128 + 128);
  }
}

const message = (field, bytes) => [...varint(field * 8 + 2), ...varint(bytes.length), ...bytes];
const string = (field, value) => message(field, [...Buffer.from(value)]);
const integer = (field, value) => [...varint(field * 8), ...varint(value)];
const float = (field, value) => [
  ...varint(field * 8 + 5),
  ...new Uint8Array(Float32Array.of(value).buffer),
];

function valueInfo(name, type, dimensions) {
  const shape = dimensions.flatMap((dimension) =>
    message(1, typeof dimension === "string" ? string(2, dimension) : integer(1, dimension))
  );
  return [
    ...string(1, name),
    ...message(2, message(1, [...integer(1, type), ...message(2, shape)])),
  ];
}

/** An ONNX model of one PagedAttention node. */
function buildModel({ kvHeads, group, headSize, pageSizeTokens }) {
  const heads = kvHeads * group;
  const cache = ["N", pageSizeTokens, kvHeads, headSize];
  const inputs = [
    ["query", FLOAT16, ["T", heads * headSize]],
    ["key", FLOAT16, ["T", kvHeads * headSize]],
    ["value", FLOAT16, ["T", kvHeads * headSize]],
    ["key_cache", FLOAT16, cache],
    ["value_cache", FLOAT16, cache],
    ["cumulative_sequence_length", INT32, ["B1"]],
    ["past_seqlens", INT32, ["B"]],
    ["block_table", INT32, ["B", "M"]],
  ];
  const outputs = [
    ["output", FLOAT16, ["T", heads * headSize]],
    ["key_cache_out", FLOAT16, cache],
    ["value_cache_out", FLOAT16, cache],
  ];
  const attribute = (name, type, field) =>
    message(5, [...string(1, name), ...field, ...integer(20, type)]);
  const node = [
    ...inputs.flatMap(([name]) => string(1, name)),
    ...outputs.flatMap(([name]) => string(2, name)),
    ...string(4, "PagedAttention"),
    ...string(7, "com.microsoft"),
    ...attribute("num_heads", ATTRIBUTE_INT, integer(3, heads)),
    ...attribute("kv_num_heads", ATTRIBUTE_INT, integer(3, kvHeads)),
    ...attribute("scale", ATTRIBUTE_FLOAT, float(2, 1 / Math.sqrt(headSize))),
  ];
  const graph = [
    ...message(1, node),
    ...string(2, "attention"),
    ...inputs.flatMap((each) => message(11, valueInfo(...each))),
    ...outputs.flatMap((each) => message(12, valueInfo(...each))),
  ];
  const operators = (domain, version) => message(8, [...string(1, domain), ...integer(2, version)]);
  return Uint8Array.from([
    ...integer(1, 10),
    ...message(7, graph),
    ...operators("", 21),
    ...operators("com.microsoft", 1),
  ]);
}

/** Numbers in [0, 1) from a seed. */
function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Bits of the float16 nearest towards zero. */
function toHalf(value) {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0];
  const exponent = ((bits >>> 23) & 255) - 112;
  const sign = (bits >>> 16) & 0x8000;
  return exponent <= 0 ? sign : sign | (exponent << 10) | ((bits >>> 13) & 1023);
}

function fromHalf(bits) {
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  const magnitude = exponent === 0
    ? fraction * 2 ** -24
    : exponent === 31
    ? (fraction === 0 ? Infinity : NaN)
    : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -magnitude : magnitude;
}

/** Inputs of a case: the step's tokens are in `key` and `value`, the rest lies in the caches. */
function makeInputs(ort, { shape, requests }, seed) {
  const { kvHeads, group, headSize, pageSizeTokens } = shape;
  const random = createRandom(seed);
  // A few thousand values, repeated: drawing as many as a cache has would take longer than the runs.
  const draws = Uint16Array.from({ length: 8191 }, () => toHalf(random() * 4 - 2));
  const half = (dimensions) => {
    const count = dimensions.reduce((product, each) => product * each, 1);
    const data = new Uint16Array(count);
    for (let i = 0; i < count; i++) data[i] = draws[(i * 7 + dimensions.length) % draws.length];
    return new ort.Tensor("float16", data, dimensions);
  };
  const whole = (values, dimensions = [values.length]) =>
    new ort.Tensor("int32", Int32Array.from(values), dimensions);
  const slots = requests.flatMap(({ count, ...each }) => Array.from({ length: count }, () => each));
  const pagesOf = ({ contextTokens }) => Math.ceil(contextTokens / pageSizeTokens);
  const columns = Math.max(...slots.map(pagesOf));
  const pages = slots.reduce((sum, each) => sum + pagesOf(each), 0);
  if (pages * pageSizeTokens * kvHeads * headSize * 4 > MOST_CACHE_BYTES) {
    throw new Skip("its caches are copied to the device before each run, and these are large");
  }
  const order = Array.from({ length: pages }, (_, page) => page);
  for (let i = pages - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  const table = new Int32Array(slots.length * columns).fill(-1);
  const starts = [0];
  let used = 0;
  slots.forEach((slot, row) => {
    starts.push(starts[row] + slot.queryTokens);
    for (let column = 0; column < pagesOf(slot); column++) {
      table[row * columns + column] = order[used++];
    }
  });
  const tokens = starts.at(-1);
  const cache = [pages, pageSizeTokens, kvHeads, headSize];
  return {
    slots,
    feeds: {
      query: half([tokens, kvHeads * group * headSize]),
      key: half([tokens, kvHeads * headSize]),
      value: half([tokens, kvHeads * headSize]),
      key_cache: half(cache),
      value_cache: half(cache),
      cumulative_sequence_length: whole(starts),
      past_seqlens: whole(slots.map((each) => each.contextTokens - each.queryTokens)),
      block_table: whole(table, [slots.length, columns]),
    },
  };
}

/** Compares the last query row of the first slot with float64, for the first and the last head. */
function checkOutput(output, { shape, slots, feeds }) {
  const { kvHeads, group, headSize, pageSizeTokens } = shape;
  const [{ contextTokens, queryTokens }] = slots;
  const past = contextTokens - queryTokens;
  const row = queryTokens - 1;
  const read = (name, cacheName, position, head, element) => {
    if (position >= past) {
      return fromHalf(
        feeds[name].data[((position - past) * kvHeads + head) * headSize + element],
      );
    }
    const page = feeds.block_table.data[Math.floor(position / pageSizeTokens)];
    const at = (page * pageSizeTokens + position % pageSizeTokens) * kvHeads + head;
    return fromHalf(feeds[cacheName].data[at * headSize + element]);
  };
  for (const head of [0, kvHeads * group - 1]) {
    const kvHead = Math.floor(head / group);
    const base = (row * kvHeads * group + head) * headSize;
    const scores = Array.from({ length: contextTokens }, (_, position) => {
      let dot = 0;
      for (let d = 0; d < headSize; d++) {
        dot += fromHalf(feeds.query.data[base + d]) * read("key", "key_cache", position, kvHead, d);
      }
      return dot / Math.sqrt(headSize);
    });
    const top = scores.reduce((most, score) => Math.max(most, score), -Infinity);
    const weights = scores.map((score) => Math.exp(score - top));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let error = 0;
    let norm = 0;
    for (let d = 0; d < headSize; d++) {
      let expected = 0;
      weights.forEach((weight, position) => {
        expected += weight / total * read("value", "value_cache", position, kvHead, d);
      });
      error += (fromHalf(output[base + d]) - expected) ** 2;
      norm += expected ** 2;
    }
    const relative = Math.sqrt(error / norm);
    if (!(relative <= MOST_RELATIVE_ERROR)) {
      throw new Skip(`its output is off by ${relative.toPrecision(3)} of a float64 reference`);
    }
  }
}

/** Milliseconds of the attention programs of each run, from a profile. */
function readProfile(path, runs) {
  const programs = JSON.parse(readFileSync(path, "utf8"))
    .filter(({ cat, name }) => cat === "Api" && name.startsWith("&PagedAttention&"))
    .sort((a, b) => a.ts - b.ts)
    .map(({ name, dur }) => ({ name: name.split("&").at(-1), dur }));
  const samples = [];
  let first;
  for (const { name, dur } of programs) {
    first ??= name;
    if (name === first) samples.push(0);
    if (name.startsWith("FlashAttention")) samples[samples.length - 1] += dur / 1000;
  }
  const timed = samples.slice(-runs);
  if (timed.length < runs || timed.some((ms) => ms === 0)) {
    throw new Skip("its profile has no time for every run");
  }
  return timed;
}

async function runCase(ort, kernelCase, { runs, seed }) {
  const { shape, windows } = kernelCase;
  if (shape.storage !== "f16") throw new Skip("it has f16 only");
  if (windows !== null) throw new Skip("its paged kernels have no windows by head");
  const inputs = makeInputs(ort, kernelCase, seed);
  const folder = mkdtempSync(join(tmpdir(), "headwise-ort-"));
  try {
    const session = await ort.InferenceSession.create(buildModel(shape), {
      executionProviders: ["webgpu"],
      enableProfiling: true,
      profileFilePrefix: join(folder, "profile"),
      ...ERRORS_ONLY,
    });
    const { output } = await session.run(inputs.feeds, ERRORS_ONLY);
    checkOutput(output.data, { shape, ...inputs });
    const began = performance.now();
    while (performance.now() - began < WARM_UP_MS) await session.run(inputs.feeds, ERRORS_ONLY);
    for (let run = 0; run < runs; run++) await session.run(inputs.feeds, ERRORS_ONLY);
    session.endProfiling();
    await session.release();
    const [profile] = readdirSync(folder);
    return readProfile(join(folder, profile), runs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function loadRuntime() {
  const require = createRequire(join(process.cwd(), "package.json"));
  try {
    const ort = require(PACKAGE);
    ort.env.logLevel = "error";
    const { version } = require(`${PACKAGE}/package.json`);
    if (ort.listSupportedBackends?.().some(({ name }) => name === "webgpu") === false) {
      return { absent: `${PACKAGE} ${version} has no WebGPU for this system` };
    }
    return { ort, version };
  } catch (error) {
    return { absent: `node cannot load ${PACKAGE}: ${firstLine(error)}` };
  }
}

function firstLine(error) {
  return String(error?.message ?? error).split("\n")[0].slice(0, 300);
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const request = JSON.parse((await lines.next()).value);
const { ort, version = null, absent = null } = loadRuntime();
say({
  kind: "peer",
  peer: PEER,
  version: version === null ? null : `ONNX Runtime ${version}, WebGPU`,
  absent,
});
for await (const line of lines) {
  const kernelCase = JSON.parse(line);
  const about = { peer: PEER, case: kernelCase.name };
  try {
    if (absent === null && kernelCase.peers.includes(PEER)) {
      const samplesMs = await runCase(ort, kernelCase, request);
      say({ kind: "timed", samplesMs, note: NOTE, ...about });
    }
  } catch (error) {
    say({ kind: "skipped", reason: firstLine(error), ...about });
  }
  say({ kind: "done", case: kernelCase.name });
}
