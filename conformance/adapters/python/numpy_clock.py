#!/usr/bin/env python3
"""Attention in NumPy as a headwise clock, in five forms: to rehearse, where there is no GPU.

    headwise bench --clock 'exec:python3 conformance/adapters/python/numpy_clock.py'
"""

import numpy as np

from headwise_clock import KEYS, VALUES, Clock, processor
from headwise_protocol import serve


class NumpyClock(Clock):
    name = "numpy-clock"

    def describe(self, cache):
        return {"kernel": f"NumPy, {cache.form}", "card": processor(), "isSoftware": True,
                "versions": {"numpy": np.__version__}}

    def prepare(self, cache):
        cache.keys, cache.values = (
            [cache.contents(layer, tensor) for layer in range(cache.layers)]
            for tensor in (KEYS, VALUES))

    def attend(self, cache, step, query):
        if cache.form != "two-pass":
            return self.one_pass(cache, step, query, step.windows)
        full = self.one_pass(cache, step, query, np.zeros_like(step.windows))
        widest = np.full_like(step.windows, step.windows.max(initial=0))
        windowed = self.one_pass(cache, step, query, np.where(step.windows, step.windows, widest))
        columns = np.repeat(step.windows > 0, cache.group)[None, :, None]
        return np.where(columns, windowed, full)

    def one_pass(self, cache, step, query, windows):
        output = np.zeros_like(query)
        whole = cache.form in ("two-pass", "row", "headwise-row")
        for slot in np.flatnonzero(step.query_lengths):
            tokens = slice(*step.query_starts[slot:slot + 2])
            for head, window in enumerate(windows):
                heads = slice(head * cache.group, (head + 1) * cache.group)
                place, seen = step.row(cache, slot, head, window, whole)
                scores = query[tokens, heads] @ cache.keys[step.layer][place].T * cache.scale
                scores = np.where(seen[:, None], scores, -np.inf)
                sink = -np.inf if cache.sink_logits is None else cache.sink_logits[heads][:, None]
                top = np.maximum(scores.max(axis=2, keepdims=True), sink)
                weights = np.exp(scores - top)
                total = weights.sum(axis=2, keepdims=True) + np.exp(sink - top)
                output[tokens, heads] = weights @ cache.values[step.layer][place] / total
        return output


if __name__ == "__main__":
    serve(NumpyClock())
