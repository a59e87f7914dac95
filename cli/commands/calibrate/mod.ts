/**
 * `headwise calibrate`: its command line; what runs it is loaded when it runs.
 *
 * @module
 */

export { calibrateCommand } from "./command.ts";
