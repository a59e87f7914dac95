import { type CommandPage, findPage, listPages } from "./command_page.ts";
import { type ManualPage, manualPageOf } from "./manual_page.ts";
import { topicPageOf, TOPICS } from "./topics.ts";

/**
 * Lists every page of the manual.
 *
 * @returns The pages of the program, of every command below it, and of every topic.
 */
export function listManual(root: CommandPage): readonly ManualPage[] {
  return [
    ...listPages(root).map((page) => manualPageOf(page, TOPICS)),
    ...TOPICS.map(topicPageOf),
  ];
}

/**
 * Finds a page of the manual.
 *
 * @param names Names of a command from the root, or of a topic; none for the program itself.
 * @returns The page, or undefined where there is none.
 */
export function findManualPage(
  root: CommandPage,
  names: readonly string[],
): ManualPage | undefined {
  const page = findPage(root, names);
  if (page !== undefined) return manualPageOf(page, TOPICS);
  const topic = TOPICS.find(({ name }) => name === names.join(" "));
  return topic === undefined ? undefined : topicPageOf(topic);
}

/**
 * Lists what `headwise help` can be asked for.
 *
 * @returns Commands, those below them with a space between the names, and topics.
 */
export function listHelpNames(root: CommandPage): readonly string[] {
  const commands = listPages(root).map(({ path }) => path.join(" ")).filter((name) => name !== "");
  return [...commands, ...TOPICS.map(({ name }) => name)];
}
