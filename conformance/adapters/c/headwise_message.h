/*
 * What an adapter in C needs to read requests and tensors: a reader for the messages that the suite
 * sends (keys are unique and texts have no escapes in them, but for paths), and for its safetensors
 * files. One header, for one source file; copy it and change it.
 */
#ifndef HEADWISE_MESSAGE_H
#define HEADWISE_MESSAGE_H

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  char *text;
  size_t capacity;
  int64_t length;
} hw_reply;

static inline void hw_print(hw_reply *reply, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int64_t length = vsnprintf(reply->text, reply->capacity, format, args);
  va_end(args);
  reply->length = length >= 0 && (size_t)length < reply->capacity ? length : -1;
}

/* Gives the text behind "key": in json, or NULL. */
static inline const char *hw_find(const char *json, const char *key) {
  char quoted[80];
  snprintf(quoted, sizeof quoted, "\"%s\":", key);
  const char *found = strstr(json, quoted);
  if (found == NULL) return NULL;
  found += strlen(quoted);
  while (*found == ' ') found++;
  return found;
}

/* Gives a number, NaN where there is none; NaN and infinities travel as texts. */
static inline double hw_number(const char *json, const char *key) {
  const char *found = hw_find(json, key);
  if (found == NULL) return NAN;
  if (*found == '"') found++;
  char *end;
  double value = strtod(found, &end);
  return end == found ? NAN : value;
}

/* Copies a text without its quotes; empty where there is none or it does not fit. */
static inline void hw_text(const char *json, const char *key, char *out, size_t capacity) {
  out[0] = '\0';
  const char *found = hw_find(json, key);
  if (found == NULL || *found != '"') return;
  size_t length = strcspn(found + 1, "\"");
  if (length >= capacity) return;
  memcpy(out, found + 1, length);
  out[length] = '\0';
}

typedef struct {
  char *bytes; /* the whole file, header ended by a zero byte */
  const char *header;
  const char *data;
  int64_t data_bytes;
} hw_file;

typedef struct {
  char dtype[16];
  int64_t elements;
  const void *data; /* NULL where there is no such tensor */
} hw_tensor;

/* Reads a file of the scratch folder; nonzero on success, then hw_close. */
static inline int hw_open(hw_file *file, const char *folder, const char *name) {
  char path[4400];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  memset(file, 0, sizeof *file);
  FILE *stream = fopen(path, "rb");
  if (stream == NULL) return 0;
  fseek(stream, 0, SEEK_END);
  int64_t size = ftell(stream);
  rewind(stream);
  uint64_t header_bytes = 0;
  /* The zero byte goes between header and data, so the data moves up by eight, aligned as before. */
  int ok = size >= 8 && fread(&header_bytes, 8, 1, stream) == 1 &&
           header_bytes <= (uint64_t)(size - 8) && header_bytes < (1u << 20);
  if (ok) {
    file->bytes = malloc((size_t)size + 8);
    file->data_bytes = size - 8 - (int64_t)header_bytes;
    ok = file->bytes != NULL && fread(file->bytes, 1, header_bytes, stream) == header_bytes;
  }
  if (ok) {
    memset(file->bytes + header_bytes, 0, 8);
    file->header = file->bytes;
    file->data = file->bytes + header_bytes + 8;
    size_t wanted = (size_t)file->data_bytes;
    ok = fread(file->bytes + header_bytes + 8, 1, wanted, stream) == wanted;
  }
  fclose(stream);
  return ok;
}

static inline void hw_close(hw_file *file) { free(file->bytes); }

static inline hw_tensor hw_take(const hw_file *file, const char *name) {
  hw_tensor tensor = {"", 0, NULL};
  const char *entry = hw_find(file->header, name);
  if (entry == NULL) return tensor;
  hw_text(entry, "dtype", tensor.dtype, sizeof tensor.dtype);
  const char *shape = hw_find(entry, "shape");
  const char *offsets = hw_find(entry, "data_offsets");
  if (shape == NULL || offsets == NULL) return tensor;
  tensor.elements = 1;
  for (char *end; *shape != ']' && *shape != '\0'; shape = end) {
    tensor.elements *= strtoll(shape + 1, &end, 10);
    if (end == shape + 1) break; /* the shape of a scalar is empty */
  }
  tensor.data = file->data + strtoll(offsets + 1, NULL, 10);
  return tensor;
}

/* Writes a file of two tensors, or of one where the second name is NULL; nonzero on success. */
static inline int hw_write(const char *folder, const char *name, const char *first, const char *dtype,
                    const void *data, int64_t elements, int64_t bytes, const char *second,
                    const void *more, int64_t more_elements) {
  char header[512], path[4400];
  int length = snprintf(header, sizeof header,
                        "{\"%s\":{\"dtype\":\"%s\",\"shape\":[%lld],\"data_offsets\":[0,%lld]}",
                        first, dtype, (long long)elements, (long long)bytes);
  int64_t more_bytes = second == NULL ? 0 : 4 * more_elements;
  if (second != NULL) {
    length += snprintf(header + length, sizeof header - (size_t)length,
                       ",\"%s\":{\"dtype\":\"F32\",\"shape\":[%lld],\"data_offsets\":[%lld,%lld]}",
                       second, (long long)more_elements, (long long)bytes,
                       (long long)(bytes + more_bytes));
  }
  header[length++] = '}';
  uint64_t header_bytes = (uint64_t)length;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *stream = fopen(path, "wb");
  if (stream == NULL) return 0;
  int ok = fwrite(&header_bytes, 8, 1, stream) == 1 &&
           fwrite(header, 1, (size_t)length, stream) == (size_t)length &&
           fwrite(data, 1, (size_t)bytes, stream) == (size_t)bytes &&
           fwrite(more, 1, (size_t)more_bytes, stream) == (size_t)more_bytes;
  return fclose(stream) == 0 && ok;
}

#endif
