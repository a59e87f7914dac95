#!/usr/bin/env python3
"""Checks the Triton kernel against a float64 reference, then times it beside its peers.

    python3 tools/try_triton.py --out results            # on a GPU
    TRITON_INTERPRET=1 python3 tools/try_triton.py --check-only --small   # on any machine

Writes `triton.json` (every figure) into the folder, and prints each figure as it comes.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../conformance/adapters/python"))
import triton
import triton.language as tl
from triton_attention import FORMS, Shape, Tuning, attend, make_workspace, plan_step, tuning_for

TYPES = {"bf16": torch.bfloat16, "f16": torch.float16}
LAYOUT_OF_FORM = {"two-pass": "uniform", "row": "uniform", "headwise-row": "headwise",
                  "clipped": "uniform", "headwise": "headwise"}


def make_case(random, device, *, storage, layout, query_heads, kv_heads, head_size, page, lengths,
              cached, windows, scramble=True, poison=True):
    """Caches of random values with scrambled pages; what no row may see is NaN."""
    slots = len(lengths)
    totals = np.add(lengths, cached)
    columns = max(1, int(-(-totals.max() // page))) + 1
    rows = slots if layout == "uniform" else slots * kv_heads
    per_slot = -(-totals // page)
    needed = int(per_slot.sum())
    pages = needed + 2
    table = np.full((rows, columns), -1, np.int32)
    pools = 1 if layout in ("uniform", "pooled") else kv_heads
    per_pool = pages * kv_heads if layout == "pooled" else pages
    orders = [random.permutation(per_pool) if scramble else np.arange(per_pool)
              for _ in range(pools)]
    taken = [0] * pools
    for slot in range(slots):
        for head in range(1 if layout == "uniform" else kv_heads):
            pool = head if pools > 1 else 0
            ids = orders[pool][taken[pool]:taken[pool] + per_slot[slot]]
            taken[pool] += per_slot[slot]
            table[slot if layout == "uniform" else slot * kv_heads + head, :len(ids)] = ids
    cache = ((pages * kv_heads, page, head_size) if layout == "pooled"
             else (pages, kv_heads, page, head_size))
    generator = torch.Generator(device=device).manual_seed(int(random.integers(1 << 31)))

    def values(size, spread=1.0):
        return (torch.randn(size, generator=generator, device=device) * spread).to(TYPES[storage])
    keys, held = values(cache), values(cache)
    if poison:
        seen = torch.zeros(cache[:-1], dtype=torch.bool, device=device)
        for slot in range(slots):
            for head in range(kv_heads):
                positions = np.arange(totals[slot])
                row = table[slot if layout == "uniform" else slot * kv_heads + head]
                ids = torch.from_numpy(row[positions // page].astype(np.int64)).to(device)
                place = torch.from_numpy(positions % page).to(device)
                if layout == "pooled":
                    seen[ids, place] = True
                else:
                    seen[ids, head, place] = True
        keys[~seen], held[~seen] = float("nan"), float("nan")
    tokens = int(np.sum(lengths))
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    query = values((tokens, query_heads, head_size), 1.5)
    shape = Shape(query_heads, kv_heads, head_size, page, layout)
    return {"shape": shape, "starts": starts, "cached": np.asarray(cached, np.int32),
            "windows": np.asarray(windows, np.int32), "query": query, "keys": keys,
            "values": held, "table_host": table, "table": torch.from_numpy(table).to(device)}


def reference(case, sinks, *, scale=None, sink_logits=None, ranges=None, tree=None):
    """Float64 attention of a case: output, and what rounding weights to storage may move."""
    shape, device = case["shape"], case["query"].device
    scale = scale or 1 / math.sqrt(shape.head_size)
    output = torch.zeros(case["query"].shape, dtype=torch.float64, device=device)
    budget = torch.zeros_like(output)
    unit = 2.0 ** (-8 if case["query"].dtype == torch.bfloat16 else -11)
    for slot in range(len(case["cached"])):
        start, end = int(case["starts"][slot]), int(case["starts"][slot + 1])
        if start == end:
            continue
        cached = int(case["cached"][slot])
        length = cached + end - start
        key = torch.arange(length, device=device)
        position = torch.arange(cached, length, device=device)[:, None]
        for head in range(shape.kv_heads):
            row = case["table_host"][slot if shape.layout == "uniform"
                                     else slot * shape.kv_heads + head]
            ids = torch.from_numpy(row[np.arange(length) // shape.page_tokens].astype(np.int64))
            ids = ids.to(device)
            place = key % shape.page_tokens
            where = (ids, place) if shape.layout == "pooled" else (ids, head, place)
            window = int(case["windows"][head])
            if ranges is None:
                seen = key <= position
                if window > 0:
                    seen = seen & ((key > position - window) | (key < sinks))
            else:
                first, last = ranges[start:end, :1].long(), ranges[start:end, 1:].long()
                seen = (key >= first) & (key < last)
                if window > 0:
                    seen = seen & ~((key >= first + sinks) & (key < (last - window).clamp(min=0)))
            if tree is not None:
                seen[:, cached:] &= tree[slot, :end - start, :end - start] == 0
            seen = seen & (ids >= 0)
            k = torch.nan_to_num(case["keys"][where].double())
            v = torch.nan_to_num(case["values"][where].double())
            heads = slice(head * shape.group, (head + 1) * shape.group)
            scores = torch.einsum("tgd,kd->tgk", case["query"][start:end, heads].double(), k)
            scores = (scores * scale).masked_fill(~seen[:, None], -torch.inf)
            top = scores.amax(-1, keepdim=True)
            if sink_logits is not None:
                top = torch.maximum(top, sink_logits[heads].double()[None, :, None])
            top = torch.where(top == -torch.inf, 0.0, top)
            weights = torch.exp(scores - top)
            total = weights.sum(-1, keepdim=True)
            if sink_logits is not None:
                some = seen.any(-1)[:, None, None]
                total = total + some * torch.exp(sink_logits[heads].double()[None, :, None] - top)
            weights = weights / total.clamp(min=1e-300)
            output[start:end, heads] = weights @ v
            budget[start:end, heads] = 2 * unit * (weights @ v.abs()) + 1e-4 * (1 + v.abs().max())
    return output, budget


def check_all(device, small, part=(0, 1)):
    """Every form, layout, type, head size, group and mask; the worst share of the budget."""
    cases, done, worst, failed = -1, 0, 0.0, []
    sizes = [64, 128] if small else [64, 96, 128, 192, 256]
    groups = [(5, 1), (4, 2)] if small else [(20, 4), (32, 4), (16, 1), (4, 4), (8, 2)]
    began = time.time()
    for head_size in sizes:
        for query_heads, kv_heads in groups:
            for form in FORMS + ("pooled",):
                layout = "pooled" if form == "pooled" else LAYOUT_OF_FORM[form]
                cases += 1
                if cases % part[1] != part[0]:
                    continue
                random = np.random.default_rng(cases)
                # Triton's interpreter multiplies no bf16.
                storage = ["bf16", "f16"][cases % 2] if device == "cuda" else "f16"
                page = [64, 16, 128, 32, 256, 8][cases % 6]
                big = 60 if small else 900
                lengths = [1, 0, int(random.integers(2, 9)), int(random.integers(9, 40)),
                           int(random.integers(40, 60 if small else 300)), 1]
                cached = [int(random.integers(0, big)) for _ in lengths]
                cached[0] = big * 3
                windows = [int(random.choice([0, 1, 33, 64, 100])) for _ in range(kv_heads)]
                windows[0] = 0 if kv_heads > 1 else windows[0]
                sinks = int(random.choice([0, 3, 70]))
                case = make_case(random, device, storage=storage, layout=layout,
                                 query_heads=query_heads, kv_heads=kv_heads, head_size=head_size,
                                 page=page, lengths=lengths, cached=cached, windows=windows)
                options, unclear = {}, None
                kind = cases % 4
                if kind == 1:
                    options["sink_logits"] = torch.randn(query_heads, device=device)
                if kind == 2:
                    width = max(lengths)
                    tree = torch.triu(torch.rand(len(lengths), width, width, device=device) < 0.3,
                                      1) | torch.tril(torch.rand(len(lengths), width, width,
                                                                 device=device) < 0.3, -1)
                    options["tree"], unclear = tree.to(torch.uint8).contiguous(), case["cached"]
                if kind == 3:
                    ends = np.concatenate([c + 1 + np.arange(n) for c, n in zip(cached, lengths)])
                    first = (ends * random.random(len(ends)) * 0.5).astype(np.int32)
                    options["ranges"] = torch.from_numpy(
                        np.stack([first, ends], 1).astype(np.int32)).to(device)
                    unclear = 0
                plan = plan_step(case["shape"], case["starts"], case["cached"], case["windows"],
                                 sinks, "headwise" if form == "pooled" else form,
                                 unclear_from=unclear)
                output = torch.full_like(case["query"], float("nan"))
                norms = torch.empty(output.shape[:2], dtype=torch.float32, device=device)
                attend(plan.to(device), case["query"], case["keys"], case["values"],
                       case["table"], output, norms=norms if cases % 3 == 0 else None, **options)
                wanted, budget = reference(case, sinks, **options)
                used = float(((output.double() - wanted).abs() / budget).nan_to_num(1e9).max())
                worst, done = max(worst, used), done + 1
                if used > 1:
                    failed.append([form, storage, head_size, query_heads, kv_heads, page, kind,
                                   used])
    print(f"checked {done} cases in {time.time() - began:.0f} s: worst budget {worst:.2f}, "
          f"failed {len(failed)}", flush=True)
    for each in failed[:20]:
        print("  failed", each, flush=True)
    return {"cases": done, "worstBudgetUsed": worst, "failed": failed}


def time_ms(call, repeats=20):
    """Median milliseconds of a call, launches queued ahead of the clock."""
    for _ in range(2):
        call(0)
    torch.cuda.synchronize()
    events = [(torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True))
              for _ in range(repeats)]
    torch.cuda._sleep(20_000_000)
    for index, (start, end) in enumerate(events):
        start.record()
        call(index)
        end.record()
    torch.cuda.synchronize()
    return float(np.median([start.elapsed_time(end) for start, end in events]))


@triton.jit
def _read(source, target, per_program, BLOCK: tl.constexpr):
    start = tl.program_id(0).to(tl.int64) * per_program
    total = tl.zeros([BLOCK], tl.int32)
    for step in range(0, per_program, BLOCK * 4):
        a = tl.load(source + start + step + tl.arange(0, BLOCK))
        b = tl.load(source + start + step + BLOCK + tl.arange(0, BLOCK))
        c = tl.load(source + start + step + 2 * BLOCK + tl.arange(0, BLOCK))
        e = tl.load(source + start + step + 3 * BLOCK + tl.arange(0, BLOCK))
        total += a ^ b ^ c ^ e
    tl.store(target + tl.program_id(0), tl.sum(total, 0))


def ceilings(report):
    """Bytes per second of reading and of copying 2 GiB."""
    source = torch.ones(1 << 29, dtype=torch.int32, device="cuda")
    target = torch.empty_like(source)
    best = 0.0
    for programs, block, warps in [(4096, 1024, 4), (8192, 2048, 8), (2048, 2048, 8)]:
        ms = time_ms(lambda _: _read[(programs,)](source, target, (1 << 29) // programs, block,
                                                  num_warps=warps))
        best = max(best, (1 << 31) / ms / 1e9)
    copy = 2 * (1 << 31) / time_ms(lambda _: target.copy_(source)) / 1e9
    report["ceilings"] = {"readTBs": best, "copyTBs": copy}
    print(f"read {best:.2f} TB/s, copy {copy:.2f} TB/s", flush=True)
    return best


def decode_case(name, slots, context, query_heads, kv_heads, head_size, windowed, report, read,
                tunings, forms, tokens=1):
    """Times decode over rotated layers, in forms and tunings, and checks one row in four."""
    random = np.random.default_rng(3)
    windows = [0] * kv_heads
    for head in range(windowed):
        windows[kv_heads - 1 - head] = 1024
    for form in forms:
        layout = LAYOUT_OF_FORM[form]
        case = make_case(random, "cuda", storage="bf16", layout=layout, query_heads=query_heads,
                         kv_heads=kv_heads, head_size=head_size, page=64,
                         lengths=[tokens] * slots, cached=[context - tokens] * slots,
                         windows=windows, poison=False)
        size = case["keys"].numel() * 4
        layers = max(2, math.ceil(300e6 / size))
        caches = [(case["keys"], case["values"])] + [
            (case["keys"].clone(), case["values"].clone()) for _ in range(layers - 1)]
        output = torch.empty_like(case["query"])
        full = 4 * slots * context * head_size * (kv_heads - windowed)
        least = full + 4 * slots * min(context, 1024 + tokens - 1) * head_size * windowed
        for label, tuning in tunings.items():
            try:
                plan = plan_step(case["shape"], case["starts"], case["cached"], case["windows"], 0,
                                 form, tuning=tuning).to("cuda")
                space = make_workspace(plan, "cuda")
                ms = time_ms(lambda i: attend(plan, case["query"], *caches[i % layers],
                                              case["table"], output, workspace=space))
            except Exception as error:  # a tuning that does not fit is a figure too
                print(f"{name} {form} {label}: {type(error).__name__} {str(error)[:90]}")
                continue
            rate = least / ms / 1e9
            report["figures"].append({"case": name, "form": form, "tuning": label,
                                      "microseconds": ms * 1e3, "leastBytesTBs": rate,
                                      "ofRead": rate / read})
            print(f"{name:24s} {form:12s} {label:24s} {ms * 1e3:8.1f} us  {rate:5.2f} TB/s  "
                  f"{rate / read:.3f} of read", flush=True)
        del caches, case


def peers(name, slots, tokens, context, query_heads, kv_heads, head_size, report):
    """cuDNN and flash attention of PyTorch over contiguous caches, of the same bytes."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    import torch.nn.functional as functional
    query = torch.randn(slots, query_heads, tokens, head_size, device="cuda").bfloat16()
    layers = [tuple(torch.randn(slots, kv_heads, context, head_size, device="cuda").bfloat16()
                    for _ in range(2)) for _ in range(2)]
    for backend in (SDPBackend.CUDNN_ATTENTION, SDPBackend.FLASH_ATTENTION):
        try:
            with sdpa_kernel(backend):
                ms = time_ms(lambda i: functional.scaled_dot_product_attention(
                    query, *layers[i % 2], is_causal=tokens > 1, enable_gqa=True))
        except Exception as error:
            print(f"{name} {backend.name}: {str(error)[:100]}")
            continue
        report["figures"].append({"case": name, "form": backend.name, "microseconds": ms * 1e3})
        print(f"{name:24s} {backend.name:20s} {ms * 1e3:8.1f} us", flush=True)


def prefill_case(name, tokens, cached, query_heads, kv_heads, head_size, windowed, report, tunings,
                 forms):
    """Times one prefill chunk."""
    random = np.random.default_rng(3)
    windows = [0] * kv_heads
    for head in range(windowed):
        windows[kv_heads - 1 - head] = 1024
    flops = 4 * head_size * query_heads * (tokens * cached + tokens * (tokens + 1) / 2)
    for form in forms:
        case = make_case(random, "cuda", storage="bf16", layout=LAYOUT_OF_FORM[form],
                         query_heads=query_heads, kv_heads=kv_heads, head_size=head_size, page=64,
                         lengths=[tokens], cached=[cached], windows=windows, poison=False)
        output = torch.empty_like(case["query"])
        for label, tuning in tunings.items():
            try:
                plan = plan_step(case["shape"], case["starts"], case["cached"], case["windows"], 0,
                                 form, tuning=tuning).to("cuda")
                space = make_workspace(plan, "cuda")
                ms = time_ms(lambda i: attend(plan, case["query"], case["keys"], case["values"],
                                              case["table"], output, workspace=space), 10)
            except Exception as error:
                print(f"{name} {form} {label}: {type(error).__name__} {str(error)[:90]}")
                continue
            report["figures"].append({"case": name, "form": form, "tuning": label,
                                      "microseconds": ms * 1e3, "fullTFLOPs": flops / ms / 1e9})
            print(f"{name:24s} {form:12s} {label:24s} {ms * 1e3:8.1f} us  "
                  f"{flops / ms / 1e9:6.1f} TFLOP/s of full", flush=True)


def tune(keys, warps, stages, items=264, rows=16):
    """A tuning that differs from the default for one tile height."""
    base = Tuning()
    return Tuning(keys={**base.keys, rows: keys}, warps={**base.warps, rows: warps},
                  stages={**base.stages, rows: stages}, items=items)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="results")
    parser.add_argument("--check-only", action="store_true")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--part", default="0/1", help="which share of the checks, as 3/12")
    parser.add_argument("--seconds", type=float, default=480, help="starts nothing later")
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    report = {"torch": torch.__version__, "triton": triton.__version__, "figures": [],
              "card": torch.cuda.get_device_name() if device == "cuda" else "cpu"}
    began = time.time()

    def stage(call, *arguments):
        if time.time() - began > options.seconds:
            print(f"left out: {arguments[:1]}", flush=True)
            return
        try:
            call(*arguments)
        except Exception as error:
            print(f"stage failed: {type(error).__name__}: {str(error)[:300]}", flush=True)
        os.makedirs(options.out, exist_ok=True)
        with open(os.path.join(options.out, "triton.json"), "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)

    if device == "cpu" or options.check_only:
        part = tuple(int(each) for each in options.part.split("/"))
        report["check"] = check_all(device, options.small, part)
        sys.exit(1 if report["check"]["failed"] else 0)

    # Compiling is what takes the time, and it takes one core a process.
    parts = 14
    checks = [subprocess.Popen([sys.executable, __file__, "--check-only", "--part",
                                f"{index}/{parts}"]) for index in range(parts)]
    report["checksFailed"] = sum(each.wait() != 0 for each in checks)
    print(f"checks took {time.time() - began:.0f} s; parts failed {report['checksFailed']}", flush=True)

    read = ceilings(report)
    decode = {"default": None}
    for keys, warps, stages in [(64, 4, 3), (64, 4, 4), (64, 4, 2), (128, 4, 3), (128, 4, 2),
                                (128, 8, 3), (64, 8, 4), (32, 4, 4), (64, 2, 3)]:
        for items in ((264, 528) if (keys, warps, stages) == (64, 4, 3) else (264,)):
            decode[f"k{keys} w{warps} s{stages} i{items}"] = tune(keys, warps, stages, items)
    prefill = {}
    for keys, warps, stages in [(64, 8, 3), (64, 8, 2), (128, 8, 2), (128, 8, 3), (64, 4, 3),
                                (64, 8, 4)]:
        prefill[f"k{keys} w{warps} s{stages}"] = tune(keys, warps, stages, rows=128)
    few = {"default": None}
    stage(decode_case, "decode 32x16k g5", 32, 16384, 20, 4, 128, 0, report, read, decode,
          ["headwise"])
    stage(prefill_case, "prefill 8k g5", 8192, 0, 20, 4, 128, 0, report, prefill, ["headwise"])
    stage(peers, "decode 32x16k g5", 32, 1, 16384, 20, 4, 128, report)
    stage(peers, "prefill 8k g5", 1, 8192, 8192, 20, 4, 128, report)
    stage(decode_case, "decode half windowed", 32, 16384, 20, 4, 128, 2, report, read, few,
          list(FORMS))
    stage(prefill_case, "prefill half windowed", 8192, 0, 20, 4, 128, 2, report, few, list(FORMS))
    stage(prefill_case, "chunk 2k at 14k", 2048, 14336, 20, 4, 128, 0, report, few, ["headwise"])
    stage(decode_case, "decode 8x128k g8", 8, 131072, 64, 8, 128, 0, report, read, few,
          ["headwise"])
    stage(decode_case, "decode 8x1k g8", 8, 1024, 64, 8, 128, 0, report, read, decode,
          ["headwise"])
    stage(decode_case, "decode 1x8k g8", 1, 8192, 64, 8, 128, 0, report, read, few, ["headwise"])
    stage(decode_case, "speculative 4 g2", 32, 8192, 16, 8, 128, 0, report, read, few,
          ["headwise"], 4)
    stage(decode_case, "speculative 8 g8", 32, 8192, 64, 8, 128, 0, report, read, few,
          ["headwise"], 8)
    print(f"took {time.time() - began:.0f} s", flush=True)
    sys.exit(1 if report["checksFailed"] else 0)


if __name__ == "__main__":
    main()
