/**
 * Runs a command again when its files have changed.
 *
 * @module
 */

export { watchFiles } from "./watch_files.ts";
