/*
 * Head-wise paged attention in plain C, in double, as a headwise adapter:
 *
 *     cc -O2 -shared -fPIC -o libattend.so conformance/adapters/c/attend_adapter.c -lm
 *     headwise conformance --subject ffi:./libattend.so
 *
 * Letters: B slots, T query tokens, Hq query heads, H KV heads, D head size, P tokens a page, N pages
 * a pool, M columns of a table row.
 */
#include "../headwise_adapter.h"
#include "headwise_message.h"

static char scratch[4096];

typedef struct {
  int64_t batch, query_heads, kv_heads, head_size, page, pages, pool_pages, columns, sinks;
  int pooled, uniform, f16;
  double scale;
  const uint16_t *query, *keys, *values;
  const int32_t *table, *starts, *cached, *windows;
} problem;

static const char *const CLAIMS =
    "[\"kernel.attend\",\"kernel.bf16\",\"kernel.f16\",\"kernel.uniform\",\"kernel.headwise\","
    "\"kernel.pooled\",\"kernel.head_size_256\",\"kernel.sinks\",\"kernel.log_sum_exp\","
    "\"allocator.tensor_parallel\"]";

static double decode(const problem *p, uint16_t bits) {
  if (!p->f16) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, 4);
    return value;
  }
  int exponent = (bits >> 10) & 31, fraction = bits & 1023;
  double value = exponent == 31  ? (fraction != 0 ? NAN : INFINITY)
                 : exponent == 0 ? ldexp(fraction, -24)
                                 : ldexp(1024 + fraction, exponent - 25);
  return bits & 0x8000 ? -value : value;
}

/* Rounds to nearest, ties to even: scaled by the spacing of the type's numbers, then to an integer. */
static uint16_t encode(const problem *p, double value) {
  uint16_t sign = signbit(value) ? 0x8000 : 0;
  int fraction_bits = p->f16 ? 10 : 7, bias = p->f16 ? 15 : 127;
  uint16_t infinity = p->f16 ? 0x7c00 : 0x7f80;
  double size = fabs(value);
  if (isnan(value)) return infinity | 1u << (fraction_bits - 1);
  if (size == 0) return sign;
  int exponent = ilogb(size);
  if (exponent < 1 - bias) exponent = 1 - bias;
  double units = nearbyint(ldexp(size, fraction_bits - exponent));
  int64_t bits = (int64_t)fmin(units, 4096) + ((int64_t)(exponent + bias - 1) << fraction_bits);
  return sign | (bits > infinity ? infinity : (uint16_t)bits);
}

static int is_size(double value) { return value >= 1 && value <= 1 << 30 && value == floor(value); }

/* Reads the tensor into *data, or gives what is wrong with it. */
static const char *take(const hw_file *file, const char *name, const char *dtype, int64_t elements,
                        const void *data) {
  hw_tensor tensor = hw_take(file, name);
  if (tensor.data == NULL) return "shape: a tensor is missing";
  if (strcmp(tensor.dtype, dtype) != 0) return "dtype: a tensor has another element type";
  if (tensor.elements != elements) return "shape: a tensor has another size";
  *(const void **)data = tensor.data;
  return NULL;
}

/* Reads and checks a problem; gives what is wrong, or NULL. */
static const char *read_problem(const char *request, const hw_file *file, problem *p) {
  char layout[16], storage[16];
  hw_text(request, "layout", layout, sizeof layout);
  hw_text(request, "storage", storage, sizeof storage);
  p->uniform = strcmp(layout, "uniform") == 0;
  p->pooled = strcmp(layout, "pooled") == 0;
  p->f16 = strcmp(storage, "f16") == 0;
  if (!p->uniform && !p->pooled && strcmp(layout, "headwise") != 0) return "shape: unknown layout";
  if (!p->f16 && strcmp(storage, "bf16") != 0) return "dtype: unknown storage type";
  static const char *const NAMES[] = {"batch",         "queryHeads", "kvHeads", "headSize",
                                      "pageSizeTokens", "pages",     "columns"};
  int64_t *sizes[] = {&p->batch, &p->query_heads, &p->kv_heads, &p->head_size,
                      &p->page,  &p->pages,       &p->columns};
  for (int i = 0; i < 7; i++) {
    double size = hw_number(request, NAMES[i]);
    if (!is_size(size)) return "shape: a size is no positive integer";
    *sizes[i] = (int64_t)size;
  }
  double pool_pages = hw_number(request, "poolPages");
  p->pool_pages = is_size(pool_pages) ? (int64_t)pool_pages : p->pages * p->kv_heads;
  if (p->query_heads % p->kv_heads != 0) return "shape: query heads are no multiple of KV heads";
  if (p->page < 16 || p->page > 256 || (p->page & (p->page - 1)) != 0) return "shape: page size";
  double sinks = hw_number(request, "sinkTokens"), scale = hw_number(request, "scale");
  if (!(sinks >= 0)) return "value: sink tokens are negative";
  p->sinks = (int64_t)sinks;
  p->scale = scale > 0 ? scale : 1 / sqrt((double)p->head_size);

  const char *type = p->f16 ? "F16" : "BF16", *fault;
  int64_t rows = p->uniform ? p->batch : p->batch * p->kv_heads;
  int64_t cache = (p->pooled ? p->pool_pages : p->pages * p->kv_heads) * p->page * p->head_size;
  if ((fault = take(file, "queryStarts", "I32", p->batch + 1, &p->starts)) != NULL) return fault;
  if ((fault = take(file, "cachedLengths", "I32", p->batch, &p->cached)) != NULL) return fault;
  if ((fault = take(file, "headWindows", "I32", p->kv_heads, &p->windows)) != NULL) return fault;
  if ((fault = take(file, "table", "I32", rows * p->columns, &p->table)) != NULL) return fault;
  if ((fault = take(file, "keys", type, cache, &p->keys)) != NULL) return fault;
  if ((fault = take(file, "values", type, cache, &p->values)) != NULL) return fault;
  int64_t queries = p->starts[p->batch] * p->query_heads * p->head_size;
  if ((fault = take(file, "query", type, queries, &p->query)) != NULL) return fault;

  int64_t limit = p->pooled ? p->pool_pages : p->pages;
  for (int64_t i = 0; i < rows * p->columns; i++) {
    if (p->table[i] < -1 || p->table[i] >= limit) return "page-id: an id is neither -1 nor a page";
  }
  for (int64_t head = 0; head < p->kv_heads; head++) {
    if (p->windows[head] < 0) return "value: a window is negative";
  }
  for (int64_t slot = 0; slot < p->batch; slot++) {
    int64_t length = p->starts[slot + 1] - p->starts[slot];
    if (length < 0 || p->cached[slot] < 0) return "value: a length is negative";
    if (p->cached[slot] + length > p->columns * p->page) return "shape: a row is too short";
  }
  return NULL;
}

/* Offset of a key in the cache, or -1 where its page is a hole. */
static int64_t place(const problem *p, int64_t slot, int64_t head, int64_t key) {
  int64_t row = p->uniform ? slot : slot * p->kv_heads + head;
  int64_t id = p->table[row * p->columns + key / p->page];
  if (id < 0) return -1;
  int64_t page = p->pooled ? id : id * p->kv_heads + head;
  return (page * p->page + key % p->page) * p->head_size;
}

static void attend_row(const problem *p, int64_t slot, int64_t token, int64_t query_head,
                       double *scores, uint16_t *output, float *log_sum_exp) {
  int64_t head = query_head / (p->query_heads / p->kv_heads), size = p->head_size;
  int64_t position = p->cached[slot] + token - p->starts[slot], window = p->windows[head];
  const uint16_t *query = p->query + (token * p->query_heads + query_head) * size;
  double largest = -INFINITY, sum = 0, out[256] = {0};
  for (int64_t key = 0; key <= position; key++) {
    int64_t offset = place(p, slot, head, key);
    int seen = window == 0 || key > position - window || key < p->sinks;
    scores[key] = -INFINITY;
    if (!seen || offset < 0) continue;
    double score = 0;
    for (int64_t d = 0; d < size; d++) score += decode(p, query[d]) * decode(p, p->keys[offset + d]);
    scores[key] = score * p->scale;
    largest = fmax(largest, scores[key]);
  }
  for (int64_t key = 0; key <= position; key++) {
    if (scores[key] == -INFINITY) continue;
    double weight = exp(scores[key] - largest);
    int64_t offset = place(p, slot, head, key);
    sum += weight;
    for (int64_t d = 0; d < size; d++) out[d] += weight * decode(p, p->values[offset + d]);
  }
  for (int64_t d = 0; d < size; d++) output[d] = encode(p, sum > 0 ? out[d] / sum : 0);
  *log_sum_exp = sum > 0 ? (float)(largest + log(sum)) : -INFINITY;
}

static void attend(int64_t id, const char *request, hw_reply *reply) {
  char name[160];
  hw_file file;
  problem p;
  hw_text(request, "tensors", name, sizeof name);
  if (!hw_open(&file, scratch, name)) {
    hw_print(reply, "{\"id\":%lld,\"status\":\"errored\",\"message\":\"Cannot read the tensors\"}",
             (long long)id);
    hw_close(&file);
    return;
  }
  const char *fault = read_problem(request, &file, &p);
  if (fault == NULL && p.head_size > 256) fault = "shape: the head size is too large";
  if (fault != NULL) {
    hw_print(reply, "{\"id\":%lld,\"status\":\"refused\",\"code\":\"%.*s\",\"message\":\"%s\"}",
             (long long)id, (int)strcspn(fault, ":"), fault, fault);
    hw_close(&file);
    return;
  }
  int64_t rows = p.starts[p.batch] * p.query_heads;
  uint16_t *output = calloc((size_t)(rows * p.head_size) + 1, 2);
  float *log_sum_exp = calloc((size_t)rows + 1, 4);
  double *scores = calloc((size_t)(p.columns * p.page), 8);
  int ok = output != NULL && log_sum_exp != NULL && scores != NULL;
  for (int64_t slot = 0; ok && slot < p.batch; slot++) {
    for (int64_t token = p.starts[slot]; token < p.starts[slot + 1]; token++) {
      for (int64_t head = 0; head < p.query_heads; head++) {
        int64_t row = token * p.query_heads + head;
        attend_row(&p, slot, token, head, scores, output + row * p.head_size, log_sum_exp + row);
      }
    }
  }
  snprintf(name, sizeof name, "reply-%lld.safetensors", (long long)id);
  ok = ok && hw_write(scratch, name, "output", p.f16 ? "F16" : "BF16", output, rows * p.head_size,
                      2 * rows * p.head_size, "logSumExp", log_sum_exp, rows);
  hw_print(reply,
           ok ? "{\"id\":%lld,\"status\":\"result\",\"value\":{\"tensors\":\"%s\"}}"
              : "{\"id\":%lld,\"status\":\"errored\",\"message\":\"Cannot write '%s'\"}",
           (long long)id, name);
  free(output);
  free(log_sum_exp);
  free(scores);
  hw_close(&file);
}

static void shard(int64_t id, const char *request, hw_reply *reply) {
  double kv = hw_number(request, "kvHeadsGlobal"), query = hw_number(request, "queryHeadsGlobal");
  double ranks = hw_number(request, "ranks"), rank = hw_number(request, "rank");
  int replicated = kv < ranks;
  if (!is_size(kv) || !is_size(query) || !is_size(ranks) || !(rank >= 0 && rank < ranks) ||
      rank != floor(rank) || fmod(query, ranks) != 0 || (!replicated && fmod(kv, ranks) != 0)) {
    hw_print(reply,
             "{\"id\":%lld,\"status\":\"refused\",\"code\":\"tp/divisible\",\"message\":\"Cannot "
             "shard: the heads do not divide over the ranks\"}",
             (long long)id);
    return;
  }
  hw_print(reply,
           "{\"id\":%lld,\"status\":\"result\",\"value\":{\"kvHeads\":%d,\"queryHeads\":%d}}",
           (long long)id, replicated ? 1 : (int)(kv / ranks), (int)(query / ranks));
}

int32_t headwise_adapter_abi(void) { return HEADWISE_ADAPTER_ABI; }

int64_t headwise_adapter_call(const char *request, size_t request_bytes, char *text,
                              size_t capacity) {
  (void)request_bytes;
  hw_reply reply = {text, capacity, -1};
  char command[32];
  hw_text(request, "command", command, sizeof command);
  int64_t id = (int64_t)hw_number(request, "id");
  const char *result = "{\"id\":%lld,\"status\":\"result\",\"value\":%s}";
  if (strcmp(command, "hello") == 0) {
    hw_text(request, "scratch", scratch, sizeof scratch);
    hw_print(&reply, result, (long long)id, "{\"protocol\":1,\"name\":\"attend-in-c\"}");
  } else if (strcmp(command, "capabilities") == 0) {
    hw_print(&reply, "{\"id\":%lld,\"status\":\"result\",\"value\":{\"capabilities\":%s}}",
             (long long)id, CLAIMS);
  } else if (strcmp(command, "shard") == 0) {
    shard(id, request, &reply);
  } else if (strcmp(command, "attend") == 0) {
    attend(id, request, &reply);
  } else if (strcmp(command, "shutdown") == 0) {
    hw_print(&reply, result, (long long)id, "null");
  } else {
    hw_print(&reply, "{\"id\":%lld,\"status\":\"errored\",\"message\":\"Unknown command '%s'\"}",
             (long long)id, command);
  }
  return reply.length;
}
