/**
 * Completion of the command line in bash, zsh and fish.
 *
 * @module
 */

export { COMPLETE, completeLine, completionsCommand } from "./command.ts";
