#!/usr/bin/env python3
"""The Triton kernel of triton_attention.py as a headwise adapter, on CUDA.

    headwise conformance --subject 'exec:python3 conformance/adapters/python/triton_adapter.py'

    --form headwise     walk of the live pages (the default); also two-pass, row, headwise-row, clipped.
                        Problems that ask for the whole row or for two passes get them in any case.
    --fault NAME        a seeded fault, to see that the suite tells it: window, sink, page, split
"""

import argparse
import dataclasses
import os
import sys

import numpy as np

from cache_side import FORMATS
from headwise_protocol import serve, with_tensors
from paged_problem import AppendProblem, AttentionProblem, as_tensor

try:
    import torch
    import triton
    from torch_tensors import code_tensors, from_bits, is_plain, moved, take_back, to_bits
    from triton_attention import Shape, append, attend, plan_step, tuning_for
    from triton_codes import Codes
except ImportError as missing:
    sys.exit(f"Cannot run the Triton adapter: {missing}; pip install torch triton")

_FAULTS = ("none", "window", "sink", "page", "split")


class TritonAdapter:
    """Attention in five forms, and the append; it has no captures and no allocator."""

    capabilities = [
        "kernel.attend", "kernel.append", "kernel.bf16", "kernel.f16", "kernel.uniform",
        "kernel.headwise", "kernel.pooled", "kernel.head_size_256", "kernel.sinks", "kernel.into",
        "kernel.log_sum_exp", "kernel.mask_ranges", "kernel.tree_mask", "kernel.learned_sinks",
        "kernel.splits", "kernel.two_passes", "kernel.mixed_cache",
        *(f"kernel.cache.{name}" for name in FORMATS),
    ]
    # Products are exact and summed by the matrix units; weights meet the values in the type of the
    # cache; the exponential is the hardware's.
    arithmetic = {"sums": "matrix", "weights": "storage"}

    def __init__(self, options):
        self.device = torch.device(options.device)
        self.form, self.fault = options.form, options.fault
        if os.environ.get("TRITON_INTERPRET") == "1":
            # Triton's interpreter multiplies no bf16.
            self.capabilities = [name for name in self.capabilities if name != "kernel.bf16"]
        self.metadata = {"triton": triton.__version__, "pytorch": torch.__version__}
        if self.device.type == "cuda":
            self.metadata["card"] = torch.cuda.get_device_name(self.device)
        self.name = f"triton-{triton.__version__}-{options.form}" + (
            "" if options.fault == "none" else f"-fault-{options.fault}")

    def attend(self, request):
        problem = AttentionProblem(request)
        windows, sinks, table = problem.windows, problem.sinks, problem.table
        if self.fault == "window":
            windows = np.where(windows > 1, windows - 1, windows)
        if self.fault == "sink":
            sinks = 0
        if self.fault == "page" and table.shape[1] > 1:
            # The last page of every second row is another's.
            table = table.copy()
            table[1::2, 0] = table[0::2, 0][:len(table[1::2])]
        shape = Shape(problem.query_heads, problem.kv_heads, problem.head_size, problem.page,
                      problem.layout)
        unclear = None
        if problem.ranges is not None:
            unclear = 0
        elif problem.tree is not None:
            unclear = problem.cached
        plan = plan_step(shape, problem.query_starts, problem.cached, windows, sinks,
                         self._form(request), self._tuning(shape, request), unclear)
        query = from_bits(problem.query, problem.storage, self.device)
        output = torch.zeros_like(query)
        norms = torch.full(query.shape[:2], -torch.inf, dtype=torch.float32, device=self.device)
        if self.fault == "split":
            for one in plan.passes:
                for launch in one.launches:
                    launch.merges[:, 1] = np.maximum(launch.merges[:, 1] - 1, 1)
        if problem.tokens > 0:
            attend(plan.to(self.device), query, self._side(problem.key_side),
                   self._side(problem.value_side), moved(table, self.device), output,
                   scale=problem.scale, norms=norms, ranges=moved(problem.ranges, self.device),
                   tree=moved(problem.tree, self.device),
                   sink_logits=moved(problem.sink_logits, self.device))
        return with_tensors({}, problem.reply(to_bits(output), norms.cpu().numpy()))

    def append(self, request):
        problem = AppendProblem(request)
        shape = Shape(problem.query_heads, problem.kv_heads, problem.head_size, problem.page,
                      problem.layout)
        lengths = np.diff(problem.query_starts)
        slots = np.repeat(np.arange(problem.slots), lengths)
        positions = np.arange(problem.tokens) - np.repeat(problem.query_starts[:-1], lengths)
        positions = positions + problem.cached[slots]
        sides = {"key": problem.key_side, "value": problem.value_side}
        caches = {name: self._side(side) for name, side in sides.items()}
        packed = from_bits(problem.packed, problem.storage, self.device)
        query, dropped = append(shape, packed, caches["key"], caches["value"],
                                moved(problem.table, self.device), slots, positions,
                                style=problem.style, theta=problem.theta, turned=problem.turned)
        tensors = {"query": as_tensor(to_bits(query), problem.dtype)}
        for name, side in sides.items():
            if is_plain(side):
                side.bits = to_bits(caches[name])
            else:
                take_back(side, caches[name].codes, caches[name].scales)
            tensors |= side.tensors(name)
        # Keys and values of one token and head meet the same hole.
        return with_tensors({"droppedWrites": dropped // 2}, tensors)

    def _form(self, request):
        if request.get("passes") == "two":
            return "two-pass"
        if request.get("walk") == "row":
            return "row"
        return self.form

    def _tuning(self, shape, request):
        """The usual one, or one that splits rows as finely as is asked, by tiles of keys."""
        usual, tokens = tuning_for(shape), int(request.get("splitTokens") or 0)
        if tokens == 0:
            return usual
        tiles = max(1, tokens // usual.keys[16])
        return dataclasses.replace(usual, items=1 << 20, min_split_tiles=tiles)

    def _side(self, side):
        if is_plain(side):
            return from_bits(side.bits, side.storage, self.device)
        codes, scales, zeros, above = code_tensors(side, self.device)
        return Codes(side.codes_type, side.granularity, codes, scales, zeros, above)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    forms = ("headwise", "two-pass", "row", "headwise-row", "clipped")
    parser.add_argument("--form", choices=forms, default="headwise")
    parser.add_argument("--fault", choices=_FAULTS, default="none")
    parser.add_argument("--device", default="cuda")
    serve(TritonAdapter(parser.parse_args()))


if __name__ == "__main__":
    main()
