/** Judges a dumped table clause by clause, so that it is reported like any other subject. */
import { validateTable, type Violation } from "../../allocator/mod.ts";
import { Mismatch, PASS } from "../outcome.ts";
import type { Subject } from "../subject.ts";
import { defineTest, type TestDefinition } from "../test_definition.ts";
import { readDump, type TableDumpFile } from "./dump.ts";

/** Every clause that a table alone can break. */
export const DUMP_CLAUSES: readonly string[] = [
  "dtype/int32",
  "layout/row-major-heads",
  "shape/columns-positive",
  "shape/rows",
  "shape/columns-cover",
  "shape/group",
  "sentinel/only-minus-one",
  "sentinel/only-when-dead",
  "sentinel/tail",
  "pool/conservation",
];

const SHOWN_FAULTS = 3;

/** A dumped table as something to judge. */
export interface OpenDump {
  /** A subject without commands: its tests have the table already. */
  readonly subject: Subject;
  /** A test of each clause that a table alone can break, of one case each. */
  readonly tests: readonly TestDefinition[];
}

/**
 * Reads a dumped table and the JSON beside it, and makes a test of each clause:
 * `dump:table:sentinel_tail:` and so on.
 *
 * @param file Path of a `.safetensors` or `.npy` file; `table.npy` has its JSON in `table.json`.
 * @throws {DumpError} If one of the files is not what it should be.
 */
export async function openDump(file: string): Promise<OpenDump> {
  const dump = await readDump(file);
  const subject: Subject = { name: `dump of ${file}`, capabilities: new Set(["validator"]) };
  return { subject, tests: createDumpTests(dump) };
}

function createDumpTests({ question, owner }: TableDumpFile): TestDefinition[] {
  const faults = validateTable(question);
  return DUMP_CLAUSES.map((clause) =>
    defineTest({
      id: `dump:table:${clause.replaceAll(/[^a-z0-9]/g, "_")}`,
      clauses: [clause],
      description: `The dumped table keeps "${clause}"`,
      needs: () => ["validator"],
      cases: [{}],
      run: () => {
        const found = faults.filter((fault) => fault.clause === clause);
        if (found.length > 0) throw new Mismatch(describe(found, owner));
        return Promise.resolve(PASS);
      },
    })
  );
}

function describe(faults: readonly Violation[], owner: TableDumpFile["owner"]): string {
  const whose = owner === "worker" ? "In the worker's table: " : "";
  const shown = faults.slice(0, SHOWN_FAULTS).map(({ message }) => `${whose}${message}`);
  const more = faults.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}
