/* Loads a bundle whose files lie one behind the other in another file, as an app's assets do: from memory and by a
 * descriptor, with progress; what ends that; and a file that changes meanwhile. edgeattn-c-files CONTAINER NAME BYTES... */
#include <stdio.h>
#include <string.h>

#include "expect.h"

#ifdef _WIN32
#define fileno _fileno
#endif

enum { most_files = 8 };

static char bytes[1 << 16]; /* the container */

typedef struct heard {
  uint64_t done, total;
  size_t times;
  int answer;         /* what the callback returns */
  const char* reason; /* and reports */
} heard;

static int hear(uint64_t done, uint64_t total, void* context, edgeattn_error** error) {
  heard* all = context;
  if (done < all->done) ++failures;
  all->done = done;
  all->total = total;
  ++all->times;
  if (all->reason) *error = edgeattn_error_new(all->reason);
  return all->answer;
}

/* Loads, and replays the golden vectors where it is loaded. */
static void load(const char* what, const edgeattn_bundle_file* files, size_t count, const edgeattn_load_options* options,
                 edgeattn_status expected) {
  edgeattn_model* model = NULL;
  edgeattn_golden_results* results = NULL;
  edgeattn_error* error = NULL;
  size_t compared = 0, i;
  const edgeattn_status loaded = edgeattn_load_files(files, count, options, &model, &error);
  expect(what, expected, loaded, error);
  if (!model) return;
  error = NULL;
  {
    const edgeattn_status checked = edgeattn_check(model, NULL, &results, &error);
    expect("check", EDGEATTN_OK, checked, error);
  }
  {
    const edgeattn_golden_result* const* all = edgeattn_golden_results_get(results, &compared);
    for (i = 0; i < compared; ++i) failures += !all[i]->ok;
  }
  printf("%s: %d golden outputs\n", what, (int)compared);
  edgeattn_golden_results_free(results);
  edgeattn_model_free(model);
}

/* Loads with a callback that answers so. */
static void hear_all(const char* what, const edgeattn_bundle_file* files, size_t count, int answer, const char* reason,
                     edgeattn_status expected) {
  heard all = {0, 0, 0, 0, NULL};
  edgeattn_load_options options = edgeattn_load_options_default();
  all.answer = answer;
  all.reason = reason;
  options.on_progress = hear;
  options.context = &all;
  load(what, files, count, &options, expected);
  if (all.times == 0 || (answer && all.done != all.total)) ++failures;
}

/* A byte of the container that is changed, or where it is cut: at -1. */
typedef struct fault {
  const char* path;
  long at;
} fault;

static void spoil(const fault* how) {
  FILE* file = fopen(how->path, how->at < 0 ? "wb" : "r+b");
  int byte = 0;
  if (!file) ++failures;
  if (!file) return;
  if (how->at >= 0) {
    if (fseek(file, how->at, SEEK_SET) || (byte = fgetc(file)) == EOF || fseek(file, how->at, SEEK_SET)) ++failures;
    fputc(byte ^ 1, file);
  }
  fclose(file);
}

/* Spoils the container once every file was hashed, and before one is used. */
static int spoil_checked(uint64_t done, uint64_t total, void* context, edgeattn_error** error) {
  (void)error;
  if (done == total) spoil(context);
  return 1;
}

static void load_spoiled(const char* what, const edgeattn_bundle_file* files, size_t count, fault how) {
  edgeattn_load_options options = edgeattn_load_options_default();
  options.on_progress = spoil_checked;
  options.context = &how;
  load(what, files, count, &options, EDGEATTN_BUNDLE_ERROR);
}

static void refuse(const edgeattn_bundle_file* files, size_t count, size_t container) {
  edgeattn_load_options options = edgeattn_load_options_default();
  edgeattn_bundle_file wrong[most_files];
  memcpy(wrong, files, count * sizeof *files);
  hear_all("ended", files, count, 0, NULL, EDGEATTN_DEADLINE_ERROR);
  hear_all("broken", files, count, 0, "the app was closed", EDGEATTN_CALLBACK_ERROR);
  options.cancellation = edgeattn_cancellation_new();
  edgeattn_cancellation_cancel(options.cancellation);
  load("cancelled", files, count, &options, EDGEATTN_DEADLINE_ERROR);
  edgeattn_cancellation_free(options.cancellation);
  load("one missing", files, count - 1, NULL, EDGEATTN_BUNDLE_ERROR);
  load("none", NULL, count, NULL, EDGEATTN_INPUT_ERROR);
  wrong[1].bytes = container;
  load("beyond the end", wrong, count, NULL, EDGEATTN_INPUT_ERROR);
  wrong[1].descriptor = -1;
  load("no descriptor", wrong, count, NULL, EDGEATTN_INPUT_ERROR);
  wrong[1] = files[1];
  wrong[1].name = "other.onnx";
  load("another name", wrong, count, NULL, EDGEATTN_BUNDLE_ERROR);
  wrong[0].size = 0;
  load("no size", wrong, count, NULL, EDGEATTN_INPUT_ERROR);
}

int main(int count, char** words) {
  edgeattn_bundle_file files[most_files];
  size_t file_count = (size_t)(count - 2) / 2, container = 0, i;
  FILE* opened = count > 3 && file_count <= most_files ? fopen(words[1], "rb") : NULL;
  if (!opened) return 2;
  memset(files, 0, sizeof files);
  for (i = 0; i < file_count; ++i) {
    files[i].size = sizeof files[i];
    files[i].name = words[2 + 2 * i];
    if (sscanf(words[3 + 2 * i], "%zu", &files[i].bytes) != 1) return 2;
    files[i].descriptor = fileno(opened);
    files[i].offset = (int64_t)container;
    container += files[i].bytes;
  }
  hear_all("descriptor", files, file_count, 1, NULL, EDGEATTN_OK);
  refuse(files, file_count, container);

  {
    fault weights = {NULL, -1}, cut = {NULL, -1};
    weights.path = cut.path = words[1];
    for (i = 0; i < file_count; ++i)
      if (strstr(files[i].name, ".data")) weights.at = (long)files[i].offset;
    load_spoiled("changed since", files, file_count, weights);
    spoil(&weights);
    if (container > sizeof bytes || fread(bytes, 1, container, opened) != container) return 2;
    load_spoiled("cut since", files, file_count, cut);
  }
  fclose(opened);
  for (i = 0; i < file_count; ++i) files[i].data = bytes + files[i].offset;
  hear_all("memory", files, file_count, 1, NULL, EDGEATTN_OK);
  bytes[container - 1] ^= 1;
  load("changed", files, file_count, NULL, EDGEATTN_BUNDLE_ERROR);
  printf("%d failures\n", failures);
  return failures != 0;
}
