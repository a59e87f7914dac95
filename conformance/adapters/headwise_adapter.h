/*
 * The C side of a headwise adapter: build a shared library that exports these two functions, and
 * judge it with
 *
 *     headwise conformance --subject ffi:./libadapter.so
 *
 * The library is loaded by a process of its own. A crash is a verdict about one case, and the next
 * case starts a new process.
 */
#ifndef HEADWISE_ADAPTER_H
#define HEADWISE_ADAPTER_H

#include <stddef.h>
#include <stdint.h>

/* Version of the two functions below; the messages have a version of their own, in "hello". */
#define HEADWISE_ADAPTER_ABI 1

#if defined(_WIN32)
#define HEADWISE_EXPORT __declspec(dllexport)
#else
#define HEADWISE_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Gives HEADWISE_ADAPTER_ABI, as the library was built with it. */
HEADWISE_EXPORT int32_t headwise_adapter_abi(void);

/*
 * Answers one request.
 *
 * request          one JSON object in UTF-8, ended by a zero byte that request_bytes does not count
 * reply            where one JSON object in UTF-8 is written, without a newline; no zero byte needed
 * reply_capacity   bytes that reply can hold, at least 65536
 *
 * Returns the number of bytes written, or a negative number if no reply could be made, which is a
 * fault of the adapter. Calls come one at a time from one thread. Both buffers belong to the caller
 * and are valid until the function returns.
 *
 * Messages are those of the protocol (schema/COMMAND.schema.json). Tensors are safetensors files in
 * the scratch folder that "hello" names. Standard output belongs to the protocol: print to standard
 * error.
 */
HEADWISE_EXPORT int64_t headwise_adapter_call(const char *request, size_t request_bytes,
                                              char *reply, size_t reply_capacity);

#ifdef __cplusplus
}
#endif

#endif
