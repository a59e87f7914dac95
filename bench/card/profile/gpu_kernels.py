"""Triton kernels and a timer that the card's profile and the model loop share.

`expert_block` is a mixture-of-experts block in the manner of serving engines: rows are sorted by
expert into tiles of one expert each, and two grouped products run over the tiles. Nothing in it
waits for the host, so it can be captured in a CUDA graph.
"""

import torch
import triton
import triton.language as tl

# Bytes that repeated runs rotate through, so that none finds the one before in the last-level cache.
ROTATED_BYTES = 256 * 2**20
MAX_COPIES = 32


def copies_for(byte_count):
    """How many copies of a tensor alternate."""
    return max(1, min(MAX_COPIES, -(-ROTATED_BYTES // max(1, byte_count))))


def time_us(call, copies=1, target_ms=3.0, max_runs=200):
    """Microseconds of `call(copy)` on the GPU: runs captured in one CUDA graph, median of three replays."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    with torch.cuda.stream(stream):
        call(0)
        begin.record()
        call(copies - 1)
        end.record()
    torch.cuda.synchronize()
    once_ms = max(0.003, begin.elapsed_time(end))
    runs = max(1, min(max_runs, round(target_ms / once_ms)))
    if once_ms < 0.2:
        runs = max(runs, min(copies, max_runs), 20)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for run in range(runs):
            call(run % copies)
    graph.replay()
    times = []
    for _ in range(3):
        begin.record()
        graph.replay()
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end) * 1000 / runs)
    del graph
    return sorted(times)[1]


@triton.jit
def _grouped_product(
    rows, weights, out, row_ids, tile_expert, row_count, n, k,
    stride_expert, SHARE: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, GM: tl.constexpr,
):  # fmt: skip
    """out[i] = rows[row_ids[i] // SHARE] · weights[tile_expert]ᵀ for the tiles of one expert each."""
    program = tl.program_id(0)
    tiles_n = tl.cdiv(n, BN)
    tiles_m = tl.num_programs(0) // tiles_n
    group = program // (GM * tiles_n)
    first = group * GM
    size = tl.minimum(tiles_m - first, GM)
    tile_m = first + (program % (GM * tiles_n)) % size
    tile_n = (program % (GM * tiles_n)) // size
    expert = tl.load(tile_expert + tile_m)
    if expert < 0:
        return
    places = tile_m * BM + tl.arange(0, BM)
    ids = tl.load(row_ids + places)
    live = ids < row_count
    columns = tile_n * BN + tl.arange(0, BN)
    inner = tl.arange(0, BK)
    a = rows + (ids // SHARE)[:, None].to(tl.int64) * k + inner[None, :]
    b = weights + expert.to(tl.int64) * stride_expert + columns[None, :].to(tl.int64) * k + inner[:, None]
    total = tl.zeros((BM, BN), dtype=tl.float32)
    for start in range(0, k, BK):
        inside = inner < k - start
        x = tl.load(a, mask=live[:, None] & inside[None, :], other=0.0)
        w = tl.load(b, mask=inside[:, None] & (columns < n)[None, :], other=0.0)
        total = tl.dot(x, w, total)
        a += BK
        b += BK
    to = out + ids[:, None].to(tl.int64) * n + columns[None, :]
    tl.store(to, total.to(out.dtype.element_ty), mask=live[:, None] & (columns < n)[None, :])


@triton.jit
def _gate(gate_up, out, width, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    at = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    gate = tl.load(gate_up + row * 2 * width + at, mask=at < width, other=0.0).to(tl.float32)
    up = tl.load(gate_up + row * 2 * width + width + at, mask=at < width, other=0.0).to(tl.float32)
    tl.store(out + row * width + at, (gate * tl.sigmoid(gate) * up).to(out.dtype.element_ty), mask=at < width)


def gate_up_product(gate_up, dtype=None):
    """silu(gate) · up of rows that hold both halves, [rows, 2·width] to [rows, width]."""
    rows, width = gate_up.shape[0], gate_up.shape[1] // 2
    out = torch.empty(rows, width, device=gate_up.device, dtype=dtype or gate_up.dtype)
    _gate[(rows, triton.cdiv(width, 1024))](gate_up, out, width, BLOCK=1024)
    return out


def _tile_rows(rows, experts):
    """Rows of a tile: about what an expert gets, between 16 and 128."""
    mean = rows / experts
    return 16 if mean <= 16 else 32 if mean <= 40 else 64 if mean <= 128 else 128


@triton.jit
def _choose(scores, chosen, weight, experts, PER_TOKEN: tl.constexpr, BLOCK: tl.constexpr):
    """The PER_TOKEN largest of a row's scores, and their softmax over all experts."""
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, BLOCK)
    left = tl.load(scores + row * experts + at, mask=at < experts, other=-float("inf")).to(tl.float32)
    top = tl.max(left, 0)
    total = tl.sum(tl.exp(left - top), 0)
    for choice in range(PER_TOKEN):
        value, best = tl.max(left, 0), tl.argmax(left, 0)
        tl.store(chosen + row * PER_TOKEN + choice, best)
        tl.store(weight + row * PER_TOKEN + choice, tl.exp(value - top) / total)
        left = tl.where(at == best, -float("inf"), left)


@triton.jit
def _count(chosen, counts, rows, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    expert = tl.load(chosen + at, mask=at < rows, other=0)
    tl.atomic_add(counts + expert, 1, mask=at < rows)


@triton.jit
def _place(
    chosen, counts, cursors, row_ids, owner, rows, tiles, experts,
    TILE: tl.constexpr, EXPERTS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Puts row ids into the tiles of their experts; each expert's rows begin at a tile."""
    ids = tl.arange(0, EXPERTS)
    count = tl.load(counts + ids, mask=ids < experts, other=0)
    padded = (count + TILE - 1) // TILE * TILE
    ends = tl.cumsum(padded, 0)
    starts = ends - padded
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    begins = at * TILE
    last = tl.max(ends, 0)
    before = tl.sum((ends[None, :] <= begins[:, None]).to(tl.int32), 1)
    tl.store(owner + at, tl.where(begins < last, before, -1), mask=at < tiles)
    live = at < rows
    expert = tl.load(chosen + at, mask=live, other=0)
    start = tl.sum(tl.where(expert[:, None] == ids[None, :], starts[None, :], 0), 1)
    rank = tl.atomic_add(cursors + expert, 1, mask=live)
    tl.store(row_ids + start + rank, at, mask=live)


def sort_by_expert(chosen, experts, tile):
    """Row ids in tiles of one expert each, and each tile's expert (-1: none).

    `chosen` [tokens, k] holds experts; row id = token·k + choice; the id tokens·k fills up tiles.
    """
    rows = chosen.numel()
    tiles = min(rows, -(-rows // tile) + experts)
    counts = torch.zeros(2, experts, device=chosen.device, dtype=torch.int32)
    row_ids = torch.full((tiles * tile,), rows, device=chosen.device, dtype=torch.int32)
    owner = torch.empty(tiles, device=chosen.device, dtype=torch.int32)
    _count[(triton.cdiv(rows, 256),)](chosen, counts, rows, BLOCK=256)
    wide = triton.next_power_of_2(experts)
    _place[(triton.cdiv(max(rows, tiles), 64),)](
        chosen, counts, counts[1], row_ids, owner, rows, tiles, experts, TILE=tile, EXPERTS=wide, BLOCK=64
    )
    return row_ids, owner, tiles


@triton.jit
def _combine(spread, weight, base, out, width, PER_TOKEN: tl.constexpr, BASED: tl.constexpr, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    at = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    total = tl.zeros((BLOCK,), dtype=tl.float32)
    if BASED:
        total += tl.load(base + row * width + at, mask=at < width, other=0.0).to(tl.float32)
    for choice in range(PER_TOKEN):
        part = tl.load(spread + (row * PER_TOKEN + choice) * width + at, mask=at < width, other=0.0)
        total += tl.load(weight + row * PER_TOKEN + choice) * part.to(tl.float32)
    tl.store(out + row * width + at, total.to(out.dtype.element_ty), mask=at < width)


def _product(rows, weights, out, row_ids, owner, tiles, share, tile):
    _, n, k = weights.shape
    wide = tile >= 64
    bn = 128 if wide else 64
    bk = 64 if rows.element_size() == 2 else 128
    if tile <= 16:
        bk *= 2
    _grouped_product[(tiles * triton.cdiv(n, bn),)](
        rows, weights, out, row_ids, owner, out.shape[0], n, k, weights.stride(0),
        SHARE=share, BM=tile, BN=bn, BK=bk, GM=8 if wide else 1,
        num_warps=8 if tile >= 128 else 4, num_stages=3 if wide else 4,
    )  # fmt: skip


def expert_block(x, router, gate_up, down, per_token, base=None):
    """Routed experts of one layer: x [T, hidden], router [E, hidden], gate_up [E, 2·I, hidden], down [E, hidden, I].

    `base` [T, hidden] is added, as the output of shared experts is.
    """
    experts = gate_up.shape[0]
    tokens, hidden = x.shape
    scores = torch.nn.functional.linear(x, router)
    chosen = torch.empty(tokens, per_token, device=x.device, dtype=torch.int32)
    weight = torch.empty(tokens, per_token, device=x.device, dtype=torch.float32)
    wide = triton.next_power_of_2(experts)
    _choose[(tokens,)](scores, chosen, weight, experts, PER_TOKEN=per_token, BLOCK=wide, num_warps=1)
    rows = chosen.numel()
    tile = _tile_rows(rows, experts)
    row_ids, owner, tiles = sort_by_expert(chosen, experts, tile)
    low = gate_up.dtype if gate_up.element_size() == 1 else None
    source = x if low is None else x.to(low)
    both = torch.empty(rows, gate_up.shape[1], device=x.device, dtype=x.dtype)
    _product(source, gate_up, both, row_ids, owner, tiles, per_token, tile)
    inner = gate_up_product(both, low)
    spread = torch.empty(rows, hidden, device=x.device, dtype=x.dtype)
    _product(inner, down, spread, row_ids, owner, tiles, 1, tile)
    out = torch.empty_like(x)
    _combine[(tokens, triton.cdiv(hidden, 1024))](
        spread, weight, x if base is None else base, out, hidden,
        PER_TOKEN=per_token, BASED=base is not None, BLOCK=1024,
    )  # fmt: skip
    return out


@triton.jit
def _add_norm(x, more, weight, total, out, width, ADDS: tl.constexpr, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, BLOCK)
    inside = at < width
    value = tl.load(x + row * width + at, mask=inside, other=0.0).to(tl.float32)
    if ADDS:
        value += tl.load(more + row * width + at, mask=inside, other=0.0).to(tl.float32)
        tl.store(total + row * width + at, value.to(total.dtype.element_ty), mask=inside)
    scale = tl.rsqrt(tl.sum(value * value, 0) / width + 1e-6)
    y = value * scale * tl.load(weight + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(out + row * width + at, y.to(out.dtype.element_ty), mask=inside)


def add_norm(x, more, weight):
    """x + more (x where more is None) and its root-mean-square norm, of [tokens, hidden], in one pass."""
    tokens, width = x.shape
    out = torch.empty_like(x)
    total = x if more is None else torch.empty_like(x)
    _add_norm[(tokens,)](
        x, x if more is None else more, weight, total, out, width,
        ADDS=more is not None, BLOCK=triton.next_power_of_2(width), num_warps=8,
    )  # fmt: skip
    return total, out


@triton.jit
def _rotate_store(
    qkv, cos, sin, out, keys, values, page, slot,
    HQ: tl.constexpr, HKV: tl.constexpr, HALF: tl.constexpr, PAGE: tl.constexpr, HEADS: tl.constexpr,
):  # fmt: skip
    token = tl.program_id(0).to(tl.int64)
    d: tl.constexpr = 2 * HALF
    head = tl.arange(0, HEADS)[:, None]
    at = tl.arange(0, HALF)[None, :]
    live = head < HQ + 2 * HKV
    c = tl.load(cos + token * HALF + at).to(tl.float32)
    s = tl.load(sin + token * HALF + at).to(tl.float32)
    source = qkv + token * ((HQ + 2 * HKV) * d) + head * d + at
    low = tl.load(source, mask=live, other=0.0).to(tl.float32)
    high = tl.load(source + HALF, mask=live, other=0.0).to(tl.float32)
    turned = head < HQ + HKV
    first = tl.where(turned, low * c - high * s, low).to(out.dtype.element_ty)
    second = tl.where(turned, high * c + low * s, high).to(out.dtype.element_ty)
    to = out + token * (HQ * d) + head * d + at
    tl.store(to, first, mask=head < HQ)
    tl.store(to + HALF, second, mask=head < HQ)
    base = tl.load(page + token) * HKV * PAGE * d + tl.load(slot + token) * d
    place = base + (head - HQ) * PAGE * d + at
    tl.store(keys + place, first, mask=(head >= HQ) & turned)
    tl.store(keys + place + HALF, second, mask=(head >= HQ) & turned)
    place -= HKV * PAGE * d
    tl.store(values + place, first, mask=live & (head >= HQ + HKV))
    tl.store(values + place + HALF, second, mask=live & (head >= HQ + HKV))


def rotate_store(qkv, heads, kv_heads, cos, sin, keys, values, page, slot):
    """Rotates queries and keys of [tokens, (heads + 2·kv_heads)·D] by half-split pairs and writes keys
    and values to their pages and slots of [pages, kv_heads, page, D]; returns queries [tokens, heads, D]."""
    size = keys.shape[3]
    tokens = qkv.shape[0]
    out = torch.empty(tokens, heads, size, device=qkv.device, dtype=qkv.dtype)
    _rotate_store[(tokens,)](
        qkv, cos, sin, out, keys, values, page, slot, HQ=heads, HKV=kv_heads, HALF=size // 2,
        PAGE=keys.shape[2], HEADS=triton.next_power_of_2(heads + 2 * kv_heads), num_warps=4,
    )  # fmt: skip
    return out
