/** The thread of a fleet: replays what it is ordered, one replica after the other. */

import { answerOrder, type FleetOrder, type FleetWord } from "./fleet_words.ts";

// The library of types is that of a window.
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<FleetOrder>) => void) | null;
  postMessage: (word: FleetWord, transfer: Transferable[]) => void;
};

scope.onmessage = async ({ data }) => {
  await answerOrder(data, (word, buffers) => scope.postMessage(word, buffers));
};
