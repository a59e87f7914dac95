"""A headwise clock: put your kernel in `attend`, and your device's timers in `run`."""

import numpy as np

from headwise_clock import KEYS, VALUES, Clock, processor
from headwise_protocol import serve


class MyClock(Clock):
    name = "mine"

    def describe(self, cache):
        # "arithmetic": {"weights": "storage", "sums": "matrix"} is what flash attention declares.
        return {"kernel": f"mine, {cache.form}", "card": processor(), "isSoftware": True}

    def prepare(self, cache):
        layers = range(cache.layers)
        cache.keys = [cache.contents(layer, KEYS) for layer in layers]
        cache.values = [cache.contents(layer, VALUES) for layer in layers]

    def attend(self, cache, step, query):
        output = np.zeros_like(query)
        whole = cache.form not in ("clipped", "headwise")
        for slot in np.flatnonzero(step.query_lengths):
            tokens = slice(*step.query_starts[slot:slot + 2])
            for head, window in enumerate(step.windows):
                heads = slice(head * cache.group, (head + 1) * cache.group)
                place, seen = step.row(cache, slot, head, window, whole)
                scores = query[tokens, heads] @ cache.keys[step.layer][place].T * cache.scale
                scores = np.where(seen[:, None], scores, -np.inf)
                weights = np.exp(scores - scores.max(axis=2, keepdims=True))
                weights /= weights.sum(axis=2, keepdims=True)
                output[tokens, heads] = weights @ cache.values[step.layer][place]
        return output


if __name__ == "__main__":
    serve(MyClock())
