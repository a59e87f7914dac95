"""Times this project's Triton kernel on the steps of the kernel benchmark; see `peer_script.py`.

The kernel is `conformance/adapters/python/triton_attention.py`, on the table and the pages that the WGSL
kernel has: head-wise, random ids, live pages only, and of a quantised cache the same codes and scales to
read, dequantised inside. Before it is timed its last query row of two heads is held against attention
over gathered, dequantised keys in float32.
"""

import dataclasses
import math
import os
import sys

from peer_script import Skip, check_row, count_copies, load_torch, measure, serve

ADAPTERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../conformance/adapters/python")
# Split rows are fitted to so many items: which is fastest depends on card and bytes.
ITEMS = (264, 528, 1056)
SHORT_RUNS = 5
BLOCK = 16
E2M1 = (0, 0.5, 1, 1.5, 2, 3, 4, 6)
CODE_TYPES = {"fp8_e4m3": "float8_e4m3fn", "fp8_e5m2": "float8_e5m2"}
SCALE_TYPES = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}


def load():
    """PyTorch and None, or None and why the kernel cannot run."""
    torch, absent = load_torch()
    if torch is None:
        return None, absent
    sys.path.insert(0, ADAPTERS)
    try:
        import triton_attention  # noqa: F401
    except ImportError as error:
        return None, f"python3 cannot import the Triton kernel: {error}"
    return torch, None


def version(torch):
    import triton

    return f"Triton {triton.__version__}, PyTorch {torch.__version__}"


class Side:
    """Keys or values of one cache: what the kernel reads, and the same as numbers."""

    def __init__(self, torch, case, name, rows):
        shape = case["shape"]
        self.torch, self.heads, self.size = torch, shape["kvHeads"], shape["headSize"]
        self.format, self.device = name, "cuda"
        self.dtype = torch.bfloat16 if shape["storage"] == "bf16" else torch.float16
        if name is None:
            self.cache = torch.randn(rows, self.size, dtype=self.dtype, device=self.device)
            return
        from triton_codes import Codes

        codes, granularity, scale_type = split_format(name)
        self.codes_type, self.granularity = codes, granularity
        scale_dtype = getattr(torch, SCALE_TYPES.get(scale_type, "uint8"))
        zeros = above = None
        if granularity == "block":
            # Scales of 1/8 to 1.
            scales = torch.randint(0x20, 0x39, (rows, self.size // BLOCK), dtype=torch.uint8, device=self.device)
            above = torch.full((1,), 0.5, device=self.device)
        else:
            sizes = {"tensor": (1,), "head": (self.heads,), "channel": (self.heads, self.size), "token": (rows,)}
            unit = {"int8": 1 / 64, "int4": 1 / 4}.get(codes, 1)
            scales = (torch.rand(sizes[granularity], device=self.device) + 0.5) * unit
            scales = scales.to(scale_dtype)
        if codes == "int4":
            zeros = torch.full((self.heads, self.size), 8, dtype=scale_dtype, device=self.device)
        self.cache = Codes(codes, granularity, self.random_codes(codes, rows), scales, zeros, above)

    def random_codes(self, codes, rows):
        torch = self.torch
        if codes in CODE_TYPES:
            dtype = getattr(torch, CODE_TYPES[codes], None)
            if dtype is None:
                raise Skip(f"this PyTorch has no {CODE_TYPES[codes]}")
            return torch.randn(rows, self.size, device=self.device, dtype=self.dtype).to(dtype)
        width = self.size if codes == "int8" else self.size // 2
        return torch.randint(0, 256, (rows, width), dtype=torch.uint8, device=self.device)

    def numbers(self, rows, head):
        """Float32 numbers of rows, dequantised here and not by the kernel."""
        torch = self.torch
        if self.format is None:
            return self.cache[rows].float()
        codes, scales = self.cache.codes[rows], self.cache.scales
        if self.codes_type == "int8":
            numbers = codes.view(torch.int8).float()
        elif self.codes_type in CODE_TYPES:
            numbers = codes.float()
        else:
            nibbles = torch.stack([codes & 15, codes >> 4], dim=-1).reshape(len(codes), self.size).long()
            if self.codes_type == "int4":
                numbers = nibbles.float() - self.cache.zeros[head].float()
            else:
                magnitudes = torch.tensor(E2M1, device=self.device)
                numbers = magnitudes[nibbles & 7] * (1 - 2 * (nibbles >> 3)).float()
        if self.granularity == "block":
            own = scales[rows].view(getattr(torch, CODE_TYPES["fp8_e4m3"])).float()
            return numbers * own.repeat_interleave(BLOCK, dim=1) * self.cache.tensor_scale
        if self.granularity == "token":
            return numbers * scales[rows].float()[:, None]
        return numbers * scales[0 if self.granularity == "tensor" else head].float()


def split_format(name):
    """Codes, granularity and type of scales of a format's name."""
    if name in ("fp4", "fp4_e2m1:block:fp8_e4m3"):
        return "fp4_e2m1", "block", "fp8_e4m3"
    parts = name.split(":")
    if len(parts) != 3 or parts[1] == "inline":
        raise Skip(f"this script makes no caches of {name}")
    return tuple(parts)


def bytes_of(name, size):
    """Bytes of a token and head on one side, without scales."""
    if name is None:
        return 2 * size
    return size if split_format(name)[0] in ("int8", *CODE_TYPES) else size // 2


class Inputs:
    """A step's table and lengths, and copies of query, keys, values and output that take turns."""

    def __init__(self, torch, case):
        from triton_attention import Shape

        shape = case["shape"]
        kinds = [kind for kind in case["requests"] for _ in range(kind["count"])]
        self.context = torch.tensor([kind["contextTokens"] for kind in kinds])
        self.tokens = torch.tensor([kind["queryTokens"] for kind in kinds])
        self.heads, self.group, self.size = shape["kvHeads"], shape["group"], shape["headSize"]
        self.page = shape["pageSizeTokens"]
        windows = case["windows"] or {"heads": 0, "windowTokens": 0, "sinkTokens": 0}
        self.windows = [windows["windowTokens"] if head < windows["heads"] else 0 for head in range(self.heads)]
        self.sinks = windows["sinkTokens"]
        used = -(-self.context // self.page)
        self.pages, self.columns = int(used.sum()), int(used.max())
        table = torch.full((len(kinds), self.heads, self.columns), -1, dtype=torch.int32)
        for head in range(self.heads):
            order = torch.randperm(self.pages, dtype=torch.int32)
            first = 0
            for slot, count in enumerate(used.tolist()):
                table[slot, head, :count] = order[first:first + count]
                first += count
        self.rows_of = table
        self.table = table.reshape(-1, self.columns).cuda()
        formats = [shape.get("keyFormat"), shape.get("valueFormat")]
        rows = self.pages * self.heads * self.page
        copies = count_copies(torch, sum(bytes_of(name, self.size) for name in formats) * rows)
        dtype = torch.bfloat16 if shape["storage"] == "bf16" else torch.float16
        self.shape = Shape(self.heads * self.group, self.heads, self.size, self.page, "headwise")
        self.sides, self.copies = [], []
        for _ in range(copies):
            sides = [Side(torch, case, name, rows) for name in formats]
            query = torch.randn(int(self.tokens.sum()), self.heads * self.group, self.size, dtype=dtype, device="cuda")
            self.sides.append(sides)
            self.copies.append((query, sides[0].cache, sides[1].cache, torch.empty_like(query)))

    def call(self, items):
        """A call of the kernel, split for so many items."""
        from triton_attention import attend, make_workspace, plan_step, tuning_for

        starts = [0, *self.tokens.cumsum(0).tolist()]
        tuning = dataclasses.replace(tuning_for(self.shape), items=items)
        cached = (self.context - self.tokens).numpy()
        plan = plan_step(self.shape, starts, cached, self.windows, self.sinks, tuning=tuning).to("cuda")
        workspace = make_workspace(plan, "cuda")

        def call(query, keys, values, output):
            attend(plan, query, keys, values, self.table, output, workspace=workspace, exact=False)
            return output

        return call

    def check(self, torch, call):
        """Holds the last query row of the last slot, first and last head, against a reference."""
        query, *_ = self.copies[0]
        output = call(*self.copies[0])
        context, query_heads = int(self.context[-1]), self.heads * self.group
        position = torch.arange(context)
        for query_head in {0, query_heads - 1}:
            head = query_head // self.group
            window = self.windows[head]
            seen = (position >= context - window) | (position < self.sinks) if window else position >= 0
            at = position[seen]
            ids = self.rows_of[-1, head].long()[at // self.page]
            rows = ((ids * self.heads + head) * self.page + at % self.page).cuda()
            keys, values = (side.numbers(rows, head) for side in self.sides[0])
            scores = keys @ query[-1, query_head].float() / math.sqrt(self.size)
            check_row(output[-1, query_head], torch.softmax(scores, 0) @ values)


def run_case(torch, case, _peer, runs):
    inputs = Inputs(torch, case)
    best = None
    for items in ITEMS:
        call = inputs.call(items)
        inputs.check(torch, call)
        median = sorted(measure(torch, inputs.copies, call, SHORT_RUNS, 0.05))[SHORT_RUNS // 2]
        if best is None or median < best[0]:
            best = (median, items, call)
    _, items, call = best
    return measure(torch, inputs.copies, call, runs), f"split for {items} items, the fastest of {len(ITEMS)} choices"


if __name__ == "__main__":
    serve(["triton"], run_case, load, version)
