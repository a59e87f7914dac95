import { openLineFile } from "../../../bench/mod.ts";
import { renderJsonLines, type ReportRow } from "../../../conformance/mod.ts";

/**
 * Begins a report; with its first row it takes the place of one of the same name.
 *
 * @param path Path of the file; its folder must exist.
 * @param earlier Rows of a run that is gone on with; none for a new one.
 * @returns What appends a row, which is in the file when it returns, and what closes the file.
 * @throws {ResultError} When the file cannot be written, now or at a row.
 */
export async function openReport(
  path: string,
  earlier: readonly ReportRow[] = [],
): Promise<{ readonly write: (row: ReportRow) => void; readonly close: () => void }> {
  const file = await openLineFile(path, { start: "", flush: false });
  // Written with the first new row, so that a run that is refused leaves the file as it was.
  let taken = earlier;
  return {
    write: (row) => {
      file.append(renderJsonLines([...taken, row]));
      taken = [];
    },
    close: file.close,
  };
}
