/* edgeattn for C: opens a bundle, checks it whole, runs it with onnxruntime. edgeattn.hpp is the same for
 * C++.
 *
 * Ownership
 * - What a function hands out through a pointer to a pointer (a model, tensors, an error, a text) is the
 * caller's, who frees it once with the function of its type. Freeing NULL does nothing.
 * - What a function takes (paths, names, dims, data, tensors) stays the caller's and is copied where it is
 * kept.
 * - What a view points to belongs to its tensors and lives until they change or are freed.
 *
 * Errors
 * - Every function that can fail returns a status. Where it is not EDGEATTN_OK and `error` is not NULL,
 * *error is set to an error to free; nothing else is handed out. No exception leaves this library.
 *
 * Threads
 * - A model may be used from several threads at once; tensors are one thread's at a time.
 */
#ifndef EDGEATTN_H
#define EDGEATTN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum edgeattn_status {
  EDGEATTN_OK = 0,
  EDGEATTN_INPUT_ERROR = 1,                /* a call: a tensor, a prompt or a setting */
  EDGEATTN_BUNDLE_ERROR = 2,               /* a bundle: missing, changed, escaping */
  EDGEATTN_INCOMPATIBLE_RUNTIME_ERROR = 3, /* a bundle that needs another engine */
  EDGEATTN_ERROR = 4                       /* anything else, such as no memory */
} edgeattn_status;

typedef struct edgeattn_model edgeattn_model;
typedef struct edgeattn_tensors edgeattn_tensors; /* arrays by name */
typedef struct edgeattn_error edgeattn_error;

/* One array: numpy's name of its dtype, such as "int64", its dims, and its numbers in C order. */
typedef struct edgeattn_tensor {
  const char* name;
  const char* dtype;
  const int64_t* dims;
  size_t rank;
  const void* data;
  size_t bytes;
} edgeattn_tensor;

/* Pixels of 8 bits, rows from the top: 1 channel is grey, 2 grey and alpha, 3 RGB, 4 RGBA. */
typedef struct edgeattn_image {
  int64_t height, width, channels;
  const uint8_t* pixels;
} edgeattn_image;

/* Hears a token as it comes; 0 ends the generation. */
typedef int (*edgeattn_on_token)(int64_t token, void* context);

/* One line: what was found, what was expected, what to do. It lives as long as the error. */
const char* edgeattn_error_message(const edgeattn_error* error);
void edgeattn_error_free(edgeattn_error* error);
void edgeattn_text_free(char* text);

/* `target` may be NULL for the first that runs here, `threads` 0 for as many as the bundle says. */
edgeattn_status edgeattn_load(const char* folder, const char* target, int threads, edgeattn_model** model,
                              edgeattn_error** error);
void edgeattn_model_free(edgeattn_model* model);

/* Hands out a text, a fact a line. */
edgeattn_status edgeattn_describe(const edgeattn_model* model, char** text, edgeattn_error** error);

edgeattn_tensors* edgeattn_tensors_new(void); /* NULL where there is no memory */
void edgeattn_tensors_free(edgeattn_tensors* tensors);
size_t edgeattn_tensors_count(const edgeattn_tensors* tensors);

/* Adds a copy of an array, or replaces the one of its name. */
edgeattn_status edgeattn_tensors_put(edgeattn_tensors* tensors, const edgeattn_tensor* tensor,
                                     edgeattn_error** error);

/* Fills `view` with the array at `index`, in order of names. */
edgeattn_status edgeattn_tensors_get(const edgeattn_tensors* tensors, size_t index, edgeattn_tensor* view,
                                     edgeattn_error** error);

/* Answers inputs; `graph` may be NULL for the main one. */
edgeattn_status edgeattn_run(const edgeattn_model* model, const char* graph, const edgeattn_tensors* inputs,
                             edgeattn_tensors** outputs, edgeattn_error** error);

/* Makes inputs of an image, as the bundle's processing says. */
edgeattn_status edgeattn_prepare_image(const edgeattn_model* model, const edgeattn_image* image,
                                       edgeattn_tensors** inputs, edgeattn_error** error);

/* Hands out the likeliest label of the first vector of the labelled output. */
edgeattn_status edgeattn_label(const edgeattn_model* model, const edgeattn_tensors* outputs, char** label,
                               edgeattn_error** error);

/* Replays the golden vectors: how many outputs were compared, and how many missed their tolerance. */
edgeattn_status edgeattn_check(const edgeattn_model* model, size_t* compared, size_t* failed,
                               edgeattn_error** error);

/* Times a bundle on its golden inputs: hands out JSON. */
edgeattn_status edgeattn_bench(const char* folder, const char* target, int threads, int rounds, char** json,
                               edgeattn_error** error);

/* Continues token ids greedily, up to `max_new_tokens`, or to the last position where that is 0. */
edgeattn_status edgeattn_generate(const edgeattn_model* model, const int64_t* prompt, size_t length,
                                  int64_t max_new_tokens, edgeattn_on_token on_token, void* context,
                                  edgeattn_error** error);

#ifdef __cplusplus
}
#endif

#endif
