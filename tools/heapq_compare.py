"""Runs a pool sequence on a list with heapq, and prints its checksum and CPU time as JSON.

Usage: heapq_compare.py PAGES OPERATIONS BATCH SEED PATTERN
"""
import heapq
import json
import sys
import time


def main():
    pages, operations, batch, seed = (int(word) for word in sys.argv[1:5])
    stride = pages // 2 // batch
    freed = []
    state = seed & 0xFFFFFFFF
    first = 0
    for i in range(operations):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        if sys.argv[5] == "together":
            if i % batch == 0:
                first = int(state / 4294967296 * stride) * batch
            freed.append(first + i % batch)
        else:
            freed.append(i % batch * stride + int(state / 4294967296 * stride))

    heap = list(range(pages))
    heapq.heapify(heap)
    held = [heapq.heappop(heap) for _ in range(pages // 2)]
    checksum = 0
    started = time.process_time_ns()
    for start in range(0, operations, batch):
        for i in range(start, start + batch):
            heapq.heappush(heap, held[freed[i]])
        for i in range(start, start + batch):
            page = heapq.heappop(heap)
            held[freed[i]] = page
            checksum = (checksum * 31 + page) % 2147483648
    elapsed = time.process_time_ns() - started
    print(json.dumps({"checksum": checksum, "elapsedNs": elapsed}))


main()
