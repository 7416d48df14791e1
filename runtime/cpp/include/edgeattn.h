/* edgeattn for C: opens a bundle, checks it whole, runs it with onnxruntime. edgeattn.hpp is the same for
 * C++, and the packages for Rust, Swift and Kotlin stand on this.
 *
 * Ownership
 * - What a function hands out through a pointer to a pointer (a model, tensors, an error, a text) is the
 * caller's, who frees it once with the function of its type. Freeing NULL does nothing.
 * - What a function takes (paths, names, dims, data, tensors) stays the caller's and is copied where it is
 * kept.
 * - What a view points to belongs to what it was taken from and lives until that changes or is freed.
 *
 * Errors
 * - Every function that can fail returns a status. Where it is not EDGEATTN_OK and `error` is not NULL,
 * *error is set to an error to free; nothing else is handed out. No exception leaves this library.
 * - NULL where a value is needed is EDGEATTN_INPUT_ERROR.
 *
 * Structures
 * - One that begins with its own size can grow: a newer library takes what an older header has. Make options by
 * their `_default` function, which other languages call as `_init`, and change what differs; NULL in their place
 * means the defaults. EDGEATTN_UNSET, of a real EDGEATTN_UNSET_REAL, is a number that is not given.
 * - One that is handed out by pointers can grow at its end: copy its fields, not the whole.
 * - All others stay as they are.
 *
 * Callbacks
 * - One is called by the thread that made the call, and throws nothing. It returns 0 to end the call; where it also
 * sets *error, made by edgeattn_error_new, the call fails with that: EDGEATTN_CALLBACK_ERROR.
 *
 * Threads
 * - A model may be used from several threads at once; tensors are one thread's at a time.
 *
 * Texts are UTF-8.
 */
#ifndef EDGEATTN_H
#define EDGEATTN_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "edgeattn_export.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EDGEATTN_UNSET (-1)
#define EDGEATTN_UNSET_REAL (-HUGE_VAL)

typedef enum edgeattn_status {
  EDGEATTN_OK = 0,
  EDGEATTN_INPUT_ERROR = 1,                /* a call: a tensor, a prompt, a setting; a closed model */
  EDGEATTN_BUNDLE_ERROR = 2,               /* a bundle: missing, changed, escaping */
  EDGEATTN_INCOMPATIBLE_RUNTIME_ERROR = 3, /* a bundle that needs another engine */
  EDGEATTN_ERROR = 4,                      /* anything else */
  EDGEATTN_RESOURCE_ERROR = 5,             /* the machine lacks memory or open files */
  EDGEATTN_DEADLINE_ERROR = 6,             /* a call did not end in its time, or was cancelled */
  EDGEATTN_CALLBACK_ERROR = 7              /* the caller's own: what a callback reported */
} edgeattn_status;

typedef struct edgeattn_model edgeattn_model;
typedef struct edgeattn_tensors edgeattn_tensors; /* arrays by name */
typedef struct edgeattn_error edgeattn_error;
typedef struct edgeattn_cancellation edgeattn_cancellation;
typedef struct edgeattn_golden_results edgeattn_golden_results;
typedef struct edgeattn_label_list edgeattn_label_list;
typedef struct edgeattn_prediction_list edgeattn_prediction_list;
typedef struct edgeattn_stream edgeattn_stream;
typedef struct edgeattn_answers edgeattn_answers;
typedef struct edgeattn_session edgeattn_session;

/* ---- the library ---- */

/* The release of the library that runs, such as "0.1.0"; EDGEATTN_VERSION is that of this header. */
EDGEATTN_API const char* edgeattn_version(void);
/* EDGEATTN_ABI_VERSION of the library that runs: another one than this header's must not be called. */
EDGEATTN_API int edgeattn_abi_version(void);

/* One line: what was found, what was expected, what to do. It lives as long as the error. */
EDGEATTN_API const char* edgeattn_error_message(const edgeattn_error* error);
EDGEATTN_API void edgeattn_error_free(edgeattn_error* error);
EDGEATTN_API edgeattn_error* edgeattn_error_new(const char* message); /* NULL where there is no memory */
EDGEATTN_API void edgeattn_text_free(char* text);

/* Ends the calls that it was given to, from any thread, and refuses later ones: EDGEATTN_DEADLINE_ERROR.
 * Free it when none of them runs. */
EDGEATTN_API edgeattn_cancellation* edgeattn_cancellation_new(void); /* NULL where there is no memory */
EDGEATTN_API void edgeattn_cancellation_cancel(edgeattn_cancellation* cancellation);
EDGEATTN_API void edgeattn_cancellation_free(edgeattn_cancellation* cancellation);

/* ---- load ---- */

/* Hears how many bytes of a bundle were checked, and of how many; 0 ends the load: EDGEATTN_DEADLINE_ERROR. */
typedef int (*edgeattn_on_progress)(uint64_t done, uint64_t total, void* context, edgeattn_error** error);

typedef struct edgeattn_load_options {
  size_t size;
  const char* target;              /* its variants alone; NULL: the first that runs here */
  int threads;                     /* intra-op; unset: as many as the bundle says */
  int kernels;                     /* 0: stock operators where this was built with kernels */
  const char* const* trusted_keys; /* Ed25519 public keys, 64 hex digits each; NULL: nothing is verified */
  size_t trusted_key_count;
  int64_t deadline_ms;                 /* it ends by then, but while the engine opens a graph; unset: never */
  edgeattn_cancellation* cancellation; /* likewise; NULL: none */
  edgeattn_on_progress on_progress;    /* NULL: none */
  void* context;                       /* what this is called with */
} edgeattn_load_options;

EDGEATTN_API void edgeattn_load_options_init(edgeattn_load_options* options, size_t size);
static inline edgeattn_load_options edgeattn_load_options_default(void) {
  edgeattn_load_options options;
  edgeattn_load_options_init(&options, sizeof options);
  return options;
}

/* Opens the folder of a bundle. */
EDGEATTN_API edgeattn_status edgeattn_load(const char* folder, const edgeattn_load_options* options,
                                           edgeattn_model** model, edgeattn_error** error);

/* A file of a bundle that lies in no folder, such as an app's asset: in memory that stays as it is until the model, its
 * streams and its sessions are freed; or in a descriptor of a file, which may be closed then. Such a file is read when it
 * is needed, hashed and used from that one copy: where it was changed or cut since, EDGEATTN_BUNDLE_ERROR. */
typedef struct edgeattn_bundle_file {
  size_t size;
  const char* name; /* as the manifest has it; "manifest.json" */
  const void* data; /* NULL: in the descriptor */
  int descriptor;
  int64_t offset; /* of its first byte there */
  size_t bytes;
} edgeattn_bundle_file;

/* Opens a bundle by its files. Those in memory are not copied, but graphs' weights by the engine; those of descriptors take
 * their size until the engine has opened them. */
EDGEATTN_API edgeattn_status edgeattn_load_files(const edgeattn_bundle_file* files, size_t count,
                                                 const edgeattn_load_options* options,
                                                 edgeattn_model** model, edgeattn_error** error);

/* Opens a graph now rather than at its first call; NULL for the main one, which is open. */
EDGEATTN_API edgeattn_status edgeattn_open(const edgeattn_model* model, const char* graph,
                                           edgeattn_error** error);

/* Answers the golden inputs once, so that the first call of an app takes no longer than later ones. */
EDGEATTN_API edgeattn_status edgeattn_warm_up(const edgeattn_model* model, edgeattn_error** error);

/* Lets go of the graphs' memory, once calls that run have ended. Closing twice is fine; any other call of a
 * closed model is EDGEATTN_INPUT_ERROR, "closed". The model itself is freed all the same. */
EDGEATTN_API edgeattn_status edgeattn_close(edgeattn_model* model, edgeattn_error** error);
EDGEATTN_API void edgeattn_model_free(edgeattn_model* model);

/* ---- describe ---- */

/* Hands out a text, a fact a line. */
EDGEATTN_API edgeattn_status edgeattn_describe(const edgeattn_model* model, char** text,
                                               edgeattn_error** error);

/* Hands out manifest.json as it stands in the bundle; runtime/README.md says what is in it. */
EDGEATTN_API edgeattn_status edgeattn_manifest(const edgeattn_model* model, char** json,
                                               edgeattn_error** error);

/* A size of at least 1, or a symbol; `symbol` is NULL of a size. */
typedef struct edgeattn_dim {
  const char* symbol;
  int64_t size;
} edgeattn_dim;

typedef struct edgeattn_tensor_spec {
  const char* name;
  const char* dtype;
  const edgeattn_dim* dims;
  size_t rank;
} edgeattn_tensor_spec;

typedef struct edgeattn_graph_spec {
  const char* name;
  const edgeattn_tensor_spec* const* inputs;
  size_t input_count;
  const edgeattn_tensor_spec* const* outputs;
  size_t output_count;
} edgeattn_graph_spec;

/* The contract: a view of the bundle's graphs, the main one first, that lives as long as the model. */
EDGEATTN_API edgeattn_status edgeattn_contract(const edgeattn_model* model,
                                               const edgeattn_graph_spec* const** graphs, size_t* count,
                                               edgeattn_error** error);

/* ---- arrays ---- */

/* One array: numpy's name of its dtype, such as "int64", its dims, and its numbers in C order. */
typedef struct edgeattn_tensor {
  const char* name;
  const char* dtype;
  const int64_t* dims;
  size_t rank;
  const void* data;
  size_t bytes;
} edgeattn_tensor;

EDGEATTN_API edgeattn_tensors* edgeattn_tensors_new(void); /* NULL where there is no memory */
EDGEATTN_API void edgeattn_tensors_free(edgeattn_tensors* tensors);
EDGEATTN_API size_t edgeattn_tensors_count(const edgeattn_tensors* tensors);

/* Adds a copy of an array, or replaces the one of its name. */
EDGEATTN_API edgeattn_status edgeattn_tensors_put(edgeattn_tensors* tensors, const edgeattn_tensor* tensor,
                                                  edgeattn_error** error);

/* Fills `view` with the array at `index`, in order of names. */
EDGEATTN_API edgeattn_status edgeattn_tensors_get(const edgeattn_tensors* tensors, size_t index,
                                                  edgeattn_tensor* view, edgeattn_error** error);

/* Likewise with the array of a name; EDGEATTN_INPUT_ERROR where there is none. */
EDGEATTN_API edgeattn_status edgeattn_tensors_find(const edgeattn_tensors* tensors, const char* name,
                                                   edgeattn_tensor* view, edgeattn_error** error);

/* ---- run ---- */

typedef struct edgeattn_call_options {
  size_t size;
  int64_t deadline_ms;                 /* the call ends by then: EDGEATTN_DEADLINE_ERROR; unset: never */
  edgeattn_cancellation* cancellation; /* NULL: none */
} edgeattn_call_options;

EDGEATTN_API void edgeattn_call_options_init(edgeattn_call_options* options, size_t size);
static inline edgeattn_call_options edgeattn_call_options_default(void) {
  edgeattn_call_options options;
  edgeattn_call_options_init(&options, sizeof options);
  return options;
}

/* Answers inputs that keep the contract of a graph; NULL for the main one. */
EDGEATTN_API edgeattn_status edgeattn_run(const edgeattn_model* model, const char* graph,
                                          const edgeattn_tensors* inputs,
                                          const edgeattn_call_options* options, edgeattn_tensors** outputs,
                                          edgeattn_error** error);

/* ---- run_many ---- */

/* Answers `count` samples, each as a call of its own would, but faster where the bundle's rows allow it. Fills
 * answers[0] to answers[count - 1], each to be freed; where it fails none is handed out. */
EDGEATTN_API edgeattn_status edgeattn_run_many(const edgeattn_model* model, const char* graph,
                                               const edgeattn_tensors* const* samples, size_t count,
                                               const edgeattn_call_options* options,
                                               edgeattn_tensors** answers, edgeattn_error** error);

/* ---- prepare ---- */

/* A text in UTF-8, and its bytes; it may hold NULs. */
typedef struct edgeattn_text {
  const char* bytes;
  size_t size;
} edgeattn_text;

typedef struct edgeattn_text_options {
  size_t size;
  const edgeattn_text* pairs; /* the second text of each, where the bundle takes pairs; NULL: none */
  size_t pair_count;          /* as many as there are texts */
  const char* prompt;         /* the name of what the bundle puts before each text; NULL: its default, "": none */
} edgeattn_text_options;

EDGEATTN_API void edgeattn_text_options_init(edgeattn_text_options* options, size_t size);
static inline edgeattn_text_options edgeattn_text_options_default(void) {
  edgeattn_text_options options;
  edgeattn_text_options_init(&options, sizeof options);
  return options;
}

/* Makes inputs of a batch of texts, or of pairs of them, by the bundle's tokenizer: token ids, their mask, their types.
 * `options` may be NULL. `*cut`, where `cut` is not NULL, is how many lost tokens to the bundle's `longest`. */
EDGEATTN_API edgeattn_status edgeattn_prepare_text(const edgeattn_model* model, const edgeattn_text* texts,
                                                   size_t count, const edgeattn_text_options* options, size_t* cut,
                                                   edgeattn_tensors** inputs, edgeattn_error** error);

/* Pixels of 8 bits, rows from the top: 1 channel is grey, 2 grey and alpha, 3 RGB, 4 RGBA. */
typedef struct edgeattn_image {
  int64_t height, width, channels;
  const uint8_t* pixels;
  size_t bytes; /* height x width x channels */
} edgeattn_image;

/* A sound: samples of -1 to 1, one channel behind the other: [channels, time]. `rate` is samples a second. */
typedef struct edgeattn_sound {
  int64_t rate, channels, time;
  const float* samples;
  size_t sample_count; /* channels x time */
} edgeattn_sound;

/* Series in their own units, one behind the other: [count, time]; NaN is a missing number. */
typedef struct edgeattn_series {
  int64_t count, time;
  const double* values;
  size_t value_count; /* count x time */
} edgeattn_series;

/* A file, by its path or, where that is NULL, as its bytes. */
typedef struct edgeattn_file {
  const char* path;
  const void* data;
  size_t bytes;
} edgeattn_file;

/* Make inputs of a batch of images, of sounds, or of sets of series, as the bundle's processing says. */
EDGEATTN_API edgeattn_status edgeattn_prepare_image(const edgeattn_model* model, const edgeattn_image* images,
                                                    size_t count, edgeattn_tensors** inputs,
                                                    edgeattn_error** error);
EDGEATTN_API edgeattn_status edgeattn_prepare_audio(const edgeattn_model* model, const edgeattn_sound* sounds,
                                                    size_t count, edgeattn_tensors** inputs,
                                                    edgeattn_error** error);
EDGEATTN_API edgeattn_status edgeattn_prepare_series(const edgeattn_model* model, const edgeattn_series* sets,
                                                     size_t count, edgeattn_tensors** inputs,
                                                     edgeattn_error** error);

/* Likewise of files: PNG or JPEG; WAV of integers of 8 to 32 bits, or of float32; CSV in UTF-8 with a column for
 * each series by its name. */
EDGEATTN_API edgeattn_status edgeattn_prepare_image_files(const edgeattn_model* model,
                                                          const edgeattn_file* files, size_t count,
                                                          edgeattn_tensors** inputs, edgeattn_error** error);
EDGEATTN_API edgeattn_status edgeattn_prepare_audio_files(const edgeattn_model* model,
                                                          const edgeattn_file* files, size_t count,
                                                          edgeattn_tensors** inputs, edgeattn_error** error);
EDGEATTN_API edgeattn_status edgeattn_prepare_series_files(const edgeattn_model* model,
                                                           const edgeattn_file* files, size_t count,
                                                           edgeattn_tensors** inputs, edgeattn_error** error);

/* Reads a WAV file: its samples a second, and its samples of -1 to 1 as one array, "samples", float32 [channels, time]. */
EDGEATTN_API edgeattn_status edgeattn_read_audio(const edgeattn_file* file, int64_t* rate,
                                                 edgeattn_tensors** samples, edgeattn_error** error);

/* ---- labels ---- */

typedef struct edgeattn_label {
  const char* name;
  float value;
} edgeattn_label;

/* Reads the labelled output: for every vector along its last dim, from the largest value to the least. */
EDGEATTN_API edgeattn_status edgeattn_labels(const edgeattn_model* model, const edgeattn_tensors* outputs,
                                             edgeattn_label_list** labels, edgeattn_error** error);
EDGEATTN_API size_t edgeattn_label_list_vectors(const edgeattn_label_list* labels);

/* A view of the labels of a vector, `*count` of them; NULL beyond the last vector. `count` may be NULL. */
EDGEATTN_API const edgeattn_label* edgeattn_label_list_get(const edgeattn_label_list* labels, size_t vector,
                                                           size_t* count);
EDGEATTN_API void edgeattn_label_list_free(edgeattn_label_list* labels);

/* ---- predictions ---- */

/* One thing that an output says, with what belongs to its kind. */
typedef struct edgeattn_prediction {
  const char* label; /* NULL where there is none */
  const char* text;  /* what was transcribed, or a part of the text; NULL where there is none */
  size_t text_size;  /* its bytes */
  double score;      /* a NaN where there is none */
  int has_box;
  double box[4]; /* left, top, right, bottom */
  int has_span;
  int64_t span[2]; /* an answer's first character in its context, and the one behind its last: Unicode code points */
} edgeattn_prediction;

/* The width and height in pixels of an image. */
typedef struct edgeattn_image_size {
  int64_t width, height;
} edgeattn_image_size;

/* What outputs are answers to: the text of each row, or its pair of them, and the size of its image; none, where a count is 0. */
typedef struct edgeattn_prediction_source {
  size_t size;
  const edgeattn_text* texts;
  size_t text_count;
  const edgeattn_image_size* sizes;
  size_t size_count;
  const edgeattn_text* pairs; /* the second text of each row */
  size_t pair_count;
} edgeattn_prediction_source;

/* Reads outputs as a person would, as the bundle's `processing.prediction` says: for every row labels with scores, a text, the
 * words of its text, an answer, or objects. Boxes are in pixels where the source has sizes, which they need where
 * images lie in a border or are cut, else shares of the image. `source` may be NULL. */
EDGEATTN_API edgeattn_status edgeattn_predictions(const edgeattn_model* model, const edgeattn_tensors* outputs,
                                                  const edgeattn_prediction_source* source,
                                                  edgeattn_prediction_list** predictions, edgeattn_error** error);
EDGEATTN_API size_t edgeattn_prediction_list_rows(const edgeattn_prediction_list* predictions);

/* A view of the predictions of a row, `*count` of them; NULL beyond the last row. `count` may be NULL. */
EDGEATTN_API const edgeattn_prediction* const* edgeattn_prediction_list_get(
    const edgeattn_prediction_list* predictions, size_t row, size_t* count);
EDGEATTN_API void edgeattn_prediction_list_free(edgeattn_prediction_list* predictions);

/* ---- decode ---- */

/* Hands out the text of token ids, special tokens left out. `*size`, where `size` is not NULL, is its bytes, for a text that
 * holds NULs. */
EDGEATTN_API edgeattn_status edgeattn_decode(const edgeattn_model* model, const int64_t* tokens, size_t count,
                                             char** text, size_t* size, edgeattn_error** error);

/* The text of tokens as they come: together, its pieces are the text of them all. It is one thread's at a time, and keeps
 * its tokenizer. Push hands out what has become certain, "" where a character is not whole yet; finish what was held
 * back, and begins anew. */
typedef struct edgeattn_text_stream edgeattn_text_stream;
EDGEATTN_API edgeattn_status edgeattn_text_stream_new(const edgeattn_model* model,
                                                      edgeattn_text_stream** stream, edgeattn_error** error);
EDGEATTN_API void edgeattn_text_stream_free(edgeattn_text_stream* stream);
EDGEATTN_API edgeattn_status edgeattn_text_stream_push(edgeattn_text_stream* stream, int64_t token, char** text,
                                                       size_t* size, edgeattn_error** error);
EDGEATTN_API edgeattn_status edgeattn_text_stream_finish(edgeattn_text_stream* stream, char** text, size_t* size,
                                                         edgeattn_error** error);

/* ---- forecast ---- */

/* Hands out what a call forecast, in the series' own units: one array, float64 [batch, series, time]. */
EDGEATTN_API edgeattn_status edgeattn_forecast(const edgeattn_model* model, const edgeattn_tensors* outputs,
                                               edgeattn_tensors** forecast, edgeattn_error** error);

/* ---- stream ---- */

typedef struct edgeattn_stream_options {
  size_t size;
  int64_t hop;    /* samples, or numbers of each series, from an answer to the next */
  int64_t window; /* as many are looked at; unset: as many as the input has */
} edgeattn_stream_options;

EDGEATTN_API void edgeattn_stream_options_init(edgeattn_stream_options* options, size_t size);
static inline edgeattn_stream_options edgeattn_stream_options_default(void) {
  edgeattn_stream_options options;
  edgeattn_stream_options_init(&options, sizeof options);
  return options;
}

/* A sound, or series, that never end, answered a window at a time: the first answer comes with as many samples
 * as a window has, the others a hop later each. It is one thread's at a time, and keeps its model. */
EDGEATTN_API edgeattn_status edgeattn_stream_new(const edgeattn_model* model,
                                                 const edgeattn_stream_options* options,
                                                 edgeattn_stream** stream, edgeattn_error** error);
EDGEATTN_API void edgeattn_stream_free(edgeattn_stream* stream);

/* Take what has come, any number of it: `count` numbers in all, [channels, time] of a sound, [series, time] of series. Other
 * channels or series than the bundle's are refused, and what would make more than 16,777,216 numbers wait beyond a
 * window: take answers first. */
EDGEATTN_API edgeattn_status edgeattn_stream_push_audio(edgeattn_stream* stream, const float* samples, size_t count,
                                                        size_t channels, edgeattn_error** error);
EDGEATTN_API edgeattn_status edgeattn_stream_push_series(edgeattn_stream* stream, const double* values, size_t count,
                                                         size_t series, edgeattn_error** error);

/* Answers the next window, or hop, that is complete: where it ended, in samples that had come by then, and its outputs.
 * These are NULL where none is complete. One that is refused is passed over: the next call goes on behind. */
EDGEATTN_API edgeattn_status edgeattn_stream_next(edgeattn_stream* stream,
                                                  const edgeattn_call_options* options, int64_t* end,
                                                  edgeattn_tensors** outputs, edgeattn_error** error);

/* Begins anew: nothing has come. */
EDGEATTN_API edgeattn_status edgeattn_stream_reset(edgeattn_stream* stream, edgeattn_error** error);

/* Likewise a sound, series or arrays, by a bundle with `streaming` in its manifest, of which each hop is computed once:
 * what it needs of the past is in the state that the graph keeps, zeros at first and after a reset. */
EDGEATTN_API edgeattn_status edgeattn_step_stream_new(const edgeattn_model* model, edgeattn_stream** stream,
                                                      edgeattn_error** error);

/* Takes what has come where the bundle prepares neither sounds nor series: float32 in the input's dims without the
 * batch, any number of them along the time. The array's name may be NULL. */
EDGEATTN_API edgeattn_status edgeattn_stream_push_array(edgeattn_stream* stream, const edgeattn_tensor* array,
                                                        edgeattn_error** error);

/* ---- generate ---- */

/* Hears a token as it comes; 0 ends the answer there. */
typedef int (*edgeattn_on_token)(int64_t token, void* context, edgeattn_error** error);

/* Hears a piece of the answer's text, of whole characters, as it comes: so many bytes, among which may be a NUL,
 * and a NUL behind them. 0 ends the answer there. */
typedef int (*edgeattn_on_text)(const char* piece, size_t size, void* context, edgeattn_error** error);

typedef struct edgeattn_ids {
  const int64_t* ids;
  size_t count;
} edgeattn_ids;

/* What is continued, one of three: token ids; a text; or, by name, what an encoder reads. */
typedef struct edgeattn_prompt {
  size_t size;
  edgeattn_ids tokens;
  edgeattn_text text; /* bytes NULL: none */
  const edgeattn_tensors* sources;
} edgeattn_prompt;

typedef enum edgeattn_early_stopping {
  EDGEATTN_EARLY_STOPPING_UNSET = -1,
  EDGEATTN_EARLY_STOPPING_FALSE = 0,
  EDGEATTN_EARLY_STOPPING_TRUE = 1,
  EDGEATTN_EARLY_STOPPING_NEVER = 2
} edgeattn_early_stopping;

/* What is unset, as all is by default, tokens where their ids are NULL, is as the bundle's generation.defaults say, else as
 * stands in brackets. */
typedef struct edgeattn_generate_options {
  size_t size;
  int64_t deadline_ms;                 /* as in edgeattn_call_options */
  edgeattn_cancellation* cancellation; /* NULL: none */
  const edgeattn_text* stop_strings;   /* texts that end it */
  size_t stop_string_count;
  edgeattn_on_token on_token;          /* of one prompt without beams; NULL: none */
  edgeattn_on_text on_text;            /* likewise */
  void* context;                       /* what these are called with */
  edgeattn_session* session;           /* keeps the cache of one prompt without beams; NULL: none */
  /* written by runtime/generation.py: c_members */
  edgeattn_ids start;  /* Token ids that begin an encoder-decoder's answer, at least one (none) */
  edgeattn_ids stop;  /* Token ids, each of which ends an answer and is no part of it (none) */
  const edgeattn_ids* stop_sequences;  /* Several token ids in a row that end it (none) */
  size_t stop_sequence_count;
  int64_t max_new_tokens;  /* The most new tokens (as many as there are positions) */
  int64_t num_beams;  /* 1 to 8 sequences are continued together, the likeliest (1) */
  int64_t num_return_sequences;  /* The most to return for each prompt, at most as many as there are beams (1) */
  double length_penalty;  /* The power of the length in a score: above 0 favors long sequences (1) */
  /* Whether as many ended sequences as beams end a search: true, false or never (false) */
  edgeattn_early_stopping early_stopping;
  double repetition_penalty;  /* Above 1 makes tokens that were there before less likely, below 1 more likely (1) */
  double temperature;  /* 0 takes the likeliest token, of a tie the lowest; above, tokens are drawn (0) */
  int64_t top_k;  /* Draws from this many of the likeliest tokens (all) */
  double top_p;  /* Draws from the fewest likeliest tokens that hold this share (all) */
  int64_t seed;  /* The same draws the same tokens, of prompt i those of seed + i (drawn anew) */
  /* written: end */
} edgeattn_generate_options;

EDGEATTN_API void edgeattn_generate_options_init(edgeattn_generate_options* options, size_t size);
static inline edgeattn_generate_options edgeattn_generate_options_default(void) {
  edgeattn_generate_options options;
  edgeattn_generate_options_init(&options, sizeof options);
  return options;
}

/* Keeps the key-value cache of one text, such as a chat, for the next turn: a prompt that begins as what it holds is
 * computed from there on. It changes no answer but by the noise of int8. Calls that go on at the same time take turns
 * in it. It keeps what it needs of the model, which may be freed before it. The bundle is a decoder alone. */
EDGEATTN_API edgeattn_status edgeattn_session_new(const edgeattn_model* model, edgeattn_session** session,
                                                  edgeattn_error** error);
EDGEATTN_API void edgeattn_session_free(edgeattn_session* session);

/* One answer. `text` is NULL where neither a prompt nor a stop was a text; `text_size` counts its bytes. */
typedef struct edgeattn_hypothesis {
  edgeattn_ids tokens;
  double score;
  const char* text;
  size_t text_size;
} edgeattn_hypothesis;

/* Continues prompts, or answers what an encoder reads. One prompt of sources may hold several sequences in its
 * batch, and is then as many prompts. */
EDGEATTN_API edgeattn_status edgeattn_generate(const edgeattn_model* model, const edgeattn_prompt* prompts,
                                               size_t count, const edgeattn_generate_options* options,
                                               edgeattn_answers** answers, edgeattn_error** error);

/* A view of the answers to a prompt, the best first, `*count` of them; NULL beyond the last prompt. */
EDGEATTN_API const edgeattn_hypothesis* const* edgeattn_answers_get(const edgeattn_answers* answers,
                                                                    size_t prompt, size_t* count);
EDGEATTN_API void edgeattn_answers_free(edgeattn_answers* answers);

/* ---- check ---- */

/* How near one output of one golden sample came. `error` is the root mean square of its numbers' errors, each in units
 * of its channel's spread; it and `max_abs` are a NaN where no number says it. */
typedef struct edgeattn_golden_result {
  int64_t sample;
  const char* output;
  double error;
  double max_abs;
  int ok;
} edgeattn_golden_result;

/* Replays the golden vectors: a result for every output of every sample. */
EDGEATTN_API edgeattn_status edgeattn_check(const edgeattn_model* model, const edgeattn_call_options* options,
                                            edgeattn_golden_results** results, edgeattn_error** error);

/* A view of the results, `*count` of them. */
EDGEATTN_API const edgeattn_golden_result* const* edgeattn_golden_results_get(
    const edgeattn_golden_results* results, size_t* count);
EDGEATTN_API void edgeattn_golden_results_free(edgeattn_golden_results* results);

/* ---- update ---- */

/* Puts the bundle in `folder` in the place of the one at `over`, or leaves that one. The new one is copied beside
 * the old one, checked whole, opened, and replays its golden vectors on this device; then it takes the place in one
 * step: a process that is killed at any moment leaves one of the two there, whole. A golden output that misses
 * its tolerance is EDGEATTN_ERROR. What trusted keys signed takes no place of a bundle of another name. A model that is
 * loaded goes on with what it has opened. `results` may be NULL. */
EDGEATTN_API edgeattn_status edgeattn_install(const char* folder, const char* over,
                                              const edgeattn_load_options* options,
                                              edgeattn_golden_results** results, edgeattn_error** error);

/* ---- bench ---- */

typedef struct edgeattn_bench_options {
  size_t size;
  const char* target;
  const int* threads; /* each number is timed; none: as many as the bundle says */
  size_t thread_count;
  int rounds, warmup;
  int kernels;
} edgeattn_bench_options;

EDGEATTN_API void edgeattn_bench_options_init(edgeattn_bench_options* options, size_t size);
static inline edgeattn_bench_options edgeattn_bench_options_default(void) {
  edgeattn_bench_options options;
  edgeattn_bench_options_init(&options, sizeof options);
  return options;
}

/* Times a bundle on its golden inputs: hands out JSON, a device's result of runtime/README.md. */
EDGEATTN_API edgeattn_status edgeattn_bench(const char* folder, const edgeattn_bench_options* options,
                                            char** json, edgeattn_error** error);

#ifdef __cplusplus
}
#endif

#endif
