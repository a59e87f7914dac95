"""Times PyTorch's attention on the shapes of the kernel benchmark.

Reads one JSON object from standard input:
  {"runs": int, "deadlineSeconds": float, "seed": int, "cases": [CASE, ...]}
  CASE = {"name", "shape": {"kvHeads", "group", "headSize", "storage"}, "windows": null or
          {"heads", "windowTokens", "sinkTokens"}, "requests": [{"count", "contextTokens",
          "queryTokens"}], "peers": [name, ...]}
Writes one JSON object a line: what each peer is, then one line for each case and peer.

Peers are dense: keys and values lie in [B, H, L, D] without pages, which is the best case for them.
Times are of the GPU alone, by CUDA events, with all launches queued behind a wait so that no launch
is on the clock. Inputs rotate, so that no run finds the one before in a cache of the device. The
last query row of two heads is compared with a float32 reference: a wrong peer has no time.
"""

import gc
import json
import math
import os
import sys
import time

SDPA = {"sdpa-flash": "FLASH_ATTENTION", "sdpa-cudnn": "CUDNN_ATTENTION"}
FLEX = "flex-attention"
ROTATED_BYTES = 2**29
LONE_COPY_BYTES = 2**32
MAX_COPIES = 64
WARM_UP_SECONDS = 0.15
# Clock cycles that launches are queued behind: some tens of milliseconds.
QUEUE_CYCLES = 50_000_000
MAX_RELATIVE_ERROR = 0.02


class Skip(Exception):
    """Why a peer does not run a case."""


def say(**line):
    print(json.dumps(line), flush=True)


def load_torch():
    """PyTorch and None, or None and why it cannot be used."""
    # A child started without an environment still has to find its compilers.
    folders = [os.path.dirname(sys.executable), "/usr/local/cuda/bin", "/usr/local/bin", "/usr/bin", "/bin"]
    os.environ.setdefault("PATH", ":".join(folders))
    try:
        import torch
    except ImportError as error:
        return None, f"python3 cannot import PyTorch: {error}"
    if not torch.cuda.is_available():
        return None, f"PyTorch {torch.__version__} finds no CUDA device"
    return torch, None


class Inputs:
    """Copies of one case's queries, keys and values that alternate."""

    def __init__(self, torch, case):
        shape, kinds = case["shape"], case["requests"]
        lengths = {(kind["contextTokens"], kind["queryTokens"]) for kind in kinds}
        if len(lengths) > 1:
            raise Skip("a dense batch has requests of one length only")
        ((self.context, self.tokens),) = lengths
        self.batch = sum(kind["count"] for kind in kinds)
        self.kv_heads, self.group = shape["kvHeads"], shape["group"]
        self.heads, self.size = self.kv_heads * self.group, shape["headSize"]
        self.windows = case["windows"]
        dtype = torch.bfloat16 if shape["storage"] == "bf16" else torch.float16
        copy_bytes = self.batch * self.kv_heads * self.context * self.size * 4
        copies = math.ceil(ROTATED_BYTES / copy_bytes)
        copies = 1 if copy_bytes >= LONE_COPY_BYTES else min(MAX_COPIES, max(2, copies))
        free_bytes, _ = torch.cuda.mem_get_info()
        if copies * copy_bytes > free_bytes * 0.9:
            raise Skip(f"{copies * copy_bytes / 1e9:.1f} GB do not fit beside what is there")

        def tensor(heads, tokens):
            return torch.randn(self.batch, heads, tokens, self.size, dtype=dtype, device="cuda")

        self.copies = [
            (tensor(self.heads, self.tokens), tensor(self.kv_heads, self.context), tensor(self.kv_heads, self.context))
            for _ in range(copies)
        ]

    def sees(self, torch, head, windowed):
        """Which keys the last query of a query head sees."""
        keys = torch.arange(self.context, device="cuda")
        windows = self.windows
        if not windowed or windows is None or head // self.group >= windows["heads"]:
            return keys >= 0
        return (keys > self.context - 1 - windows["windowTokens"]) | (keys < windows["sinkTokens"])


def sdpa_call(torch, inputs, peer):
    """A call of one backend of scaled_dot_product_attention, and what differs from the case."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.nn.attention.bias import causal_lower_right

    backend = getattr(SDPBackend, SDPA[peer], None)
    if backend is None:
        raise Skip("this PyTorch has no such backend")
    options = {"enable_gqa": True}
    if inputs.tokens == inputs.context:
        options["is_causal"] = True
    elif inputs.tokens > 1:
        if peer == "sdpa-cudnn":
            raise Skip("no causal mask that is aligned to the end of the context")
        options["attn_mask"] = causal_lower_right(inputs.tokens, inputs.context)
    attend = torch.nn.functional.scaled_dot_product_attention

    def call(query, keys, values):
        with sdpa_kernel(backend):
            return attend(query, keys, values, **options)

    note = "" if inputs.windows is None else "full context in every head: it has no windows by head"
    return call, note, False


def flex_call(torch, inputs):
    """A compiled call of FlexAttention with the windows of each head as a block mask."""
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    torch._dynamo.reset()
    offset, group, windows = inputs.context - inputs.tokens, inputs.group, inputs.windows
    block_mask = None
    if windows is not None:
        heads, reach, sinks = windows["heads"], windows["windowTokens"], windows["sinkTokens"]

        def sees(batch, head, query, key):
            position = query + offset
            near = (head // group >= heads) | (position - key < reach) | (key < sinks)
            return (key <= position) & near

    elif inputs.tokens > 1:

        def sees(batch, head, query, key):
            return key <= query + offset

    if windows is not None or inputs.tokens > 1:
        mask_heads = None if windows is None else inputs.heads
        block_mask = create_block_mask(sees, None, mask_heads, inputs.tokens, inputs.context, device="cuda")
    compiled = torch.compile(flex_attention, dynamic=False)

    def call(query, keys, values):
        return compiled(query, keys, values, block_mask=block_mask, enable_gqa=True)

    return call, "", True


def check(torch, inputs, call, windowed):
    """Compares the last query row of the first and the last head with a float32 reference."""
    query, keys, values = inputs.copies[0]
    output = call(query, keys, values)
    for head in {0, inputs.heads - 1}:
        kv_head = head // inputs.group
        scores = keys[0, kv_head].float() @ query[0, head, -1].float() / math.sqrt(inputs.size)
        scores = scores.masked_fill(~inputs.sees(torch, head, windowed), -math.inf)
        expected = torch.softmax(scores, 0) @ values[0, kv_head].float()
        error = (output[0, head, -1].float() - expected).norm() / expected.norm()
        if not error.item() <= MAX_RELATIVE_ERROR:
            raise Skip(f"its output is off by {error.item():.3g} of a float32 reference")


def measure(torch, inputs, call, runs):
    """Milliseconds of each run."""
    turn = 0

    def run():
        nonlocal turn
        call(*inputs.copies[turn % len(inputs.copies)])
        turn += 1

    began = time.monotonic()
    while time.monotonic() - began < WARM_UP_SECONDS:
        run()
        torch.cuda.synchronize()
    events = [(torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)) for _ in range(runs)]
    torch.cuda._sleep(QUEUE_CYCLES)
    for start, end in events:
        start.record()
        run()
        end.record()
    torch.cuda.synchronize()
    return [start.elapsed_time(end) for start, end in events]


def run_case(torch, case, peer, runs):
    inputs = Inputs(torch, case)
    call, note, windowed = flex_call(torch, inputs) if peer == FLEX else sdpa_call(torch, inputs, peer)
    with torch.no_grad():
        check(torch, inputs, call, windowed)
        return measure(torch, inputs, call, runs), note


def main():
    request = json.load(sys.stdin)
    torch, absent = load_torch()
    for peer in [*SDPA, FLEX]:
        if torch is None:
            say(kind="peer", peer=peer, version=None, absent=absent)
        else:
            device = torch.cuda.get_device_name()
            say(kind="peer", peer=peer, version=f"PyTorch {torch.__version__} on {device}", absent=None)
    if torch is None:
        return
    began = time.monotonic()
    for case in request["cases"]:
        for peer in [peer for peer in case["peers"] if peer in SDPA or peer == FLEX]:
            torch.manual_seed(request["seed"])
            about = {"peer": peer, "case": case["name"]}
            try:
                if time.monotonic() - began > request["deadlineSeconds"]:
                    raise Skip(f"{request['deadlineSeconds']} seconds for peers were over")
                samples, note = run_case(torch, case, peer, request["runs"])
                say(kind="timed", samplesMs=samples, note=note, **about)
            except Skip as reason:
                say(kind="skipped", reason=str(reason), **about)
            except Exception as error:  # A peer that refuses a shape is a finding, not a fault.
                first_line = (str(error).strip() or repr(error)).splitlines()[0]
                say(kind="skipped", reason=f"{type(error).__name__}: {first_line}"[:300], **about)
            gc.collect()
            torch.cuda.empty_cache()


main()
