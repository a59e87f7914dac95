import { EXIT } from "./exit_code.ts";

/** Name of an exit code in {@link EXIT}. */
export type ExitName = keyof typeof EXIT;

/** An exit code, and when the process ends with it. */
export interface ExitMeaning {
  readonly code: number;
  readonly meaning: string;
}

/** What each code says, whatever the command. */
const GENERAL: Readonly<Record<ExitName, string>> = {
  ok: "Done. Where the command has a verdict: PASS, or conformant.",
  fail: "The verdict is FAIL, or the subject does not conform.",
  usage: "The command line, a variable or an option cannot be understood.",
  inconclusive: "The verdict is INCONCLUSIVE.",
  input: "A file cannot be read, is not what it should be, or may not be touched; or there is no " +
    "device where one was demanded.",
  nothingRan: "Every case was skipped, so that nothing was judged.",
  internal: "A fault of headwise itself, with its stack. Please report it.",
  interrupted: "Stopped by Ctrl-C or SIGTERM. Nothing is left half written.",
};

/** Codes that every command can end with. */
const COMMON: readonly ExitName[] = ["ok", "usage", "input", "internal", "interrupted"];

/** What a code says of one command, where it is more than the general meaning. */
const OF_COMMANDS: Readonly<Record<string, Partial<Readonly<Record<ExitName, string>>>>> = {
  "bench": {
    ok: "Measured; with --enforce every verdict is PASS.",
    fail: "A wrong kernel, or more failed requests of a server than --max-failed, which is none " +
      "where nothing is said; with --enforce a verdict is FAIL.",
    inconclusive: "With --enforce: a verdict is INCONCLUSIVE and none is FAIL.",
    input: "A file or a device is missing or wrong, or a server answered no request at all.",
  },
  "gate": {
    ok: "The verdict is PASS.",
    fail: "The verdict is FAIL.",
    inconclusive: "The verdict is INCONCLUSIVE.",
  },
  "serve": {
    ok: "Ended by Ctrl-C, in order.",
    input: "A file cannot be read, or the address cannot be listened on.",
  },
  "conformance": {
    ok: "Every case that was judged conforms.",
    fail: "A case does not conform; with --self-test a mutant lives or a good subject is rejected.",
    usage: "The command line cannot be understood, or no case matches the filter.",
    inconclusive: "The suite itself broke in a case.",
    input: "The subject broke (hang, crash, garbage), or a file or device is missing.",
    nothingRan: "Every case was skipped: the subject claims none of what was chosen.",
  },
  "adapter smoke": {
    ok: "Every case of the smoke test passes.",
    fail: "A case fails.",
    inconclusive: "The suite itself broke in a case.",
    input: "The adapter does not start, does not answer, or fails.",
  },
  "report show": {
    fail: "With --enforce: a run found that its subject does not conform.",
    inconclusive: "With --enforce: the suite broke in a run, or a run was cut off.",
  },
  "report merge": {
    fail: "With --enforce: the merged run found that its subject does not conform.",
    inconclusive: "With --enforce: the suite broke in the merged run.",
  },
  "kernel bench": { fail: "An output is wrong, and so has no time." },
  "kernel tune": { fail: "The output of a variant is wrong." },
  "doctor": {
    ok: "The main job, headwise bench, can run here.",
    fail: "The main job cannot run here; the line marked 'missing' says how to fix it.",
  },
};

/**
 * Lists the exit codes with their general meaning.
 *
 * @returns Every code of {@link EXIT}, by number.
 */
export function exitMeanings(): readonly ExitMeaning[] {
  return meaningsOf(Object.keys(EXIT) as ExitName[], GENERAL);
}

/**
 * Lists the exit codes of a command.
 *
 * @param command Names of the command without `headwise`, with spaces between them.
 * @returns The codes that it can end with, by number, each with what it says of this command.
 */
export function exitMeaningsOf(command: string): readonly ExitMeaning[] {
  const own = ownMeanings(command);
  const names = (Object.keys(EXIT) as ExitName[])
    .filter((name) => COMMON.includes(name) || Object.hasOwn(own, name));
  return meaningsOf(names, { ...GENERAL, ok: "Done.", ...own });
}

/** Lists the exit codes that say more of a command than they say in general. */
export function particularExitMeanings(): ReadonlyMap<string, readonly ExitMeaning[]> {
  return new Map(
    Object.keys(OF_COMMANDS).map((command) => {
      const own = ownMeanings(command);
      return [command, meaningsOf(Object.keys(own) as ExitName[], { ...GENERAL, ...own })];
    }),
  );
}

function ownMeanings(command: string): Partial<Readonly<Record<ExitName, string>>> {
  return Object.hasOwn(OF_COMMANDS, command) ? OF_COMMANDS[command]! : {};
}

function meaningsOf(
  names: readonly ExitName[],
  meanings: Readonly<Record<ExitName, string>>,
): readonly ExitMeaning[] {
  return names.map((name) => ({ code: EXIT[name], meaning: meanings[name] }));
}
