/** Gates and kernel forms as they are written on the command line. */

import type { KernelForm, SideName, SidePair } from "../../bench/mod.ts";
import { choiceOf, type ChoiceParser, choicesOf } from "./parsers.ts";

/** Side that stands for each form. */
const SIDE_OF_NAME = {
  "two-pass": "two-pass",
  "row": "uniform",
  "headwise-row": "headwise-row",
  "clipped": "uniform-clipped",
  "headwise": "headwise",
} as const satisfies Record<KernelForm, SideName>;
const FORMS = Object.keys(SIDE_OF_NAME) as readonly KernelForm[];

/** A gate as written: its name, and the pair where one is named. */
export type GateText = "read" | "capacity" | `read=${KernelForm}:${KernelForm}`;

const parseName = choiceOf<"read" | "capacity">(["read", "capacity"]);
const parseForm = choiceOf<KernelForm>(FORMS);

/**
 * Reads gates with commas between them, each once: `read`, `read=row:headwise`, `capacity`.
 *
 * @throws {RangeError} With the words that are right.
 */
export const parseGates: ChoiceParser<readonly GateText[]> = Object.assign(
  (text: string): readonly GateText[] => {
    const gates = text.split(",").map((part): GateText => {
      const [name, pair] = part.trim().split("=", 2);
      if (pair === undefined) return parseName(name);
      if (name !== "read") throw new RangeError(`only read takes a pair, as read=row:headwise`);
      const [baseline, candidate, ...more] = pair.split(":");
      if (candidate === undefined || more.length > 0) {
        throw new RangeError("expected a pair of kernel forms, as read=row:headwise");
      }
      const forms = [parseForm(baseline), parseForm(candidate)] as const;
      if (forms[0] === forms[1]) throw new RangeError("expected a pair of two different forms");
      return `read=${forms[0]}:${forms[1]}`;
    });
    const names = gates.map((gate) => gate.split("=")[0]);
    if (new Set(names).size === names.length) return gates;
    throw new RangeError("expected each gate once");
  },
  { choices: ["read", "capacity"], isList: true },
);

/** The gates and the read gate's pair, as the library takes them. */
export function gateOptions(
  gates: readonly GateText[],
): { readonly gates: ("gate/read" | "gate/capacity")[]; readonly readPair?: SidePair } {
  const named = gates.map((gate) => /^read=([^:]+):([^:]+)$/.exec(gate)).find((found) =>
    found !== null
  );
  return {
    gates: gates.map((gate) => gate === "capacity" ? "gate/capacity" : "gate/read"),
    ...(named === undefined ? {} : {
      readPair: {
        baseline: SIDE_OF_NAME[named[1] as KernelForm],
        candidate: SIDE_OF_NAME[named[2] as KernelForm],
      },
    }),
  };
}

/** Sides that have no form's name. */
const SIDES = {
  "uniform": "uniform",
  "uniform-clipped": "uniform-clipped",
} as const satisfies Partial<Record<SideName, SideName>>;
const SIDE_OF_TEXT = { ...SIDE_OF_NAME, ...SIDES };
const TEXTS = Object.keys(SIDE_OF_TEXT) as readonly (keyof typeof SIDE_OF_TEXT)[];
const parseTexts = choicesOf([...TEXTS, "all"]);

/** Reads kernel forms with commas between them, or `all`; a result names them by their sides. */
export const parseForms: ChoiceParser<readonly SideName[]> = Object.assign(
  (text: string): readonly SideName[] => {
    const given = parseTexts(text);
    const wanted = new Set<SideName>(
      given.map((each) => each === "all" ? "uniform" : SIDE_OF_TEXT[each]),
    );
    return FORMS.map((form) => SIDE_OF_NAME[form])
      .filter((side) => given.includes("all") || wanted.has(side));
  },
  { choices: [...FORMS, "all"], isList: true },
);

const parseSideText = choiceOf([...TEXTS, "headwise-recycle", "pooled", "pooled-recycle"]);

/** Reads one side, by its name or its kernel's form. */
export const parseSide: ChoiceParser<SideName> = Object.assign(
  (text: string): SideName => {
    const given = parseSideText(text);
    return given in SIDE_OF_TEXT
      ? SIDE_OF_TEXT[given as keyof typeof SIDE_OF_TEXT]
      : given as SideName;
  },
  { choices: parseSideText.choices, isList: false },
);
