/**
 * `headwise bench`: its command line; what runs it is loaded when it runs.
 *
 * @module
 */

export { benchCommand } from "./command.ts";
