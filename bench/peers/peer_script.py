"""What the scripts of peers share: the way cases come in and times go out, and how a call is timed.

Reads one JSON object a line from standard input, until that ends: first how to measure, then cases.
  {"runs": int, "deadlineSeconds": float, "seed": int}
  CASE = {"name", "shape": {"kvHeads", "group", "headSize", "pageSizeTokens", "storage", "keyFormat"?,
          "valueFormat"?}, "windows": null or {"heads", "windowTokens", "sinkTokens"}, "requests":
          [{"count", "contextTokens", "queryTokens"}], "peers": [name, ...]}
Writes one JSON object a line: what each peer is, then for each case one line a peer, and that it is done.

Times are of the GPU alone, by CUDA events, with all launches queued behind a wait so that no launch
is on the clock. Inputs rotate, so that no run finds the one before in a cache of the device.
"""

import gc
import json
import math
import os
import sys
import time

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


def count_copies(torch, copy_bytes):
    """How many copies of a case's inputs take turns."""
    copies = math.ceil(ROTATED_BYTES / copy_bytes)
    copies = 1 if copy_bytes >= LONE_COPY_BYTES else min(MAX_COPIES, max(2, copies))
    free_bytes, _ = torch.cuda.mem_get_info()
    if copies * copy_bytes > free_bytes * 0.9:
        raise Skip(f"{copies * copy_bytes / 1e9:.1f} GB do not fit beside what is there")
    return copies


def check_row(got, expected, what="its output"):
    """Holds a query row against a float32 reference."""
    error = (got.float() - expected).norm() / expected.norm()
    if not error.item() <= MAX_RELATIVE_ERROR:
        raise Skip(f"{what} is off by {error.item():.3g} of a float32 reference")


def measure(torch, copies, call, runs, warm_up_seconds=WARM_UP_SECONDS):
    """Milliseconds of each run of a call whose inputs take turns."""
    turn = 0

    def run():
        nonlocal turn
        call(*copies[turn % len(copies)])
        turn += 1

    began = time.monotonic()
    while time.monotonic() - began < warm_up_seconds:
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


def serve(peers, run_case, load=load_torch, version=lambda torch: f"PyTorch {torch.__version__}"):
    """Answers cases on standard input: times of `run_case(torch, case, peer, runs)` and a note."""
    request = json.loads(sys.stdin.readline())
    torch, absent = load()
    for peer in peers:
        if torch is None:
            say(kind="peer", peer=peer, version=None, absent=absent)
        else:
            device = torch.cuda.get_device_name()
            say(kind="peer", peer=peer, version=f"{version(torch)} on {device}", absent=None)
    for line in iter(sys.stdin.readline, ""):
        case = json.loads(line)
        for peer in [peer for peer in case["peers"] if peer in peers and torch is not None]:
            torch.manual_seed(request["seed"])
            about = {"peer": peer, "case": case["name"]}
            try:
                with torch.no_grad():
                    samples, note = run_case(torch, case, peer, request["runs"])
                say(kind="timed", samplesMs=samples, note=note, **about)
            except Skip as reason:
                say(kind="skipped", reason=str(reason), **about)
            except Exception as error:  # A peer that refuses a shape is a finding, not a fault.
                first_line = (str(error).strip() or repr(error)).splitlines()[0]
                say(kind="skipped", reason=f"{type(error).__name__}: {first_line}"[:300], **about)
            gc.collect()
            torch.cuda.empty_cache()
        say(kind="done", case=case["name"])
