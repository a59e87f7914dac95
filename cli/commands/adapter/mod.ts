/**
 * `headwise adapter`: its command line; what runs it is loaded when it runs.
 *
 * @module
 */

export { adapterRoutes } from "./commands.ts";
