#!/usr/bin/env python3
"""Head-wise paged attention by PyTorch, on CUDA where there is one, as a headwise adapter.

    headwise conformance --subject 'exec:python3 conformance/adapters/python/torch_adapter.py'

Pages are gathered through the table, and PyTorch attends over what was gathered:

    --attention sdpa    scaled_dot_product_attention (the default)
    --attention flex    FlexAttention, which gives the log-sum-exp too
    --compute float32   in float32 (the default)
    --compute storage   in the cache's own type, to judge the fused kernels themselves
    --backend auto      whichever kernel PyTorch takes (the default)
    --backend flash, cudnn, efficient, math
                        that kernel alone. Flash and cudnn get no mask: tokens that see causally are
                        attended in one call, others each on its own over the keys that it sees
    --fault NAME        a seeded fault, to see that the suite tells it: key, scale, edge, head
    --device cuda|cpu   the default is cuda where it is available
"""

import argparse
import contextlib
import sys

import numpy as np

from headwise_protocol import serve, with_tensors
from paged_problem import AppendProblem, AttentionProblem, as_tensor

try:
    import torch
    import torch.nn.functional as functional
    from torch_codes import claimed_formats, side_on
    from torch_tensors import TYPES, from_bits, to_bits
except ImportError:
    sys.exit("Cannot run the PyTorch adapter: torch is not installed; pip install torch")


def describe_device(device):
    """What a report says of the machine: the card, its driver's CUDA and the versions of PyTorch."""
    versions = {"pytorch": torch.__version__}
    if device.type != "cuda":
        return versions
    versions["card"] = torch.cuda.get_device_name(device)
    versions["cuda"] = str(torch.version.cuda)
    versions["cudnn"] = str(torch.backends.cudnn.version())
    return versions


class TorchAdapter:
    """Attention and the append; it has no captures and no allocator."""

    def __init__(self, options):
        self.device = torch.device(options.device)
        self.attention = options.attention
        self.compute = options.compute
        self.backend, self.fault = options.backend, options.fault
        self.takes_mask = options.backend not in ("flash", "cudnn")
        parts = ["torch", torch.__version__.split("+")[0], options.attention, options.device]
        if options.backend != "auto":
            parts.append(options.backend)
        if options.fault != "none":
            parts.append(f"fault-{options.fault}")
        self.name = "-".join(parts)
        # Fused kernels round weights to the type of the cache before they meet the values, and sum
        # by matrix units. PyTorch's plain path rounds scores as well, and normalises before.
        self.arithmetic = {}
        if options.compute == "storage":
            self.arithmetic = {"sums": "matrix", "weights": "storage"}
            if options.backend == "math" or options.device == "cpu":
                self.arithmetic |= {"scores": "storage", "normalised": "before"}
        self.capabilities = [
            "kernel.attend", "kernel.append", "kernel.bf16", "kernel.f16", "kernel.uniform", "kernel.headwise",
            "kernel.pooled", "kernel.head_size_256", "kernel.sinks", "kernel.into", "kernel.mask_ranges",
            "kernel.tree_mask", "kernel.learned_sinks",
        ]
        if options.compute == "float32":
            # In 16 bits a dequantised number would be rounded once more.
            self.capabilities += ["kernel.mixed_cache",
                                  *(f"kernel.cache.{name}" for name in claimed_formats())]
        if options.attention == "flex":
            self.capabilities.append("kernel.log_sum_exp")
        if options.backend in ("flash", "cudnn"):
            self.capabilities.remove("kernel.learned_sinks")
        if options.backend == "cudnn":
            self.capabilities.remove("kernel.head_size_256")
        self.metadata = describe_device(self.device)

    @torch.inference_mode()
    def attend(self, request):
        problem = AttentionProblem(request)
        query = self._computed(from_bits(problem.query, problem.storage, self.device))
        sides = [side_on(side, self.device) for side in (problem.key_side, problem.value_side)]
        output = torch.zeros_like(query)
        log_sum_exp = torch.full(query.shape[:2], -torch.inf, device=self.device)
        for slot in range(problem.slots):
            start, end = (int(edge) for edge in problem.query_starts[slot:slot + 2])
            if start == end:
                continue
            for head in range(problem.kv_heads):
                self._attend_head(problem, sides, (slot, head), query, output, log_sum_exp)
        bits = to_bits(output.to(TYPES[problem.storage]))
        tensors = problem.reply(bits, log_sum_exp.cpu().numpy())
        if self.attention == "sdpa":
            del tensors["logSumExp"]  # SDPA does not give it
        return with_tensors({}, tensors)

    def _attend_head(self, problem, sides, where, query, output, log_sum_exp):
        """Attends all query tokens of a slot with the heads of one KV head."""
        slot, head = where
        start, end = (int(edge) for edge in problem.query_starts[slot:slot + 2])
        heads = slice(head * problem.group, (head + 1) * problem.group)
        seen = np.stack([problem.visible(slot, index, head) for index in range(end - start)])
        positions = np.flatnonzero(seen.any(axis=0))
        pages, place = problem.places(slot, head, positions)
        held = pages >= 0
        seen = seen[:, positions[held]]
        rows = np.flatnonzero(seen.any(axis=1))  # a query without a key keeps its zeros
        if len(rows) == 0:
            return
        keys, values = (
            self._computed(side.load(place(held), head), TYPES[problem.storage])
            .expand(problem.group, -1, -1) for side in sides)
        seen = self._spoil(seen, positions[held], problem)
        if self.fault == "head" and head == problem.kv_heads - 1 and slot > 0:
            keys = keys.flip(-1)
        scale = problem.scale * (1.05 if self.fault == "scale" else 1)
        rows = rows[seen[rows].any(axis=1)]
        if len(rows) == 0:
            return
        if not self.takes_mask:
            for first, last in self._causal_runs(seen[rows]):
                visible = torch.from_numpy(np.flatnonzero(seen[rows[last - 1]])).to(self.device)
                tokens = torch.from_numpy(rows[first:last] + start).to(self.device)
                attended = self._unmasked(query[tokens, heads].transpose(0, 1), keys[:, visible],
                                          values[:, visible], scale)
                output[tokens, heads] = attended.transpose(0, 1)
            return
        mask = torch.from_numpy(seen[rows]).to(self.device)
        tokens = torch.from_numpy(rows + start).to(self.device)
        asked = query[tokens, heads].transpose(0, 1)
        sinks = None
        if problem.sink_logits is not None:
            sinks = torch.from_numpy(problem.sink_logits[heads].copy()).to(self.device)
        call = self._flex if self.attention == "flex" else self._sdpa
        attended, norm = call((asked, keys, values), mask, scale, sinks)
        output[tokens, heads] = attended.transpose(0, 1)
        if norm is not None:
            log_sum_exp[tokens, heads] = norm.transpose(0, 1).float()

    def _sdpa(self, tensors, mask, scale, sinks):
        query, keys, values = tensors
        bias = torch.zeros(mask.shape, dtype=query.dtype, device=self.device)
        bias = bias.masked_fill(~mask, -torch.inf).expand(query.shape[0], -1, -1)
        if sinks is not None:
            # A key of zeros scores 0, so its bias is the sink's logit; its value adds nothing.
            keys, values = (functional.pad(each, (0, 0, 0, 1)) for each in (keys, values))
            column = sinks.to(query.dtype)[:, None, None].expand(-1, query.shape[1], 1)
            bias = torch.cat([bias, column], dim=2)
        with self._kernel():
            attended = functional.scaled_dot_product_attention(
                query[None], keys[None], values[None], attn_mask=bias[None], scale=scale)
        return attended[0], None

    def _spoil(self, seen, positions, problem):
        """What queries see once a seeded fault has hidden some of it."""
        if self.fault == "key":  # the first key that a query sees
            return seen & (np.cumsum(seen, axis=1) > 1)
        if self.fault == "edge":  # the newest key, where it ends a page
            edge = (positions + 1) % problem.page == 0
            newest = np.cumsum(seen, axis=1) == seen.sum(axis=1, keepdims=True)
            return seen & ~(newest & edge)
        return seen

    def _causal_runs(self, seen):
        """Runs [first, last) of rows of which each sees what the row before sees and one key more."""
        first = 0
        for row in range(1, len(seen) + 1):
            if row < len(seen) and self._continues(seen[first:row], seen[row]):
                continue
            yield first, row
            first = row

    def _continues(self, run, row):
        added = np.flatnonzero(row & ~run[-1])
        if (run[-1] & ~row).any() or len(added) != 1:
            return False
        if self.backend == "cudnn" and run[0].sum() != 1:
            return False  # cuDNN's causal mask begins with the first key
        return added[0] > np.flatnonzero(run[-1])[-1]

    def _unmasked(self, query, keys, values, scale):
        if self.backend == "cudnn" and keys.shape[1] == 1:
            # cuDNN takes no single key; two alike share its weight in halves, which are exact.
            keys, values = keys.expand(-1, 2, -1), values.expand(-1, 2, -1)
        tokens = query.shape[1]
        causal = {} if tokens == 1 else {"is_causal": True}
        if tokens > 1 and tokens != keys.shape[1]:
            from torch.nn.attention.bias import causal_lower_right

            causal = {"attn_mask": causal_lower_right(tokens, keys.shape[1])}
        with self._kernel():
            return functional.scaled_dot_product_attention(
                query[None].contiguous(), keys[None].contiguous(), values[None].contiguous(),
                scale=scale, **causal)[0]

    def _kernel(self):
        if self.backend == "auto":
            return contextlib.nullcontext()
        from torch.nn.attention import SDPBackend, sdpa_kernel

        return sdpa_kernel({"flash": SDPBackend.FLASH_ATTENTION,
                            "cudnn": SDPBackend.CUDNN_ATTENTION,
                            "efficient": SDPBackend.EFFICIENT_ATTENTION,
                            "math": SDPBackend.MATH}[self.backend])

    def _flex(self, tensors, mask, scale, sinks):
        from torch.nn.attention.flex_attention import flex_attention

        def masked(score, _batch, _head, row, column):
            return torch.where(mask[row, column], score, -torch.inf)

        attended, norm = flex_attention(
            *(each[None].contiguous() for each in tensors), score_mod=masked, scale=scale,
            return_lse=True)
        attended, norm = attended[0], norm[0].float()
        if sinks is not None:
            # The sink joins the denominator alone: exp(norm) / (exp(norm) + exp(sink)).
            share = torch.sigmoid(norm - sinks[:, None])
            attended = (attended.float() * share[..., None]).to(attended.dtype)
        return attended, norm

    def _computed(self, numbers, storage=None):
        """Numbers in the type to compute in."""
        if self.compute == "float32":
            return numbers.float()
        return numbers if storage is None else numbers.to(storage)

    @torch.inference_mode()
    def append(self, request):
        problem = AppendProblem(request)
        sides = [side_on(side, self.device) for side in (problem.key_side, problem.value_side)]
        packed = from_bits(problem.packed, problem.storage, self.device)
        query = packed[:, :problem.query_heads].clone()
        first_value = problem.query_heads + problem.kv_heads
        dropped = 0
        for slot in range(problem.slots):
            start, end = (int(edge) for edge in problem.query_starts[slot:slot + 2])
            positions = np.arange(end - start) + problem.cached[slot]
            turned = self._rotated(problem, packed[start:end, :first_value], positions)
            query[start:end] = turned[:, :problem.query_heads]
            for head in range(problem.kv_heads):
                pages, place = problem.places(slot, head, positions)
                held = pages >= 0
                dropped += int((~held).sum())
                kept = torch.from_numpy(held).to(self.device)
                keys = turned[:, problem.query_heads + head][kept]
                values = packed[start:end, first_value + head][kept]
                for side, rows in zip(sides, (keys, values)):
                    side.store(place(held), head, rows.float())
        return with_tensors({"droppedWrites": dropped}, {
            "query": as_tensor(to_bits(query), problem.dtype),
            **sides[0].reply("key"), **sides[1].reply("value"),
        })

    def _rotated(self, problem, rows, positions):
        """Rows [n, …, D] turned by their positions; what does not turn keeps its bits."""
        if problem.style == "none" or len(rows) == 0:
            return rows
        pairs = torch.arange(problem.turned // 2, dtype=torch.float64, device=self.device)
        turns = torch.from_numpy(positions.astype(np.float64)).to(self.device)
        angle = turns[:, None, None] * problem.theta ** (-2.0 * pairs / problem.turned)
        if problem.style == "interleaved":
            first, second = slice(0, problem.turned, 2), slice(1, problem.turned, 2)
        else:
            first = slice(0, problem.turned // 2)
            second = slice(problem.turned // 2, problem.turned)
        wide, out = rows.double(), rows.clone()
        cosine, sine = angle.cos(), angle.sin()
        # Through float32, as the numbers of the type are the nearest of a float32 result.
        out[..., first] = (wide[..., first] * cosine - wide[..., second] * sine).float().to(rows.dtype)
        out[..., second] = (wide[..., second] * cosine + wide[..., first] * sine).float().to(rows.dtype)
        return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--attention", choices=["sdpa", "flex"], default="sdpa")
    parser.add_argument("--compute", choices=["float32", "storage"], default="float32")
    parser.add_argument("--backend", choices=["auto", "flash", "cudnn", "efficient", "math"],
                        default="auto")
    parser.add_argument("--fault", choices=["none", "key", "scale", "edge", "head"], default="none")
    parser.add_argument("--device", choices=["cuda", "cpu"], default=default)
    options = parser.parse_args()
    if options.attention == "sdpa" and not hasattr(functional, "scaled_dot_product_attention"):
        sys.exit(f"Cannot run the PyTorch adapter: PyTorch {torch.__version__} has no "
                 "scaled_dot_product_attention; install 2.0 or newer")
    serve(TorchAdapter(options))


if __name__ == "__main__":
    main()
