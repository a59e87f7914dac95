/** A thread: replays what it is ordered, one replica after the other, or judges rows. */

import { answerOrder, type FleetWord, type Order } from "./fleet_words.ts";

// The library of types is that of a window.
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<Order>) => void) | null;
  postMessage: (word: FleetWord, transfer: Transferable[]) => void;
};

scope.onmessage = async ({ data }) => {
  await answerOrder(data, (word, buffers) => scope.postMessage(word, buffers));
};
