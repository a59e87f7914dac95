import { cleanLine } from "../../fixtures/foreign_text.ts";
import type { CliStream } from "./context.ts";
import { CLEAR_LINE } from "./guard.ts";

/** How far something has come. */
export interface ProgressState {
  /** What is being done, such as `replay headwise, pair 2 of 6`. */
  readonly label: string;
  /** Share done of everything, from 0 to 1. */
  readonly fraction: number;
  /** What is counted, such as `120 of 200 requests`. */
  readonly detail: string;
}

/** Shows progress. */
export interface Progress {
  /** Shows a new state; may be called as often as one likes. */
  readonly update: (state: ProgressState) => void;
  /** Removes the bar, so that what follows starts on a clean line. */
  readonly close: () => void;
}

const BAR_COLUMNS = 24;
const REDRAW_MS = 100;

/**
 * Shows progress on a stream: a bar that is redrawn in place on a terminal, and elsewhere one line
 * for each label, when it first comes up: parts of a long run take turns.
 *
 * @param stream Where it goes; standard error, so that results stay clean.
 * @param o A clock in milliseconds.
 */
export function createProgress(stream: CliStream, o: { readonly now: () => number }): Progress {
  if (!stream.isTerminal) {
    const shown = new Set<string>();
    return {
      update({ label }): void {
        if (!shown.has(label)) stream.write(`${cleanLine(label)}\n`);
        shown.add(label);
      },
      close(): void {},
    };
  }
  let lastLabel: string | null = null;
  let lastDrawnMs = -Infinity;
  return {
    update(state): void {
      const nowMs = o.now();
      if (state.label === lastLabel && nowMs - lastDrawnMs < REDRAW_MS) return;
      lastLabel = state.label;
      lastDrawnMs = nowMs;
      stream.write(`${CLEAR_LINE}${drawBar(state, stream.columns)}`);
    },
    close(): void {
      if (lastLabel !== null) stream.write(CLEAR_LINE);
    },
  };
}

function drawBar(state: ProgressState, columns: number): string {
  const fraction = Math.min(1, Math.max(0, state.fraction));
  const full = Math.round(fraction * BAR_COLUMNS);
  const bar = "█".repeat(full) + "░".repeat(BAR_COLUMNS - full);
  const percent = `${Math.floor(fraction * 100)}`.padStart(3);
  // One column less than the terminal has, for a full line wraps on some.
  const text = cleanLine(`${state.label}  ${state.detail}`);
  return `${bar} ${percent} %  ${text}`.slice(0, columns - 1);
}
