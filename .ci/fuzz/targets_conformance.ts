/** Readers of reports, queries, and of everything that adapters and engines hand in. */
import {
  createAdapterServer,
  createOracleSubject,
  listRegressions,
  parseExpectations,
  parseQuery,
  parseRegressions,
  parseReport,
  parseSubjectSpec,
  printRegressions,
  readTensors,
  renderJsonLines,
  renderReports,
  runConformance,
  writeTensors,
} from "../../conformance/mod.ts";
import { validateTable } from "../../allocator/mod.ts";
import { parseDump } from "../../conformance/adapters/dump.ts";
import { createLineReader } from "../../conformance/adapters/line_reader.ts";
import { COMMAND_NAMES } from "../../conformance/adapters/protocol/commands.ts";
import { readNpy } from "../../conformance/adapters/npy.ts";
import { judgeReply, parseReply } from "../../conformance/adapters/read_reply.ts";
import { DUMP_GEOMETRY, npyOf } from "../../conformance/adapters/testing_dump.ts";
import { CONTROL_SPEC } from "../../conformance/suites/cache_spec.ts";
import { type FuzzTarget, textOf } from "./target.ts";

const file = "fuzzed";
const TABLE = Int32Array.of(0, -1, 2, 3, 0, 1, 2, 3, 4, -1, -1, -1, 4, -1, -1, -1);
const NPY = npyOf({ descr: "<i4", shape: "(4, 4)", data: new Uint8Array(TABLE.buffer) });
const SAFETENSORS = writeTensors(
  new Map([
    ["table", { dtype: "I32", shape: [4, 4], data: TABLE }],
    ["output", { dtype: "BF16", shape: [3], data: Uint16Array.of(1, 2, 3) }],
  ]),
);
const GEOMETRY = JSON.stringify(DUMP_GEOMETRY);
const WORDS = [
  "\xff\xff\xff\xff\xff\xff\xff\x7f",
  '"data_offsets":[0,9007199254740991]',
  '"shape":[9007199254740991,9007199254740991]',
  "'shape': (99999999999, 99999999999)",
  "'descr': '<i8'",
  '"F64"',
  '"__metadata__":{}',
];

const REPORT = await shortReport();

/** Readers of files and messages about conformance. */
export const CONFORMANCE_TARGETS: readonly FuzzTarget[] = [
  {
    name: "conformance/safetensors",
    seeds: [SAFETENSORS],
    words: WORDS,
    errors: ["TensorFileError"],
    read: readTensors,
  },
  {
    name: "conformance/npy",
    seeds: [NPY],
    words: WORDS,
    errors: ["TensorFileError"],
    read: readNpy,
  },
  {
    name: "conformance/dump",
    seeds: [dumpOf(NPY), dumpOf(SAFETENSORS)],
    words: WORDS,
    errors: ["DumpError"],
    read: (input) => {
      const end = input.indexOf(0x0a);
      const json = textOf(input.subarray(0, end));
      const bytes = input.subarray(end + 1);
      return validateTable(parseDump({ file, jsonFile: "fuzzed.json", json, bytes }).question);
    },
  },
  {
    name: "conformance/adapter-reply",
    seeds: replies(),
    words: ['"status":"skipped"', '"missing":["kernel.f16"]', '"traceback":"x"', "NaN"],
    errors: ["AdapterFault", "AdapterSkip"],
    read: readReply,
  },
  {
    name: "conformance/adapter-request",
    seeds: requests(),
    words: ['"NaN"', '"-Infinity"', '"command":"snapshot"', '"slots":4294967295'],
    errors: [],
    read: answerRequest,
  },
  {
    name: "conformance/report",
    seeds: [REPORT],
    errors: ["ReportError"],
    read: (input) => {
      const report = parseReport(textOf(input), file);
      for (const format of ["junit", "tap", "sarif", "markdown", "html", "github"] as const) {
        renderReports(format, [report]);
      }
    },
  },
  {
    name: "conformance/expectations",
    seeds: [
      "expectations:\n  - query: kernel:attend:geometry:size=256;*\n    reason: Too small\n" +
      "    issue: https://example.org/issues/7\n    expires: 2030-01-31\n",
    ],
    words: ["&a ", "*a", "query: a:b:c:d=1,e=2", "expires: 2030-99-99"],
    errors: ["ExpectationError"],
    read: (input) => parseExpectations(textOf(input), file),
  },
  {
    name: "conformance/regressions",
    seeds: [printRegressions(listRegressions().slice(0, 2))],
    errors: ["RegressionError"],
    read: (input) => parseRegressions(textOf(input), file),
  },
  {
    name: "conformance/query",
    seeds: ["kernel:attend:geometry:size=256;page=16", "allocator:*", "a,b:c:d:e=1;*"],
    errors: ["QueryError"],
    read: (input) => parseQuery(textOf(input)),
  },
  {
    name: "conformance/subject",
    seeds: ["exec:python3 'my adapter.py' --flag", "module:a.ts", "ffi:./lib.so", "dump:t.npy"],
    errors: ["RangeError"],
    read: (input) => parseSubjectSpec(textOf(input)),
  },
];

function dumpOf(table: Uint8Array): Uint8Array {
  return Uint8Array.from([...new TextEncoder().encode(`${GEOMETRY}\n`), ...table]);
}

/** What an adapter wrote, up to the first line's end, as the reply to a request of each kind. */
async function readReply(input: Uint8Array): Promise<void> {
  const stream = ReadableStream.from([input.slice(0, 7), input.slice(7)]);
  const reader = createLineReader(stream, { maxLineBytes: 4096 });
  const line = await reader.next();
  await reader.cancel();
  if (line === null) return;
  // The shape is that of the command that the input names, or of any.
  const name = COMMAND_NAMES.find((command) => line.includes(`"${command}"`)) ??
    COMMAND_NAMES[line.length % COMMAND_NAMES.length];
  judgeReply(name, parseReply(name, 1, line), { claimed: new Set(["allocator.headwise"]) });
}

/** What the host of a subject answers: always one line of JSON, whatever the request. */
async function answerRequest(input: Uint8Array): Promise<void> {
  const server = createAdapterServer(createOracleSubject(), {
    read: () => Promise.resolve(SAFETENSORS),
    write: () => Promise.resolve(),
  });
  for (const line of textOf(input).split("\n").slice(0, 8)) {
    const { status } = JSON.parse(await server.answer(line)) as { status: string };
    if (!["result", "refused", "skipped", "errored"].includes(status)) throw new Error(status);
  }
}

function replies(): string[] {
  const reply = (fields: object): string => `${JSON.stringify({ id: 1, ...fields })}\n`;
  return [
    reply({ status: "result", value: { protocol: 1, name: "hello" } }),
    reply({ status: "result", value: { kvHeads: 1, queryHeads: 4 } }),
    reply({ status: "result", value: { tensors: "reply-1.safetensors" } }),
    reply({ status: "result", value: { droppedWrites: 0, tensors: "reply-1.safetensors" } }),
    reply({ status: "refused", code: "shape/rows", message: "no" }),
    reply({ status: "skipped", missing: ["kernel.append"], reason: "no" }),
    reply({ status: "errored", message: "no", traceback: "a\nb" }),
  ];
}

function requests(): string[] {
  const spec = { ...CONTROL_SPEC, slots: 2 };
  const line = (command: string, fields: object = {}): string =>
    JSON.stringify({ id: 1, command, ...fields });
  return [
    [
      line("create", { spec }),
      line("admit", { slot: 0, lengthTokens: 40 }),
      line("extend", { slot: 0, lengthTokens: 60 }),
      line("snapshot"),
    ].join("\n"),
    line("shard", { kvHeadsGlobal: 8, queryHeadsGlobal: 32, ranks: 4, rank: 0 }),
    [
      line("create", { spec }),
      line("reorder", { permutation: [1, 0] }),
      line("release", { slot: 0 }),
    ]
      .join("\n"),
  ];
}

async function shortReport(): Promise<string> {
  const filters = ["allocator:availability", "allocator:tensor_parallel"].map(parseQuery);
  const { rows } = await runConformance({ subject: createOracleSubject(), filters });
  return renderJsonLines(rows);
}
