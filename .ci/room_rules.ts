import { listImports, targetInCheckout } from "./import_rules.ts";
import { type Breach, isImplementation, type SourceFile } from "./source_tree.ts";

/**
 * The rooms of a top folder, lowest first: a room may import the rooms before it. Names with an
 * ending are files that stand between rooms; `commands/*` is one rank of rooms, none of which
 * imports another.
 */
export const ROOM_ORDER: Readonly<Record<string, readonly string[]>> = {
  bench: [
    "result",
    "statistics",
    "scheduler",
    "card",
    "clock",
    "replay",
    "gate",
    "foreign",
    "validation",
    "run",
    "kernel",
    "sweep",
    "live",
    "report",
    "mod.ts",
  ],
  cli: [
    "exit_code.ts",
    "exit_meanings.ts",
    "version.ts",
    "terminal",
    "settings",
    "system_fault.ts",
    "system_fault.ts",
    "fault.ts",
    "watch",
    "tables",
    "gpu",
    "subject",
    "workload",
    "manual",
    "completion",
    "doctor",
    "ui",
    "commands/*",
    "app.ts",
    "main.ts",
    "mod.ts",
  ],
};

/** Rooms hold no code that another room reaches past their `mod.ts`, and import only downwards. */
export function checkRooms(files: readonly SourceFile[]): Breach[] {
  const breaches: Breach[] = [];
  for (const { path, text } of files) {
    const from = roomOf(path);
    if (from === null || !isProduction(path)) continue;
    if (rankOf(from) < 0) {
      const message = `Cannot place '${from.room}'; add it to ROOM_ORDER in .ci/room_rules.ts`;
      breaches.push({ rule: "rooms", path, message });
      continue;
    }
    for (const { specifier } of listImports(text)) {
      const target = targetInCheckout({ specifier, path });
      const to = target === null ? null : roomOf(target);
      if (to === null || to.top !== from.top || to.room === from.room) continue;
      const problem = rankOf(to) >= rankOf(from)
        ? `Cannot import '${specifier}': '${from.room}' comes before '${to.room}'`
        : !to.room.endsWith(".ts") && target !== `${to.top}/${to.room}/mod.ts`
        ? `Cannot import '${specifier}': the room is entered only through its 'mod.ts'`
        : null;
      if (problem !== null) breaches.push({ rule: "rooms", path, message: problem });
    }
  }
  return breaches;
}

/** No file reaches itself through imports of any kind: of types and inside functions too. */
export function checkCircles(files: readonly SourceFile[]): Breach[] {
  const edges = new Map(
    files.filter(({ path }) => isProduction(path)).map(({ path, text }) => [
      path,
      listImports(text).filter(({ asText }) => !asText)
        .flatMap(({ specifier }) => targetInCheckout({ specifier, path }) ?? []),
    ]),
  );
  const breaches: Breach[] = [];
  const done = new Set<string>();
  const visit = (path: string, stack: readonly string[]): void => {
    if (stack.includes(path)) {
      const circle = [...stack.slice(stack.indexOf(path)), path].join(" → ");
      breaches.push({ rule: "circles", path, message: `Imports run in a circle: ${circle}` });
      return;
    }
    if (done.has(path)) return;
    for (const target of edges.get(path) ?? []) visit(target, [...stack, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return breaches;
}

interface Room {
  readonly top: string;
  readonly room: string;
}

/** The room of a file: a folder of the top folder, `commands/NAME`, or the file itself. */
function roomOf(path: string): Room | null {
  const [top, ...rest] = path.split("/");
  if (top === undefined || !(top in ROOM_ORDER) || rest.length === 0) return null;
  const inCommands = rest[0] === "commands" && rest.length > 2;
  return { top, room: rest.slice(0, inCommands ? 2 : 1).join("/") };
}

function rankOf({ top, room }: Room): number {
  const order = ROOM_ORDER[top]!;
  return order.indexOf(room.startsWith("commands/") ? "commands/*" : room);
}

/** Tests and what only tests load may reach into any room. */
function isProduction(path: string): boolean {
  const name = path.split("/").at(-1)!;
  return isImplementation(path) && !name.startsWith("testing") && !name.endsWith("test_support.ts");
}
