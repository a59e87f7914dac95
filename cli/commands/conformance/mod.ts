/**
 * `headwise conformance`: its command line; what runs it is loaded when it runs.
 *
 * @module
 */

export { clausesCommand, conformanceCommand } from "./commands.ts";
