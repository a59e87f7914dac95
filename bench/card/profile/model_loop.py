"""Runs a replay's own steps through layers of a mixture-of-experts model on a GPU, and times each step.

  python3 model_loop.py batches.json [--seconds 90] > loop.json

Weights are random, attention is paged (Triton), experts are grouped products over tiles. Steps of decode
rows alone run as a CUDA graph, steps with prompts are launched one kernel after another, as engines do.
`batches.json` is what `headwise calibrate --batches` writes: the model's sizes and, for each step, the new
and the cached tokens of its requests. Times are between CUDA events around a whole step, after one run
that is not counted; the median of three for decode steps and of two for the others.
"""

import argparse
import json
import os
import sys
import time

FORMAT = "headwise-loop/1"
PAGE_POOL_BYTES = 12e9


class Model:
    """Weights, page pool and one step of a gated mixture-of-experts transformer."""

    def __init__(self, torch, kernels, paged, sizes, page):
        self.torch, self.kernels, self.paged, self.page = torch, kernels, paged, page
        self.sizes = sizes
        hidden, size = sizes["hiddenSize"], sizes["headSize"]
        self.heads, self.kv_heads, self.size = sizes["queryHeads"], sizes["kvHeads"], size

        def weight(*shape):
            return torch.empty(*shape, device="cuda", dtype=torch.bfloat16).normal_(0, 0.02)

        qkv = (self.heads + 2 * self.kv_heads) * size
        self.layers = []
        for layer in range(sizes["layers"]):
            weights = {
                "norm1": torch.ones(hidden, device="cuda", dtype=torch.bfloat16),
                "norm2": torch.ones(hidden, device="cuda", dtype=torch.bfloat16),
                "qkv": weight(qkv, hidden), "out": weight(hidden, self.heads * size),
            }  # fmt: skip
            if layer < sizes["denseLayers"] or sizes["experts"] == 0:
                weights["up"] = weight(2 * sizes["denseIntermediate"], hidden)
                weights["down"] = weight(hidden, sizes["denseIntermediate"])
            else:
                inner, experts = sizes["expertIntermediate"], sizes["experts"]
                weights["router"] = weight(experts, hidden)
                weights["experts_up"] = weight(experts, 2 * inner, hidden)
                weights["experts_down"] = weight(experts, hidden, inner)
                shared = sizes["sharedExperts"] * inner
                if shared:
                    weights["up"], weights["down"] = weight(2 * shared, hidden), weight(hidden, shared)
            self.layers.append(weights)
        self.embedding = weight(sizes["vocabularySize"], hidden)
        self.norm = torch.ones(hidden, device="cuda", dtype=torch.bfloat16)
        page_bytes = self.kv_heads * page * size * 2 * 2
        self.pages = int(PAGE_POOL_BYTES // (page_bytes * sizes["layers"]))
        pool = (sizes["layers"], 2, self.pages, self.kv_heads, page, size)
        self.cache = torch.empty(*pool, device="cuda", dtype=torch.bfloat16).normal_()

    def prepare(self, queries, cached):
        """Device tensors of a step: its plan, table, places of new tokens and last rows."""
        torch = self.torch
        count = torch.cuda.get_device_properties(0).multi_processor_count
        plan = self.paged.plan_rows(queries, cached, self.kv_heads, self.page, multiprocessors=count)
        columns = max(-(-(query + old) // self.page) for query, old in zip(queries, cached))
        table = torch.randint(0, self.pages, (len(queries), columns), device="cuda", dtype=torch.int32)
        owner = torch.repeat_interleave(torch.arange(len(queries)), torch.tensor(queries)).cuda()
        position = torch.cat([torch.arange(old, old + query) for query, old in zip(queries, cached)]).cuda()
        page = table[owner, position // self.page].long()
        angle = position[:, None].float() / 500000 ** (torch.arange(0, self.size, 2, device="cuda") / self.size)
        ends = torch.cumsum(torch.tensor(queries), 0) - 1
        return {
            "plan": plan, "table": table, "page": page, "slot": position % self.page,
            "cos": angle.cos().bfloat16()[:, None], "sin": angle.sin().bfloat16()[:, None],
            "last": ends.cuda(), "tokens": torch.randint(0, self.embedding.shape[0], (sum(queries),), device="cuda"),
        }  # fmt: skip

    def step(self, inputs):
        torch, linear = self.torch, self.torch.nn.functional.linear
        kernels = self.kernels
        x, more = self.embedding[inputs["tokens"]], None
        tokens = x.shape[0]
        for layer, weights in enumerate(self.layers):
            x, y = kernels.add_norm(x, more, weights["norm1"])
            keys, values = self.cache[layer]
            q = kernels.rotate_store(
                linear(y, weights["qkv"]), self.heads, self.kv_heads, inputs["cos"], inputs["sin"],
                keys, values, inputs["page"], inputs["slot"],
            )  # fmt: skip
            mixed = self.paged.attend(q, keys, values, inputs["table"], inputs["plan"])
            x, y = kernels.add_norm(x, linear(mixed.view(tokens, -1), weights["out"]), weights["norm2"])
            more = None
            if "up" in weights:
                more = linear(kernels.gate_up_product(linear(y, weights["up"])), weights["down"])
            if "router" in weights:
                more = kernels.expert_block(
                    y, weights["router"], weights["experts_up"], weights["experts_down"],
                    self.sizes["expertsPerToken"], more,
                )  # fmt: skip
        last = inputs["last"]
        _, x = kernels.add_norm(x[last], more[last], self.norm)
        return linear(x, self.embedding).float().argmax(-1)


def time_step(torch, model, queries, cached):
    """Milliseconds of one step, and whether it ran as a CUDA graph."""
    inputs = model.prepare(queries, cached)
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    captured = max(queries) == 1
    if captured:
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            model.step(inputs)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            model.step(inputs)
        run = graph.replay
    else:
        run = lambda: model.step(inputs)  # noqa: E731
    run()
    times = []
    for _ in range(3 if captured else 2):
        torch.cuda.synchronize()
        begin.record()
        run()
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end))
    return sorted(times)[len(times) // 2 if captured else 0], captured


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("batches", help="file that headwise calibrate --batches wrote")
    parser.add_argument("--seconds", type=float, default=90)
    options = parser.parse_args()
    with open(options.batches, encoding="utf-8") as file:
        document = json.load(file)
    if document.get("format") != "headwise-batches/1":
        sys.exit(f"{options.batches} is no file of batches: its format is {document.get('format')!r}")
    import torch
    import triton

    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import gpu_kernels as kernels
    import measure_profile
    import paged_rows as paged

    torch.manual_seed(7)
    started = time.monotonic()
    model = Model(torch, kernels, paged, document["model"], document["pageSizeTokens"])
    print(f"{time.monotonic() - started:.1f} s: weights and {model.pages} pages are there", file=sys.stderr, flush=True)
    steps = []
    with torch.inference_mode():
        for index, step in enumerate(document["steps"]):
            if time.monotonic() - started > options.seconds:
                print(f"out of time after {index} of {len(document['steps'])} steps", file=sys.stderr)
                break
            queries, cached = step["queries"], step["cached"]
            try:
                elapsed, captured = time_step(torch, model, queries, cached)
            except torch.OutOfMemoryError as error:
                print(f"step {index}: {str(error).splitlines()[0]}", file=sys.stderr)
                torch.cuda.empty_cache()
                continue
            steps.append({"index": index, "milliseconds": round(elapsed, 4), "captured": captured})
            if index % 10 == 0:
                print(f"{time.monotonic() - started:.1f} s: step {index}", file=sys.stderr, flush=True)
    answer = measure_profile.describe(torch, triton)
    answer.update(format=FORMAT, seconds=round(time.monotonic() - started, 1), steps=steps)
    json.dump(answer, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
