"""Measures a profile of one GPU for headwise's calibrated clock: one JSON document on standard output.

  python3 measure_profile.py [--seconds 140] > card.json
  python3 measure_profile.py --all-reduce > links.json         (as many processes as there are GPUs)

Measured, each over a geometric grid: matrix products (bf16, and fp8 where the card has it), blocks of
routed experts, attention over prompts and in decode, element-wise passes, norms, sampling, launches
with and without CUDA graphs, reads of memory. Times are of the GPU alone: runs are captured in a CUDA
graph, inputs rotate through more memory than the last-level cache holds. What a type or a kernel
cannot do here, or what the time did not suffice for, is listed under "leftOut" with the reason.
Needs PyTorch 2.8 or later with Triton. Progress goes to standard error.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import time

FORMAT = "headwise-card-profile/1"
TOKENS = [1, 4, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768]
INNER = [1024, 2048, 4096, 8192, 16384, 28672]
OUTER = [1024, 2560, 5120, 10240, 24576, 57344]
# A product longer than this is left to the interpolation from fewer tokens.
MAX_PRODUCT_FLOPS = 1.2e13
# hidden, intermediate of one expert, experts, experts a token
EXPERTS = [
    (2560, 1536, 64, 6),
    (2880, 2880, 32, 4),
    (2048, 768, 128, 8),
    (4096, 384, 128, 8),
    (5120, 192, 160, 8),
    (3072, 192, 256, 8),
    (4096, 3584, 8, 2),
]
EXPERT_TOKENS = [1, 4, 16, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384]
# query heads, KV heads, head size
HEADS = [(32, 8, 128), (20, 4, 128), (64, 8, 64), (8, 1, 128), (32, 32, 128), (16, 8, 256)]
PROMPTS = [128, 512, 2048, 8192, 32768]
CACHED = [0, 2048, 8192, 32768]
BATCHES = [1, 4, 16, 64, 256]
CONTEXTS = [128, 512, 2048, 8192, 32768, 131072]
MAX_CACHE_BYTES = 12e9


class Clock:
    """What is left of the time, and what it did not suffice for."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds
        self.left_out = []

    def run(self, what, measure):
        """The measured value, or None with the reason kept."""
        import torch

        if time.monotonic() > self.end:
            self.left_out.append({"what": what, "reason": "out of time"})
            return None
        try:
            return measure()
        except (RuntimeError, NotImplementedError, ValueError, AttributeError, TypeError) as error:
            reason = str(error).strip().split("\n")[0][:200]
            self.left_out.append({"what": what, "reason": reason})
            try:
                torch.cuda.synchronize()
                torch.cuda.empty_cache()
            except RuntimeError:
                # A fault on the device ends this process's use of it: keep what there is.
                self.end = 0
                say(f"the device failed at {what}: {reason}")
            return None


def say(text):
    print(text, file=sys.stderr, flush=True)


def query(fields):
    try:
        asked = ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits", "--id=0"]
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True).stdout
        return dict(zip(fields, [part.strip() for part in answer.strip().split("\n")[0].split(",")]))
    except (OSError, subprocess.SubprocessError):
        return {}


def describe(torch, triton):
    seen = query(["driver_version", "clocks.max.sm", "clocks.max.memory", "clocks.sm", "power.limit"])

    def number(key):
        try:
            return float(seen.get(key, ""))
        except ValueError:
            return None

    properties = torch.cuda.get_device_properties(0)
    return {
        "format": FORMAT,
        "measuredAt": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "card": {
            "name": properties.name,
            "computeCapability": f"{properties.major}.{properties.minor}",
            "memoryBytes": properties.total_memory,
            "multiprocessors": properties.multi_processor_count,
            "lastLevelCacheBytes": getattr(properties, "L2_cache_size", None),
            "maxClockMhz": number("clocks.max.sm"),
            "maxMemoryClockMhz": number("clocks.max.memory"),
            "powerLimitWatts": number("power.limit"),
        },
        "software": {
            "driver": seen.get("driver_version"),
            "cuda": torch.version.cuda,
            "pytorch": torch.__version__,
            "triton": None if triton is None else triton.__version__,
            "python": sys.version.split()[0],
        },
    }


def measure_products(torch, kernels, clock, dtype):
    """Grid over outer, inner and tokens of y = x·Wᵀ; microseconds, null where left out."""
    fp8 = dtype == "fp8"
    low = torch.float8_e4m3fn
    grid = []
    for outer in OUTER:
        line = []
        for inner in INNER:
            size = outer * inner * (1 if fp8 else 2)
            copies = kernels.copies_for(size)
            weights = [torch.randn(outer, inner, device="cuda", dtype=torch.bfloat16) * 0.02 for _ in range(copies)]
            if fp8:
                weights = [one.to(low) for one in weights]
                scale_b = torch.ones(1, outer, device="cuda")
            cells = []
            for tokens in TOKENS:
                if 2 * tokens * outer * inner > MAX_PRODUCT_FLOPS:
                    cells.append(None)
                    continue

                def measure(tokens=tokens):
                    x = torch.randn(tokens, inner, device="cuda", dtype=torch.bfloat16)
                    if not fp8:
                        return kernels.time_us(lambda copy: torch.mm(x, weights[copy].t()), copies)
                    y = x.to(low)

                    def product(scale_x, scale_w):
                        return lambda copy: torch._scaled_mm(
                            y, weights[copy].t(), scale_x, scale_w, out_dtype=torch.bfloat16, use_fast_accum=True
                        )

                    # Scales of rows and scales of whole tensors run different kernels: the faster counts.
                    one, rows = torch.ones((), device="cuda"), torch.ones(tokens, 1, device="cuda")
                    by_tensor = kernels.time_us(product(one, one), copies)
                    return min(by_tensor, kernels.time_us(product(rows, scale_b), copies))

                cells.append(clock.run(f"product {dtype} {outer}x{inner} at {tokens}", measure))
            line.append(cells)
            del weights
        grid.append(line)
    return {"dtype": dtype, "outer": OUTER, "inner": INNER, "tokens": TOKENS, "microseconds": grid}


def measure_sustained(torch, kernels):
    """How much longer compute-bound work takes once the card runs at its power limit: seconds of it over bursts."""
    x = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    weight = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16) * 0.02
    out = torch.empty(8192, 8192, device="cuda", dtype=torch.bfloat16)
    q = torch.randn(1, 32, 8192, 128, device="cuda", dtype=torch.bfloat16)

    def ratio(call, seconds=1.5):
        time.sleep(0.5)
        burst = kernels.time_us(call, max_runs=3)
        times = []
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        stop = time.monotonic() + seconds
        while time.monotonic() < stop:
            begin.record()
            for _ in range(20):
                call(0)
            end.record()
            torch.cuda.synchronize()
            times.append(begin.elapsed_time(end) * 50)
        late = times[len(times) // 2 :]
        return round(sorted(late)[len(late) // 2] / burst, 4)

    return {
        "products": ratio(lambda _: torch.mm(x, weight, out=out)),
        "prompts": ratio(lambda _: torch.nn.functional.scaled_dot_product_attention(q, q, q, is_causal=True)),
    }


def measure_experts(torch, kernels, clock, dtype):
    """Whole blocks of routed experts, router and combination included."""
    blocks = []
    for hidden, intermediate, experts, per_token in EXPERTS:
        def weight(*shape):
            made = torch.randn(*shape, device="cuda", dtype=torch.bfloat16) * 0.02
            return made.to(torch.float8_e4m3fn) if dtype == "fp8" else made

        router = torch.randn(experts, hidden, device="cuda", dtype=torch.bfloat16)
        gate_up, down = weight(experts, 2 * intermediate, hidden), weight(experts, hidden, intermediate)
        cells = []
        for tokens in EXPERT_TOKENS:
            def measure(tokens=tokens):
                x = [torch.randn(tokens, hidden, device="cuda", dtype=torch.bfloat16) for _ in range(8)]
                block = lambda copy: kernels.expert_block(x[copy], router, gate_up, down, per_token)  # noqa: E731
                return kernels.time_us(block, 8, max_runs=24)

            cells.append(clock.run(f"experts {dtype} {hidden}x{intermediate}x{experts} at {tokens}", measure))
        blocks.append({
            "hidden": hidden, "intermediate": intermediate, "experts": experts, "expertsPerToken": per_token,
            "tokens": EXPERT_TOKENS, "microseconds": cells,
        })  # fmt: skip
        del gate_up, down
    return {"dtype": dtype, "kernel": "triton, tiles sorted by expert", "blocks": blocks}


def shuffled_cache(torch, requests, context, kv_heads, size, page=64):
    """Keys, values and a table of pages in random order, as they lie in a server that has run for a while."""
    columns = -(-context // page)
    pages = requests * columns
    keys = torch.randn(pages, kv_heads, page, size, device="cuda", dtype=torch.bfloat16)
    values = torch.randn_like(keys)
    table = torch.randperm(pages, device="cuda").to(torch.int32).view(requests, columns)
    return keys, values, table


def attention_calls(torch, backend):
    """A function that prepares prompt + cached attention and one that prepares decode."""
    if backend == "triton-paged":
        import paged_rows as paged

        def prepare(batch, prompt, cached, query_heads, kv_heads, size, copies):
            caches = [shuffled_cache(torch, batch, prompt + cached, kv_heads, size) for _ in range(copies)]
            q = torch.randn(batch * prompt, query_heads, size, device="cuda", dtype=torch.bfloat16)
            count = torch.cuda.get_device_properties(0).multi_processor_count
            plan = paged.plan_rows([prompt] * batch, [cached] * batch, kv_heads, 64, multiprocessors=count)
            return lambda copy: paged.attend(q, *caches[copy], plan)

        return prepare
    from torch.nn.attention import SDPBackend, sdpa_kernel

    chosen = {"flash": SDPBackend.FLASH_ATTENTION, "cudnn": SDPBackend.CUDNN_ATTENTION}[backend]

    def prepare(batch, prompt, cached, query_heads, kv_heads, size, copies):
        q = torch.randn(batch, query_heads, prompt, size, device="cuda", dtype=torch.bfloat16)
        kv = [
            torch.randn(2, batch, kv_heads, prompt + cached, size, device="cuda", dtype=torch.bfloat16)
            for _ in range(copies)
        ]
        options = {"is_causal": prompt > 1 and cached == 0, "enable_gqa": query_heads != kv_heads}

        def call(copy):
            with sdpa_kernel(chosen):
                return torch.nn.functional.scaled_dot_product_attention(q, kv[copy][0], kv[copy][1], **options)

        return call

    return prepare


def measure_prompts(torch, kernels, clock, backend):
    """Prompts of one length over tokens that are cached. PyTorch's backends: every pair where tokens are cached."""
    prepare = attention_calls(torch, backend)
    shapes = []
    for query_heads, kv_heads, size in HEADS:
        grid = []
        for prompt in PROMPTS:
            cells = []
            for cached in CACHED:
                def measure(prompt=prompt, cached=cached):
                    batch = max(1, min(16, 2048 // prompt))
                    if 4 * size * query_heads * batch * prompt * (prompt / 2 + cached) > 1.5e13:
                        raise ValueError("longer than the grid needs")
                    call = prepare(batch, prompt, cached, query_heads, kv_heads, size, 1)
                    return kernels.time_us(call, max_runs=20) / batch

                cells.append(clock.run(f"{backend} prompt {query_heads}/{kv_heads}/{size} {prompt}+{cached}", measure))
            grid.append(cells)
        shapes.append({"queryHeads": query_heads, "kvHeads": kv_heads, "headSize": size, "microseconds": grid})
    return {
        "kernel": backend, "masked": backend == "triton-paged",
        "promptTokens": PROMPTS, "cachedTokens": CACHED, "shapes": shapes,
    }  # fmt: skip


def measure_decode(torch, kernels, clock, backend):
    """One new token for each of a batch of requests of one length."""
    prepare = attention_calls(torch, backend)
    shapes = []
    for query_heads, kv_heads, size in HEADS:
        grid = []
        for batch in BATCHES:
            cells = []
            for context in CONTEXTS:
                def measure(batch=batch, context=context):
                    byte_count = batch * context * kv_heads * size * 4
                    if byte_count > MAX_CACHE_BYTES:
                        raise ValueError("larger than the grid needs")
                    copies = kernels.copies_for(byte_count)
                    return kernels.time_us(prepare(batch, 1, context - 1, query_heads, kv_heads, size, copies), copies)

                cells.append(clock.run(f"{backend} decode {query_heads}/{kv_heads}/{size} {batch}x{context}", measure))
            grid.append(cells)
        shapes.append({"queryHeads": query_heads, "kvHeads": kv_heads, "headSize": size, "microseconds": grid})
    return {"kernel": backend, "requests": BATCHES, "contextTokens": CONTEXTS, "shapes": shapes}


def measure_passes(torch, kernels, clock):
    """Element-wise passes and norms by bytes moved, sampling by elements of logits."""
    sizes = [2**power for power in range(15, 31, 2)]
    adds, norms = [], []
    for size in sizes:
        def add(size=size):
            copies = kernels.copies_for(size)
            x = [torch.randn(size // 6, device="cuda").bfloat16() for _ in range(copies)]
            y = [torch.randn(size // 6, device="cuda").bfloat16() for _ in range(copies)]
            z = torch.empty(size // 6, device="cuda", dtype=torch.bfloat16)
            return kernels.time_us(lambda copy: torch.add(x[copy], y[copy], out=z), copies)

        def norm(size=size):
            rows = max(1, size // (8 * 4096))
            copies = kernels.copies_for(size)
            x = [torch.randn(rows, 4096, device="cuda").bfloat16() for _ in range(copies)]
            weight = torch.ones(4096, device="cuda", dtype=torch.bfloat16)
            return kernels.time_us(lambda copy: kernels.add_norm(x[copy], x[copy - 1], weight), copies)

        adds.append(clock.run(f"pass of {size} bytes", add))
        norms.append(clock.run(f"norm of {size} bytes", norm))
    rows = [1, 4, 16, 64, 256, 1024]
    greedy = []
    for count in rows:
        def sample(count=count):
            logits = torch.randn(count, 131072, device="cuda").bfloat16()
            return kernels.time_us(lambda _: logits.float().argmax(-1), max_runs=50)

        greedy.append(clock.run(f"sampling {count} rows", sample))
    return {
        "elementwise": {"bytes": sizes, "microseconds": adds},
        "norm": {"bytes": sizes, "microseconds": norms},
        "sampling": {"elements": [count * 131072 for count in rows], "microseconds": greedy},
    }


def measure_memory(torch, kernels):
    """Bytes a second that a large read and a large copy reach."""
    source = torch.ones(2**31, device="cuda", dtype=torch.int8).view(torch.float32)
    target = torch.empty_like(source)
    read = kernels.time_us(lambda _: torch.sum(source), max_runs=4)
    copy = kernels.time_us(lambda _: target.copy_(source), max_runs=4)
    return {
        "readBytesPerSecond": source.nbytes / read * 1e6,
        "copyBytesPerSecond": 2 * source.nbytes / copy * 1e6,
    }


def measure_launches(torch):
    """Microseconds from launch to launch of a tiny kernel: from Python, and inside a CUDA graph."""
    x = torch.zeros(16, device="cuda")
    count = 2000
    for _ in range(100):
        x.add_(1)
    torch.cuda.synchronize()
    begin = time.perf_counter()
    for _ in range(count):
        x.add_(1)
    torch.cuda.synchronize()
    eager = (time.perf_counter() - begin) / count * 1e6
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(count):
            x.add_(1)
    single = torch.cuda.CUDAGraph()
    with torch.cuda.graph(single):
        x.add_(1)
    graph.replay()
    torch.cuda.synchronize()
    begin = time.perf_counter()
    graph.replay()
    torch.cuda.synchronize()
    inside = (time.perf_counter() - begin) / count * 1e6
    begin = time.perf_counter()
    for _ in range(200):
        single.replay()
        torch.cuda.synchronize()
    alone = (time.perf_counter() - begin) / 200 * 1e6
    return {"eagerMicroseconds": eager, "graphMicroseconds": inside, "graphReplayMicroseconds": alone}


def profile(seconds):
    import torch
    import triton

    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import gpu_kernels as kernels

    torch.manual_seed(1)
    started = time.monotonic()
    clock = Clock(seconds)
    document = describe(torch, triton)

    def step(name):
        say(f"{time.monotonic() - started:6.1f} s  {name}")

    step("memory, launches, passes")
    document["memory"] = measure_memory(torch, kernels)
    document["launches"] = measure_launches(torch)
    document["passes"] = measure_passes(torch, kernels, clock)
    document["sustained"] = measure_sustained(torch, kernels)
    low = torch.cuda.get_device_capability() >= (8, 9)
    dtypes = ["bf16", "fp8"] if low else ["bf16"]
    if not low:
        clock.left_out.append({"what": "fp8", "reason": "the card has no fp8 matrix units"})
    document["products"], document["experts"] = [], []
    for dtype in dtypes:
        step(f"products {dtype}")
        document["products"].append(measure_products(torch, kernels, clock, dtype))
        torch.cuda.empty_cache()
    for dtype in dtypes:
        step(f"experts {dtype}")
        document["experts"].append(measure_experts(torch, kernels, clock, dtype))
        torch.cuda.empty_cache()
    document["prompts"], document["decode"] = [], []
    for backend in ["triton-paged", "cudnn", "flash"]:
        step(f"attention {backend}")
        document["prompts"].append(measure_prompts(torch, kernels, clock, backend))
        document["decode"].append(measure_decode(torch, kernels, clock, backend))
        torch.cuda.empty_cache()
    document["card"]["clockMhzAtEnd"] = float(query(["clocks.sm"]).get("clocks.sm", "nan") or "nan")
    document["allReduce"] = []
    document["leftOut"] = clock.left_out
    document["seconds"] = round(time.monotonic() - started, 1)
    step("done")
    return document


def reduce_on(rank, world, port, answer):
    import torch
    import torch.distributed as dist

    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.cuda.set_device(rank)
    dist.init_process_group("nccl", rank=rank, world_size=world)
    times = []
    sizes = [2**power for power in range(12, 29)]
    for size in sizes:
        data = torch.ones(size // 2, device="cuda", dtype=torch.bfloat16)
        runs = 50 if size <= 2**22 else 10
        for _ in range(3):
            dist.all_reduce(data)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            for _ in range(runs):
                dist.all_reduce(data)
        graph.replay()
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        best = []
        for _ in range(3):
            torch.cuda.synchronize()
            dist.barrier()
            begin.record()
            graph.replay()
            end.record()
            torch.cuda.synchronize()
            best.append(begin.elapsed_time(end) * 1000 / runs)
        times.append(sorted(best)[1])
        del graph
    if rank == 0:
        answer.put({"gpus": world, "library": f"NCCL {'.'.join(map(str, torch.cuda.nccl.version()))}",
                    "bytes": sizes, "microseconds": times})  # fmt: skip
    dist.barrier()
    os._exit(0) if rank else None


def all_reduce():
    import torch
    import torch.multiprocessing as processes

    world = torch.cuda.device_count()
    if world < 2:
        sys.exit("An all-reduce needs two GPUs or more; this machine has one")
    document = describe(torch, None)
    context = processes.get_context("spawn")
    answer = context.Queue()
    workers = [context.Process(target=reduce_on, args=(rank, world, 29511, answer)) for rank in range(world)]
    for worker in workers:
        worker.start()
    document["allReduce"] = [answer.get(timeout=120)]
    for worker in workers:
        worker.join(10)
        if worker.is_alive():
            worker.kill()
    return document


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=140, help="time for the whole profile")
    parser.add_argument("--all-reduce", action="store_true", help="measure the links between the GPUs present only")
    options = parser.parse_args()
    document = all_reduce() if options.all_reduce else profile(options.seconds)
    json.dump(document, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
