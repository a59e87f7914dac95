/*
 * A headwise adapter to start from:
 *
 *     cc -O2 -shared -fPIC -o my_adapter.so my_adapter.c -lm
 *     headwise adapter smoke ffi:./my_adapter.so
 *     headwise conformance --subject ffi:./my_adapter.so
 *
 * It claims one capability. Claim the next one by adding its name and the commands that it needs;
 * what is not claimed is skipped and listed, never passed. headwise_message.h reads tensors too.
 */
#include "headwise_adapter.h"
#include "headwise_message.h"

static int is_count(double value) { return value >= 1 && value == floor(value); }

/* Shards heads over ranks, or refuses to before anything is allocated. */
static void shard(long long id, const char *request, hw_reply *reply) {
  double kv_heads = hw_number(request, "kvHeadsGlobal");
  double query_heads = hw_number(request, "queryHeadsGlobal");
  double ranks = hw_number(request, "ranks"), rank = hw_number(request, "rank");
  int replicated = kv_heads < ranks;
  int sound = is_count(kv_heads) && is_count(query_heads) && is_count(ranks) && rank >= 0 &&
              rank < ranks && rank == floor(rank);
  if (!sound || fmod(query_heads, ranks) != 0 || (!replicated && fmod(kv_heads, ranks) != 0)) {
    hw_print(reply,
             "{\"id\":%lld,\"status\":\"refused\",\"code\":\"tp/divisible\","
             "\"message\":\"Cannot shard: the heads do not divide over the ranks\"}",
             id);
    return;
  }
  hw_print(reply, "{\"id\":%lld,\"status\":\"result\",\"value\":{\"kvHeads\":%d,\"queryHeads\":%d}}",
           id, replicated ? 1 : (int)(kv_heads / ranks), (int)(query_heads / ranks));
}

int32_t headwise_adapter_abi(void) { return HEADWISE_ADAPTER_ABI; }

int64_t headwise_adapter_call(const char *request, size_t request_bytes, char *text,
                              size_t capacity) {
  (void)request_bytes;
  hw_reply reply = {text, capacity, -1};
  char command[32];
  hw_text(request, "command", command, sizeof command);
  long long id = (long long)hw_number(request, "id");
  const char *result = "{\"id\":%lld,\"status\":\"result\",\"value\":%s}";
  if (strcmp(command, "hello") == 0) {
    hw_print(&reply, result, id, "{\"protocol\":1,\"name\":\"my-adapter\"}");
  } else if (strcmp(command, "capabilities") == 0) {
    hw_print(&reply, result, id, "{\"capabilities\":[\"allocator.tensor_parallel\"]}");
  } else if (strcmp(command, "shard") == 0) {
    shard(id, request, &reply);
  } else if (strcmp(command, "shutdown") == 0) {
    hw_print(&reply, result, id, "null");
  } else {
    hw_print(&reply, "{\"id\":%lld,\"status\":\"errored\",\"message\":\"Unknown command '%s'\"}",
             id, command);
  }
  return reply.length;
}
