/**
 * `headwise gate`: its command line; what runs it is loaded when it runs.
 *
 * @module
 */

export { gateCommand } from "./command.ts";
