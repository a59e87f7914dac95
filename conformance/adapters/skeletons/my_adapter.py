#!/usr/bin/env python3
"""A headwise adapter to start from.

    headwise adapter smoke 'exec:python3 my_adapter.py'
    headwise conformance --subject 'exec:python3 my_adapter.py'

It claims one capability. Claim the next one by adding its name and the methods that it needs; what
is not claimed is skipped and listed, never passed.
"""

from headwise_protocol import Refused, serve


class MyAdapter:
    name = "my-adapter"
    capabilities = ["allocator.tensor_parallel"]

    def shard(self, request):
        """Shards heads over ranks, or refuses to before anything is allocated."""
        kv_heads, query_heads = request["kvHeadsGlobal"], request["queryHeadsGlobal"]
        ranks, rank = request["ranks"], request["rank"]
        numbers = (kv_heads, query_heads, ranks, rank)
        if not all(isinstance(each, int) for each in numbers) or min(numbers[:3]) < 1:
            raise Refused("tp/divisible", f"Cannot shard {numbers}: give positive whole numbers")
        if not 0 <= rank < ranks:
            raise Refused("tp/divisible", f"Cannot use rank {rank} of {ranks}")
        replicated = kv_heads < ranks
        if query_heads % ranks != 0 or (not replicated and kv_heads % ranks != 0):
            raise Refused("tp/divisible", f"Cannot divide {kv_heads} heads over {ranks} ranks")
        return {
            "kvHeads": 1 if replicated else kv_heads // ranks,
            "queryHeads": query_heads // ranks,
        }


if __name__ == "__main__":
    serve(MyAdapter())
