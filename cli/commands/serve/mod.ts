/**
 * `headwise serve`: its command line; what runs it is loaded when it runs.
 *
 * @module
 */

export { serveCommand } from "./command.ts";
