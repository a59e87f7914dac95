#!/usr/bin/env python3
"""Head-wise paged attention in NumPy, float64 on the bits of the cache, as a headwise adapter.

    headwise conformance --subject 'exec:python3 conformance/adapters/python/numpy_adapter.py'
"""

import numpy as np

from cache_side import FORMATS
from headwise_protocol import serve, with_tensors
from paged_problem import AppendProblem, AttentionProblem, as_tensor, decode, encode


class NumpyAdapter:
    """A kernel without splits, second passes or captures; it has no allocator."""

    name = "numpy"
    capabilities = [
        "kernel.attend", "kernel.append", "kernel.bf16", "kernel.f16", "kernel.uniform",
        "kernel.headwise", "kernel.pooled", "kernel.head_size_256", "kernel.sinks", "kernel.into",
        "kernel.log_sum_exp", "kernel.mask_ranges", "kernel.tree_mask", "kernel.learned_sinks",
        "kernel.mixed_cache", *(f"kernel.cache.{name}" for name in FORMATS),
    ]

    def attend(self, request):
        problem = AttentionProblem(request)
        output = np.zeros((problem.tokens, problem.query_heads, problem.head_size))
        log_sum_exp = np.full((problem.tokens, problem.query_heads), -np.inf)
        query = decode(problem.query, problem.storage).astype(np.float64)
        for slot in range(problem.slots):
            start, end = problem.query_starts[slot], problem.query_starts[slot + 1]
            for head in range(problem.kv_heads):
                heads = slice(head * problem.group, (head + 1) * problem.group)
                for token in range(start, end):
                    _attend_group(problem, (slot, head, token - start),
                                  query[token, heads], output[token, heads],
                                  log_sum_exp[token, heads])
        return with_tensors({}, problem.reply(encode(output, problem.storage), log_sum_exp))

    def append(self, request):
        problem = AppendProblem(request)
        query = np.empty((problem.tokens, problem.query_heads, problem.head_size), np.uint16)
        dropped = 0
        first_key, first_value = problem.query_heads, problem.query_heads + problem.kv_heads
        for slot in range(problem.slots):
            start, end = problem.query_starts[slot], problem.query_starts[slot + 1]
            positions = np.arange(end - start) + problem.cached[slot]
            tokens = problem.packed[start:end]
            query[start:end] = _rotate(problem, tokens[:, :first_key], positions)
            for head in range(problem.kv_heads):
                pages, place = problem.places(slot, head, positions)
                held = pages >= 0
                dropped += int((~held).sum())
                rotated = _rotate(problem, tokens[:, first_key + head], positions)
                _store(problem, problem.key_side, (place(held), head), rotated[held])
                _store(problem, problem.value_side, (place(held), head),
                       tokens[held, first_value + head])
        return with_tensors({"droppedWrites": dropped}, {
            "query": as_tensor(query, problem.dtype),
            **problem.key_side.tensors("key"), **problem.value_side.tensors("value"),
        })


def _store(problem, side, where, bits):
    """Writes rows of 16-bit numbers [n, D]; codes take the numbers, and 16-bit sides the bits."""
    index, head = where
    if hasattr(side, "store_bits"):
        side.store_bits(index, bits)
    else:
        side.store(index, head, decode(bits, problem.storage))


def _attend_group(problem, where, query, output, log_sum_exp):
    """Writes one query token's output [G, D] and log-sum-exp [G] for the heads of one KV head."""
    slot, head, index = where
    positions = np.flatnonzero(problem.visible(slot, index, head))
    pages, place = problem.places(slot, head, positions)
    # Only what is visible is gathered, so that nothing else can reach the output, not even as 0·NaN.
    keys = problem.key_side.load(place(pages >= 0), head)
    if len(keys) == 0:
        return
    values = problem.value_side.load(place(pages >= 0), head)
    scores = query @ keys.T * problem.scale
    largest = scores.max(axis=1, keepdims=True)
    sinks = None
    if problem.sink_logits is not None:
        heads = slice(head * problem.group, (head + 1) * problem.group)
        sinks = problem.sink_logits[heads].astype(np.float64)[:, None]
    shift = largest if sinks is None else np.maximum(largest, sinks)
    weights = np.exp(scores - shift)
    denominator = weights.sum(axis=1, keepdims=True)
    log_sum_exp[:] = (largest + np.log(np.exp(scores - largest).sum(axis=1, keepdims=True)))[:, 0]
    if sinks is not None:
        denominator = denominator + np.exp(sinks - shift)
    output[:] = weights @ values / denominator


def _rotate(problem, bits, positions):
    """Rotates bits [n, …, D] by their positions [n]; what does not turn keeps its bits."""
    if problem.style == "none":
        return bits
    turned = problem.turned
    pairs = np.arange(turned // 2)
    angle = positions[:, None].astype(np.float64) * problem.theta ** (-2.0 * pairs / turned)
    angle = angle.reshape((len(positions),) + (1,) * (bits.ndim - 2) + (turned // 2,))
    if problem.style == "interleaved":
        first, second = 2 * pairs, 2 * pairs + 1
    else:
        first, second = pairs, pairs + turned // 2
    vector = decode(bits, problem.storage).astype(np.float64)
    out = vector.copy()
    out[..., first] = vector[..., first] * np.cos(angle) - vector[..., second] * np.sin(angle)
    out[..., second] = vector[..., second] * np.cos(angle) + vector[..., first] * np.sin(angle)
    rotated = encode(out, problem.storage)
    rotated[..., turned:] = bits[..., turned:]
    return rotated


if __name__ == "__main__":
    serve(NumpyAdapter())
