#!/usr/bin/env python3
"""Flash attention's arithmetic in NumPy, block by block, as a headwise adapter that needs no GPU.

Keys are taken in blocks with a running maximum; the softmax weights of a block are rounded to the
cache's type before they meet the values; everything else is float32. That is what FlashAttention,
FlashInfer and Triton kernels do, and what the adapter declares.

    headwise conformance --filter kernel \\
      --subject 'exec:python3 conformance/adapters/python/numpy_flash_adapter.py'

    --block 32        keys between two looks at the running maximum
    --fault NAME      a seeded fault, to see that the suite tells it: window, sink, page, scale, rescale
    --undeclared      declares nothing and is judged as float32, which it is not
"""

import argparse

import numpy as np

from headwise_protocol import serve, with_tensors
from numpy_adapter import NumpyAdapter
from paged_problem import AttentionProblem, decode, encode

_FAULTS = ("none", "window", "sink", "page", "scale", "rescale")
_F32 = np.float32


class NumpyFlashAdapter(NumpyAdapter):
    """Blocks and splits; the append is the plain adapter's."""

    capabilities = [*NumpyAdapter.capabilities, "kernel.splits"]

    def __init__(self, options):
        self.arithmetic = {} if options.undeclared else {"weights": "storage"}
        self.block, self.fault = options.block, options.fault
        self.name = "numpy-flash" + ("" if self.fault == "none" else f"-fault-{self.fault}")

    def attend(self, request):
        problem = AttentionProblem(request)
        self._seed_fault(problem)
        query = decode(problem.query, problem.storage)
        output = np.zeros(query.shape, _F32)
        log_sum_exp = np.full(query.shape[:2], -np.inf, _F32)
        split = int(request["splitTokens"]) or int(problem.columns * problem.page)
        for slot in range(problem.slots):
            start, end = (int(edge) for edge in problem.query_starts[slot:slot + 2])
            if start == end:
                continue
            for head in range(problem.kv_heads):
                heads = slice(head * problem.group, (head + 1) * problem.group)
                seen = np.stack([problem.visible(slot, index, head) for index in range(end - start)])
                parts = [
                    self._attend_split(problem, (slot, head), query[start:end, heads],
                                       seen & _between(seen.shape[1], first, first + split))
                    for first in range(0, seen.shape[1], split)
                ]
                sinks = None if problem.sink_logits is None else problem.sink_logits[heads]
                output[start:end, heads], log_sum_exp[start:end, heads] = _merge(parts, sinks)
        return with_tensors({}, problem.reply(encode(output, problem.storage), log_sum_exp))

    def _attend_split(self, problem, where, query, seen):
        """Maximum [n, G], denominator [n, G] and sums [n, G, D] over the keys [n, kv_len] of a split."""
        slot, head = where
        maximum = np.full(query.shape[:2], -np.inf, _F32)
        denominator = np.zeros(query.shape[:2], _F32)
        sums = np.zeros(query.shape, _F32)
        scale = _F32(problem.scale * (1.05 if self.fault == "scale" else 1))
        live = np.flatnonzero(seen.any(axis=0))
        for first in range(0, len(live), self.block):
            positions = live[first:first + self.block]
            pages, place = problem.places(slot, head, positions)
            positions, index = positions[pages >= 0], place(pages >= 0)
            if len(positions) == 0:
                continue
            keys = problem.key_side.load(index, head).astype(_F32)
            values = problem.value_side.load(index, head).astype(_F32)
            scores = np.matmul(query, keys.T) * scale
            # What one query does not see may be NaN: another one's answer must not hear of it.
            hidden = np.broadcast_to(~seen[:, None, positions], scores.shape)
            scores = np.where(hidden, -np.inf, scores).astype(_F32)
            largest = np.maximum(maximum, scores.max(axis=2))
            base = np.where(np.isneginf(largest), _F32(0), largest)
            shrink = np.exp(maximum - base)
            weights = np.exp(scores - base[..., None])
            denominator = denominator * shrink + weights.sum(axis=2, dtype=_F32)
            rounded = decode(encode(weights, problem.storage), problem.storage)
            if self.fault != "rescale":
                sums *= shrink[..., None]
            sums += _weighted(rounded, values, hidden)
            maximum = largest
        return maximum, denominator, sums

    def _seed_fault(self, problem):
        if self.fault == "window":
            problem.windows = np.where(problem.windows > 1, problem.windows - 1, problem.windows)
        if self.fault == "sink":
            problem.sinks = 0
        if self.fault == "page" and problem.columns > 1:
            # The first two pages of a row change places in it.
            problem.table = problem.table.copy()
            problem.table[:, [0, 1]] = problem.table[:, [1, 0]]


def _weighted(weights, values, hidden):
    """Σ weight · value over keys: [n, G, keys] and [keys, D] give [n, G, D]."""
    if np.isfinite(values).all():
        return np.matmul(weights, values)
    terms = np.where(hidden[..., None], _F32(0), weights[..., None] * values)
    return terms.sum(axis=2, dtype=_F32)


def _between(length, first, end):
    positions = np.arange(length)
    return (positions >= first) & (positions < end)


def _merge(parts, sinks):
    """One output [n, G, D] and log-sum-exp [n, G] of the splits' parts and the learned sinks [G]."""
    maximum = np.maximum.reduce([each for each, _, _ in parts])
    shift = maximum if sinks is None else np.maximum(maximum, sinks[None].astype(_F32))
    shift = np.where(np.isneginf(shift), _F32(0), shift)
    denominator = np.zeros(maximum.shape, _F32)
    sums = np.zeros(parts[0][2].shape, _F32)
    for largest, weight, partial in parts:
        share = np.exp(largest - shift)
        denominator = denominator + share * weight
        sums = sums + share[..., None] * partial
    with np.errstate(divide="ignore"):
        log_sum_exp = shift + np.log(denominator)
    if sinks is not None:
        denominator = denominator + np.exp(sinks[None].astype(_F32) - shift)
    held = np.where(denominator > 0, denominator, _F32(1))
    return sums / held[..., None], log_sum_exp


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--block", type=int, default=32)
    parser.add_argument("--fault", choices=_FAULTS, default="none")
    parser.add_argument("--undeclared", action="store_true")
    with np.errstate(over="ignore", invalid="ignore"):
        serve(NumpyFlashAdapter(parser.parse_args()))


if __name__ == "__main__":
    main()
