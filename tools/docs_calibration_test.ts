import assert from "node:assert/strict";
import {
  besideRows,
  besideTable,
  GATE_CARDS,
  GATE_FIXTURES,
  gateRow,
  gateTable,
  MEASURED,
} from "./docs_calibration.ts";

const DOCUMENT = await Deno.readTextFile("docs/calibration.md");

/** A table's lines, spaces aside: how wide its columns are depends on the other rows. */
function rowsOf(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith("| ") && !line.startsWith("| --"))
    .map((line) => line.replaceAll(/ +/g, " "));
}

const WRITTEN = new Set(rowsOf(DOCUMENT.split("\n")));

function requireWritten(rows: readonly string[]): void {
  for (const row of rows) {
    assert.ok(
      WRITTEN.has(row),
      `${row} is not in docs/calibration.md; run 'deno task docs:figures'`,
    );
  }
}

Deno.test("docs/calibration.md has both gates of every fixture on every card", async () => {
  const shown = [...WRITTEN].filter((row) => GATE_FIXTURES.some((name) => row.includes(name)));
  assert.equal(shown.length, GATE_FIXTURES.length * GATE_CARDS.length);
  requireWritten(rowsOf(gateTable([await gateRow("capacity-eb45-ratio-75", "H200")])));
});

Deno.test("docs/calibration.md has the model clock beside the measured one, with one verdict", async () => {
  for (const each of MEASURED) {
    const rows = await besideRows(each);
    requireWritten(rowsOf(besideTable(rows)));
    assert.deepEqual(new Set(rows.map((row) => row.at(-1))), new Set(["PASS"]), each.load);
  }
});
