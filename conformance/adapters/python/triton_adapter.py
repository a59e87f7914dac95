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

from headwise_protocol import serve, with_tensors
from paged_problem import AppendProblem, AttentionProblem, as_tensor

try:
    import torch
    import triton
    from triton_attention import Shape, append, attend, plan_step, tuning_for
except ImportError as missing:
    sys.exit(f"Cannot run the Triton adapter: {missing}; pip install torch triton")

_TYPES = {"bf16": torch.bfloat16, "f16": torch.float16}
_FAULTS = ("none", "window", "sink", "page", "split")


class TritonAdapter:
    """Attention in five forms, and the append; it has no captures and no allocator."""

    capabilities = [
        "kernel.attend", "kernel.append", "kernel.bf16", "kernel.f16", "kernel.uniform",
        "kernel.headwise", "kernel.pooled", "kernel.head_size_256", "kernel.sinks", "kernel.into",
        "kernel.log_sum_exp", "kernel.mask_ranges", "kernel.tree_mask", "kernel.learned_sinks",
        "kernel.splits", "kernel.two_passes",
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
        query = self._load(problem, problem.query)
        output = torch.zeros_like(query)
        norms = torch.full(query.shape[:2], -torch.inf, dtype=torch.float32, device=self.device)
        if self.fault == "split":
            for one in plan.passes:
                for launch in one.launches:
                    launch.merges[:, 1] = np.maximum(launch.merges[:, 1] - 1, 1)
        if problem.tokens > 0:
            attend(plan.to(self.device), query, self._load(problem, problem.keys),
                   self._load(problem, problem.values), self._move(table), output,
                   scale=problem.scale, norms=norms, ranges=self._move(problem.ranges),
                   tree=self._move(problem.tree), sink_logits=self._move(problem.sink_logits))
        return with_tensors({}, problem.reply(_bits(output), norms.cpu().numpy()))

    def append(self, request):
        problem = AppendProblem(request)
        shape = Shape(problem.query_heads, problem.kv_heads, problem.head_size, problem.page,
                      problem.layout)
        lengths = np.diff(problem.query_starts)
        slots = np.repeat(np.arange(problem.slots), lengths)
        positions = np.arange(problem.tokens) - np.repeat(problem.query_starts[:-1], lengths)
        positions = positions + problem.cached[slots]
        keys, values = (self._load(problem, each) for each in (problem.keys, problem.values))
        query, dropped = append(shape, self._load(problem, problem.packed), keys, values,
                                self._move(problem.table), slots, positions, style=problem.style,
                                theta=problem.theta, turned=problem.turned)
        # Keys and values of one token and head meet the same hole.
        tensors = {"query": query, "keys": keys, "values": values}
        return with_tensors({"droppedWrites": dropped // 2},
                            {name: as_tensor(_bits(each), problem.dtype)
                             for name, each in tensors.items()})

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

    def _load(self, problem, bits):
        held = torch.from_numpy(np.array(bits).view(np.int16)).view(_TYPES[problem.storage])
        return held.to(self.device)

    def _move(self, array):
        return None if array is None else torch.from_numpy(np.array(array)).to(self.device)


def _bits(tensor):
    return tensor.cpu().view(torch.int16).numpy().view(np.uint16)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    forms = ("headwise", "two-pass", "row", "headwise-row", "clipped")
    parser.add_argument("--form", choices=forms, default="headwise")
    parser.add_argument("--fault", choices=_FAULTS, default="none")
    parser.add_argument("--device", default="cuda")
    serve(TritonAdapter(parser.parse_args()))


if __name__ == "__main__":
    main()
