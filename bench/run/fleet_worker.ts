/** A thread: replays what it is ordered, one replica after the other, or judges rows. */

import { answerOrder, type FleetOrder, type FleetWord } from "./fleet_words.ts";
import type { JudgeOrder } from "./judge_threads.ts";

// The library of types is that of a window.
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<FleetOrder | JudgeOrder>) => void) | null;
  postMessage: (word: FleetWord, transfer: Transferable[]) => void;
};

scope.onmessage = async ({ data }) => {
  await answerOrder(data, (word, buffers) => scope.postMessage(word, buffers));
};
