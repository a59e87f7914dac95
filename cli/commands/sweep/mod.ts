/**
 * `headwise sweep`: its command line; what runs it is loaded when it runs.
 *
 * @module
 */

export { sweepRoutes } from "./command.ts";
