/** The table of commands in the documentation. */
import { COMMAND_NAMES, commandOf } from "./commands.ts";

const BEGIN = "<!-- commands: written by conformance/adapters/generate_schemas.ts -->";
const END = "<!-- end of commands -->";

/**
 * Replaces the table of commands in a page.
 *
 * @param page Markdown with the two marks that the table stands between.
 * @throws {RangeError} If a mark is missing.
 */
export function fillCommandTable(page: string): string {
  const [before, rest] = page.split(BEGIN);
  const to = rest?.indexOf(END) ?? -1;
  if (to < 0) throw new RangeError(`Cannot fill the table: "${BEGIN}" or "${END}" is missing`);
  return `${before}${BEGIN}\n\n${renderCommandTable()}\n${rest!.slice(to)}`;
}

function renderCommandTable(): string {
  const rows = COMMAND_NAMES.map((name) => {
    const command = commandOf(name);
    const tensors = command.part === "conversation" ? undefined : command.resultTensors;
    return [
      `\`${name}\``,
      code(Object.keys(command.request).filter((field) => field !== "tensors")),
      command.about,
      code(Object.keys(tensors ?? {})),
    ];
  });
  const head = ["command", "fields", "what it does; its result", "tensors of the result"];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length))
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |\n`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |\n`;
  return line(head) + rule + rows.map(line).join("");
}

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}
