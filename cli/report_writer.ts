import { renderJsonLines, type ReportRow } from "../conformance/mod.ts";

/** A report that is being written. */
export interface ReportWriter {
  /** Appends a row; it is in the file when this returns. */
  readonly write: (row: ReportRow) => void;
  /** Closes the file. */
  readonly close: () => void;
}

/** Opens a new report in place of one of the same name. Rows are only ever appended. */
export function openReport(path: string): ReportWriter {
  const file = Deno.openSync(path, { write: true, create: true, truncate: true });
  const encoder = new TextEncoder();
  return {
    write: (row) => {
      let bytes = encoder.encode(renderJsonLines([row]));
      while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
    },
    close: () => file.close(),
  };
}
