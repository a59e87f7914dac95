/**
 * `headwise report`: its command line; what runs it is loaded when it runs.
 *
 * @module
 */

export { reportRoutes } from "./commands.ts";
