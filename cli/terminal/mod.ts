/**
 * What a command sees of its terminal and process: streams, colour, tables, progress.
 *
 * @module
 */

export * from "./context.ts";
export { guardContext } from "./guard.ts";
export { createPaint, type Paint, wantsColor } from "./paint.ts";
export { jsonText } from "./json_text.ts";
export { createProgress, type ProgressState } from "./progress.ts";
export {
  type Column,
  figures,
  indented,
  labels,
  renderTable,
  visibleWidth,
  wrapText,
} from "./table.ts";
