/**
 * The manual: one page model for help, `man` and Markdown.
 *
 * @module
 */

export { buildHelpCommand } from "./command.ts";
export {
  type CommandPage,
  commandPageOf,
  findPage,
  type PageArgument,
  type PageOption,
  type RoutingTarget,
} from "./command_page.ts";
export { TOPICS } from "./topics.ts";
