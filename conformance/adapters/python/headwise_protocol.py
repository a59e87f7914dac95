"""The headwise adapter protocol, version 1, for adapters in Python. Needs the standard library alone.

An adapter is any object with a `name`, a list of `capabilities`, and a method for each command that
its capabilities imply. A method takes the request as a dict and gives the result's value:

    class Adapter:
        name = "mine"
        capabilities = ["allocator.tensor_parallel"]

        def shard(self, request):
            return {"kvHeads": 1, "queryHeads": 4}

    headwise_protocol.serve(Adapter())

Tensors travel as safetensors files in the scratch folder: `read_tensors(request)` reads those of a
request, and a method that answers with tensors returns `with_tensors(value, tensors)`.
"""

import json
import os
import queue
import re
import struct
import sys
import threading
import traceback

PROTOCOL = 1
MAX_HEADER_BYTES = 1 << 20
ITEM_BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
    "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8,
}

_END = object()  # instead of a request: the suite has closed the pipe
_scratch = ""


class Refused(Exception):
    """The implementation does not do what was asked, and left everything as it was."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Missing(Exception):
    """The request needs capabilities that the adapter does not claim."""

    def __init__(self, *capabilities):
        super().__init__(", ".join(capabilities))
        self.capabilities = list(capabilities)


class Tensor:
    """One tensor: its element type by the format's name, its shape, and its bytes."""

    def __init__(self, dtype, shape, data):
        self.dtype = dtype
        self.shape = list(shape)
        self.data = data


class WithTensors:
    """A result that has tensors beside its value."""

    def __init__(self, value, tensors):
        self.value = value
        self.tensors = tensors


class Later:
    """A result that is on its way; the next request is taken up meanwhile where one is there.

    `is_ready` says whether `value` would give it without waiting.
    """

    def __init__(self, is_ready, value):
        self.is_ready = is_ready
        self.value = value


def with_tensors(value, tensors):
    """Answers with tensors; `value` is a dict, to which the file's name is added."""
    return WithTensors(value, tensors)


def read_tensors(request):
    """Reads the tensors that came with a request: a dict of Tensor by name."""
    name = request["tensors"]
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", name) is None:
        raise ValueError(f"Cannot read {name!r}: it must be a bare name in the scratch folder")
    with open(os.path.join(_scratch, name), "rb") as file:
        data = file.read()
    (header_bytes,) = struct.unpack_from("<Q", data)
    if header_bytes > min(MAX_HEADER_BYTES, len(data) - 8):
        raise ValueError(f"Cannot read a header of {header_bytes} bytes")
    header = json.loads(data[8:8 + header_bytes])
    start = 8 + header_bytes
    tensors = {}
    for key, entry in header.items():
        if key == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        tensors[key] = Tensor(entry["dtype"], entry["shape"], data[start + begin:start + end])
    return tensors


def _write_tensors(path, tensors):
    header, offset = {}, 0
    for name, tensor in tensors.items():
        elements = 1
        for size in tensor.shape:
            elements *= size
        if elements * ITEM_BYTES[tensor.dtype] != len(tensor.data):
            raise ValueError(f"Cannot write {name!r}: its bytes do not fill {tensor.shape}")
        end = offset + len(tensor.data)
        header[name] = {"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "xb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.data)


def number(value):
    """Reads a number; NaN and infinities travel as texts."""
    return float(value) if isinstance(value, str) else value


def _reply(adapter, request):
    global _scratch
    command = request["command"]
    if command == "hello":
        _scratch = request["scratch"]
        return {"status": "result", "value": {"protocol": PROTOCOL, "name": adapter.name}}
    if command == "capabilities":
        value = {"capabilities": list(adapter.capabilities)}
        for declared in ("policies", "arithmetic", "metadata"):
            if getattr(adapter, declared, None):
                value[declared] = getattr(adapter, declared)
        return {"status": "result", "value": value}
    if command == "shutdown":
        return {"status": "result", "value": None}
    method = getattr(adapter, command, None)
    if method is None:
        raise NotImplementedError(f"The adapter has no method {command!r}")
    value = method(request)
    return value if isinstance(value, Later) else _result(request, value)


def _result(request, value):
    if isinstance(value, WithTensors):
        name = f"reply-{request['id']}.safetensors"
        _write_tensors(os.path.join(_scratch, name), value.tensors)
        value = {**value.value, "tensors": name}
    return {"status": "result", "value": value}


def _guarded(work):
    """What work gives, or the reply that says why it gives nothing."""
    try:
        return work()
    except Refused as refusal:
        return {"status": "refused", "code": refusal.code, "message": str(refusal)}
    except Missing as missing:
        return {"status": "skipped", "missing": missing.capabilities}
    except Exception as error:  # the suite is to hear of it, and the adapter to continue
        trace = traceback.format_exc(limit=-8)
        message = f"{type(error).__name__}: {error}"
        return {"status": "errored", "message": message, "traceback": trace}


def _read_requests(requests):
    for line in sys.stdin.buffer:
        requests.put(json.loads(line))
    requests.put(_END)


def _next_request(requests, waiting):
    """The next request, or None where the waiting result comes first."""
    if waiting is None:
        return requests.get()
    while not waiting[1].is_ready():
        try:
            return requests.get(timeout=2e-4)
        except queue.Empty:
            pass
    return None if requests.empty() else requests.get()


def serve(adapter):
    """Answers requests until the suite says `shutdown` or ends."""
    # Whatever the implementation prints must not get between the replies.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    requests = queue.SimpleQueue()
    threading.Thread(target=_read_requests, args=(requests,), daemon=True).start()

    def send(request, reply):
        replies.write(json.dumps({"id": request["id"], **reply}) + "\n")
        replies.flush()

    waiting = None
    while True:
        request = _next_request(requests, waiting)
        given = None
        if request is not None and request is not _END:
            given = _guarded(lambda: _reply(adapter, request))
        if waiting is not None:
            earlier, later = waiting
            waiting = None
            send(earlier, _guarded(lambda: _result(earlier, later.value())))
        if isinstance(given, Later):
            waiting = (request, given)
        elif given is not None:
            send(request, given)
        if request is _END or (request is not None and request["command"] == "shutdown"):
            return
