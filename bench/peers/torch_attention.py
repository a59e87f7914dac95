"""Times PyTorch's attention on the shapes of the kernel benchmark; see `peer_script.py`.

Peers are dense: keys and values lie in [B, H, L, D] without pages, which is the best case for them.
The last query row of two heads is compared with a float32 reference: a wrong peer has no time.
"""

import math

from peer_script import Skip, check_row, count_copies, measure, serve

SDPA = {"sdpa-flash": "FLASH_ATTENTION", "sdpa-cudnn": "CUDNN_ATTENTION"}
FLEX = "flex-attention"


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
        copies = count_copies(torch, self.batch * self.kv_heads * self.context * self.size * 4)

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
        check_row(output[0, head, -1], expected)


def run_case(torch, case, peer, runs):
    inputs = Inputs(torch, case)
    call, note, windowed = flex_call(torch, inputs) if peer == FLEX else sdpa_call(torch, inputs, peer)
    check(torch, inputs, call, windowed)
    return measure(torch, inputs.copies, call, runs), note


serve([*SDPA, FLEX], run_case)
