/**
 * `headwise init`: its command line; what runs it is loaded when it runs.
 *
 * @module
 */

export { initCommand } from "./command.ts";
