#!/usr/bin/env python3
"""A complete clock adapter: attention in NumPy, timed by the wall clock. The kernel is yours to replace.

    headwise bench --clock 'exec:python3 numpy_clock.py'
"""

import numpy as np

from headwise_clock import KEYS, VALUES, Clock, processor
from headwise_protocol import serve


class NumpyClock(Clock):
    name = "numpy-clock"

    def describe(self, cache):
        return {"kernel": f"NumPy, {cache.form}", "card": processor(), "isSoftware": True,
                "versions": {"numpy": np.__version__}, "arithmetic": {}}

    def prepare(self, cache):
        cache.keys, cache.values = (
            [cache.contents(layer, tensor) for layer in range(cache.layers)]
            for tensor in (KEYS, VALUES))

    def attend(self, cache, step, query):
        if cache.form != "two-pass":
            return self.one_pass(cache, step, query, step.windows)
        full = self.one_pass(cache, step, query, np.zeros_like(step.windows))
        windowed = self.one_pass(cache, step, query, step.windows)
        columns = np.repeat(step.windows > 0, cache.group)[None, :, None]
        return np.where(columns, windowed, full)

    def one_pass(self, cache, step, query, windows):
        output = np.zeros_like(query)
        for slot in np.flatnonzero(step.query_lengths):
            first, last = step.query_starts[slot:slot + 2]
            cached = step.cached_lengths[slot]
            position = cached + np.arange(last - first)[:, None]
            for head in range(cache.kv_heads):
                key = np.arange(cached + last - first)
                window, sinks = windows[head], cache.sink_tokens
                if window > 0 and cache.form in ("clipped", "headwise"):
                    key = key[(key > cached - window) | (key < sinks)]
                row = slot if cache.layout == "uniform" else slot * cache.kv_heads + head
                page = step.rows(cache)[row][key // cache.page_tokens]
                key, page = key[page >= 0], page[page >= 0]
                where = (page, 0 if cache.layout == "pooled" else head, key % cache.page_tokens)
                seen = key <= position
                if window > 0:
                    seen &= (key > position - window) | (key < sinks)
                heads = slice(head * cache.group, (head + 1) * cache.group)
                scores = query[first:last, heads] @ cache.keys[step.layer][where].T * cache.scale
                scores = np.where(seen[:, None], scores, -np.inf)
                logits = cache.sink_logits
                sink = -np.inf if logits is None else logits[heads][:, None]
                top = np.maximum(scores.max(axis=2, keepdims=True), sink)
                weights = np.exp(scores - top)
                total = weights.sum(axis=2, keepdims=True) + np.exp(sink - top)
                output[first:last, heads] = weights @ cache.values[step.layer][where] / total
        return output


if __name__ == "__main__":
    serve(NumpyClock())
