/**
 * `headwise kernel`: its command line; what runs it is loaded when it runs.
 *
 * @module
 */

export { kernelRoutes } from "./commands.ts";
