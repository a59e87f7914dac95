"""Times llama.cpp's Vulkan attention on those shapes of the kernel benchmark that its own benchmark has.

llama.cpp times single operators with `test-backend-ops`, which its builds have and npm's packages of it
do not: they run whole models. Where the program is on the path, its perf cases of FLASH_ATTN_EXT are run
once, and each case of ours that has the same heads, context and batch takes the time of its line: dense
f16 keys and values without pages. It checks its operators in another mode, so no output is checked here.
"""

import json
import re
import shutil
import subprocess
import sys

PEER = "llama-vulkan"
PROGRAM = "test-backend-ops"
LINE = re.compile(r"FLASH_ATTN_EXT\(([^)]*?)\):.*?([\d.]+) us/run")
NOTE = "dense, one mean of its own runs, unchecked"


def say(**line):
    print(json.dumps(line), flush=True)


def key_of(text):
    """Head size, KV heads, group, context, query tokens and batch of a line's parameters, or None."""
    flat = re.sub(r"\[([\d,]+)\]", lambda found: found.group(1).replace(",", "x"), text)
    values = dict(part.split("=", 1) for part in flat.split(",") if "=" in part)
    size = values.get("hsk", values.get("hs"))
    if size is None or values.get("hsv", size) != size or values.get("type_KV", "f16") != "f16":
        return None
    group, batch = ([*values.get("nr23", values.get("nr", "1")).split("x"), "1"])[:2]
    return tuple(int(value) for value in (size, values["nh"], group, values["kv"], values["nb"], batch))


def key_of_case(case):
    """The same of a case of the kernel benchmark, or why it has none."""
    shape, kinds = case["shape"], case["requests"]
    if len(kinds) > 1:
        return "its requests have several lengths"
    if case["windows"] is not None:
        return "it has no windows by head"
    kind = kinds[0]
    return (shape["headSize"], shape["kvHeads"], shape["group"], kind["contextTokens"], kind["queryTokens"],
            kind["count"])


def measure(request):
    """Times by key, or why there are none."""
    program = shutil.which(PROGRAM)
    if program is None:
        return f"there is no {PROGRAM} of llama.cpp on the path"
    command = [program, "perf", "-o", "FLASH_ATTN_EXT", "-b", "Vulkan0"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=request["deadlineSeconds"],
                              check=False)
    except subprocess.TimeoutExpired:
        return f"{PROGRAM} took longer than allowed"
    times = {key_of(parameters): float(microseconds) for parameters, microseconds in LINE.findall(done.stdout)}
    if done.returncode != 0 or not times:
        last = (done.stderr.strip() or "it timed no attention on Vulkan0").splitlines()[-1]
        return f"{PROGRAM} ended with {done.returncode}: {last}"[:300]
    return times


def main():
    times = measure(json.loads(sys.stdin.readline()))
    if isinstance(times, str):
        say(kind="peer", peer=PEER, version=None, absent=times)
        times = None
    else:
        say(kind="peer", peer=PEER, version=f"llama.cpp's {PROGRAM} on Vulkan0", absent=None)
    for line in iter(sys.stdin.readline, ""):
        case = json.loads(line)
        if times is not None and PEER in case["peers"]:
            key, about = key_of_case(case), {"peer": PEER, "case": case["name"]}
            if key in times:
                say(kind="timed", samplesMs=[times[key] / 1e3], note=NOTE, **about)
            else:
                reason = key if isinstance(key, str) else "its benchmark has no such shape"
                say(kind="skipped", reason=reason, **about)
        say(kind="done", case=case["name"])


main()
