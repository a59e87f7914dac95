"""Attention over a paged cache for any mix of prompt and decode rows, in Triton.

Caches are [pages, KV heads, page, head size]; a table [requests, columns] names each request's pages.
`plan_rows` works out on the host what one step does; `attend` launches it, and waits for nothing.
"""

import torch
import triton
import triton.language as tl

PROMPT_TILE = 128
# A row of a step with at most this many new tokens is read in splits.
MAX_SPLIT_QUERIES = 1


@triton.jit
def _prompt(
    query, keys, values, table, out, items, starts, cached, scale, columns,
    HQ: tl.constexpr, HKV: tl.constexpr, D: tl.constexpr, P: tl.constexpr, BM: tl.constexpr,
):  # fmt: skip
    item, head = tl.program_id(0), tl.program_id(1)
    kv_head = head // (HQ // HKV)
    request = tl.load(items + 2 * item)
    first = tl.load(items + 2 * item + 1)
    begin = tl.load(starts + request)
    length = tl.load(starts + request + 1) - begin
    before = tl.load(cached + request)
    rows = first + tl.arange(0, BM)
    inside = rows < length
    d = tl.arange(0, D)
    slots = tl.arange(0, P)
    at = (begin + rows).to(tl.int64)[:, None] * (HQ * D) + head * D + d[None, :]
    q = tl.load(query + at, mask=inside[:, None], other=0.0)
    top = tl.full((BM,), -1e30, tl.float32)
    total = tl.zeros((BM,), tl.float32)
    mixed = tl.zeros((BM, D), tl.float32)
    position = before + rows
    last = before + tl.minimum(first + BM, length)
    clear = (before + first + 1) // P
    for column in range(0, tl.cdiv(last, P)):
        page = tl.load(table + request * columns + column).to(tl.int64)
        base = (page * HKV + kv_head) * (P * D)
        k = tl.load(keys + base + slots[None, :] * D + d[:, None])
        s = tl.dot(q, k) * scale
        if column >= clear:
            key = column * P + slots
            s = tl.where(key[None, :] <= position[:, None], s, -1e30)
        higher = tl.maximum(top, tl.max(s, 1))
        p = tl.exp2(s - higher[:, None])
        shrink = tl.exp2(top - higher)
        total = total * shrink + tl.sum(p, 1)
        v = tl.load(values + base + slots[:, None] * D + d[None, :])
        mixed = tl.dot(p.to(v.dtype), v, mixed * shrink[:, None])
        top = higher
    tl.store(out + at, (mixed / total[:, None]).to(out.dtype.element_ty), mask=inside[:, None])


@triton.jit
def _split(
    query, keys, values, table, partial, tops, items, starts, cached, scale, columns, splits,
    HQ: tl.constexpr, HKV: tl.constexpr, D: tl.constexpr, P: tl.constexpr, BM: tl.constexpr,
):  # fmt: skip
    item, kv_head, split = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    group: tl.constexpr = HQ // HKV
    request = tl.load(items + item)
    begin = tl.load(starts + request).to(tl.int64)
    length = tl.load(cached + request) + 1
    rows = tl.arange(0, BM)
    d = tl.arange(0, D)
    slots = tl.arange(0, P)
    at = begin * (HQ * D) + (kv_head * group + rows)[:, None] * D + d[None, :]
    q = tl.load(query + at, mask=(rows < group)[:, None], other=0.0)
    pages = tl.cdiv(length, P)
    share = tl.cdiv(pages, splits)
    low = split * share
    high = tl.minimum(low + share, pages)
    top = tl.full((BM,), -1e30, tl.float32)
    total = tl.zeros((BM,), tl.float32)
    mixed = tl.zeros((BM, D), tl.float32)
    for column in range(low, high):
        page = tl.load(table + request * columns + column).to(tl.int64)
        base = (page * HKV + kv_head) * (P * D)
        k = tl.load(keys + base + slots[None, :] * D + d[:, None])
        s = tl.dot(q, k) * scale
        s = tl.where((column * P + slots < length)[None, :], s, -1e30)
        higher = tl.maximum(top, tl.max(s, 1))
        p = tl.exp2(s - higher[:, None])
        shrink = tl.exp2(top - higher)
        total = total * shrink + tl.sum(p, 1)
        v = tl.load(values + base + slots[:, None] * D + d[None, :])
        mixed = tl.dot(p.to(v.dtype), v, mixed * shrink[:, None])
        top = higher
    place = ((item * HKV + kv_head) * group + rows).to(tl.int64) * splits + split
    live = rows < group
    tl.store(partial + place[:, None] * D + d[None, :], mixed / tl.maximum(total, 1e-30)[:, None], mask=live[:, None])
    tl.store(tops + place, tl.where(total > 0, top + tl.log2(tl.maximum(total, 1e-30)), -1e30), mask=live)


@triton.jit
def _merge(partial, tops, out, items, starts, splits, HQ: tl.constexpr, D: tl.constexpr, S: tl.constexpr):
    item, head = tl.program_id(0), tl.program_id(1)
    at = tl.arange(0, S)
    d = tl.arange(0, D)
    place = (item * HQ + head).to(tl.int64) * splits
    weight = tl.load(tops + place + at, mask=at < splits, other=-1e30)
    weight = tl.exp2(weight - tl.max(weight, 0))
    parts = tl.load(partial + (place + at)[:, None] * D + d[None, :], mask=(at < splits)[:, None], other=0.0)
    mixed = tl.sum(parts * weight[:, None], 0) / tl.sum(weight, 0)
    begin = tl.load(starts + tl.load(items + item)).to(tl.int64)
    tl.store(out + begin * (HQ * D) + head * D + d, mixed.to(out.dtype.element_ty))


def plan_rows(queries, cached, kv_heads, page, device="cuda", multiprocessors=132):
    """What one step does: tensors of its rows, tiles of prompts, and splits of decode rows."""
    def ints(values):
        return torch.tensor(values, dtype=torch.int32, device=device)

    starts = [0]
    for length in queries:
        starts.append(starts[-1] + length)
    tiles = [
        (request, first)
        for request, length in enumerate(queries) if length > MAX_SPLIT_QUERIES
        for first in range(0, length, PROMPT_TILE)
    ]  # fmt: skip
    # Long tiles first, so that the last wave is short ones.
    tiles.sort(key=lambda tile: -(cached[tile[0]] + tile[1]))
    decode = [request for request, length in enumerate(queries) if 0 < length <= MAX_SPLIT_QUERIES]
    longest = max([-(-(cached[request] + 1) // page) for request in decode], default=1)
    programs = max(1, len(decode) * kv_heads)
    splits = max(1, min(64, longest, -(-4 * multiprocessors // programs)))
    return {
        "tokens": starts[-1], "starts": ints(starts), "cached": ints(cached), "splits": splits,
        "tiles": ints(tiles) if tiles else None, "decode": ints(decode) if decode else None,
    }  # fmt: skip


def attend(query, keys, values, table, plan):
    """[tokens, query heads, D] of attention over the cache, which already holds the step's own keys."""
    tokens, heads, size = query.shape
    kv_heads, page = keys.shape[1], keys.shape[2]
    out = torch.empty_like(query)
    scale = size**-0.5 * 1.4426950408889634
    shape = {"HQ": heads, "HKV": kv_heads, "D": size, "P": page}
    if plan["tiles"] is not None:
        tile = PROMPT_TILE if size <= 128 else 64
        if tile != PROMPT_TILE:
            raise ValueError("prompt tiles are planned for head sizes up to 128")
        _prompt[(plan["tiles"].shape[0], heads)](
            query, keys, values, table, out, plan["tiles"], plan["starts"], plan["cached"], scale,
            table.shape[1], **shape, BM=tile, num_warps=8, num_stages=3,
        )  # fmt: skip
    if plan["decode"] is not None:
        count, splits = plan["decode"].shape[0], plan["splits"]
        partial = torch.empty(count, heads, splits, size, device=query.device, dtype=torch.float32)
        tops = torch.empty(count, heads, splits, device=query.device, dtype=torch.float32)
        rows = max(16, triton.next_power_of_2(heads // kv_heads))
        _split[(count, kv_heads, splits)](
            query, keys, values, table, partial, tops, plan["decode"], plan["starts"], plan["cached"], scale,
            table.shape[1], splits, **shape, BM=rows, num_warps=4, num_stages=3,
        )  # fmt: skip
        _merge[(count, heads)](
            partial, tops, out, plan["decode"], plan["starts"], splits,
            HQ=heads, D=size, S=triton.next_power_of_2(splits),
        )  # fmt: skip
    return out
