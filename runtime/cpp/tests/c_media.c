/* Asks an app's own data of the C API: files and memory in, forecasts, many samples and streams; and what is
 * wrong. */
#include <math.h>
#include <stdio.h>

#include "edgeattn.h"

static int failures = 0;

static void expect(const char* what, edgeattn_status found, edgeattn_status expected,
                   edgeattn_error** error) {
  if (found != expected || (found != EDGEATTN_OK) != (*error != NULL)) {
    printf("%s: status %d found, %d expected (%s)\n", what, (int)found, (int)expected,
           *error ? edgeattn_error_message(*error) : "no error");
    ++failures;
  }
  edgeattn_error_free(*error);
  *error = NULL;
}

/* Expects one array of so many numbers, and frees it. */
static void expect_numbers(const char* what, edgeattn_tensors** tensors, size_t bytes) {
  edgeattn_tensor view = {0};
  edgeattn_error* error = NULL;
  expect(what, edgeattn_tensors_get(*tensors, 0, &view, &error), EDGEATTN_OK, &error);
  if (view.bytes != bytes) printf("%s: %zu bytes found, %zu expected\n", what, view.bytes, bytes), ++failures;
  edgeattn_tensors_free(*tensors);
  *tensors = NULL;
}

static void try_series(const edgeattn_model* model, const char* csv) {
  const double values[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, NAN};
  const edgeattn_series set = {2, 6, values, 12}, wrong = {3, 4, values, 12}, negative = {-1, 6, values, 12},
                        fewer = {2, 6, values, 6};
  const edgeattn_file file = {csv, NULL, 0}, text = {NULL, "rain in mm,wind\n1,2\n", 20},
                      nothing = {NULL, NULL, 3};
  edgeattn_error* error = NULL;
  edgeattn_tensors *inputs = NULL, *outputs = NULL, *forecast = NULL;
  edgeattn_tensors* answers[2] = {NULL, NULL};
  const edgeattn_tensors* samples[2];
  edgeattn_stream* stream = NULL;
  edgeattn_stream_options options = edgeattn_stream_options_default();
  int64_t end = 0;
  const double one[400] = {0};

  expect("series", edgeattn_prepare_series(model, &set, 1, &inputs, &error), EDGEATTN_OK, &error);
  expect("run", edgeattn_run(model, NULL, inputs, NULL, &outputs, &error), EDGEATTN_OK, &error);
  expect("forecast", edgeattn_forecast(model, outputs, &forecast, &error), EDGEATTN_OK, &error);
  expect_numbers("forecast", &forecast, 12 * sizeof(double));
  expect("no outputs", edgeattn_forecast(model, NULL, &forecast, &error), EDGEATTN_INPUT_ERROR, &error);
  expect("other outputs", edgeattn_forecast(model, inputs, &forecast, &error), EDGEATTN_INPUT_ERROR, &error);
  samples[0] = samples[1] = inputs;
  expect("run_many", edgeattn_run_many(model, NULL, samples, 2, NULL, answers, &error), EDGEATTN_OK, &error);
  expect_numbers("run_many", &answers[0], 12 * sizeof(float));
  expect_numbers("run_many", &answers[1], 12 * sizeof(float));
  expect("none", edgeattn_run_many(model, NULL, NULL, 0, NULL, NULL, &error), EDGEATTN_OK, &error);
  samples[1] = NULL;
  expect("no sample", edgeattn_run_many(model, NULL, samples, 2, NULL, answers, &error), EDGEATTN_INPUT_ERROR,
         &error);
  expect("no samples", edgeattn_run_many(model, NULL, NULL, 2, NULL, answers, &error), EDGEATTN_INPUT_ERROR,
         &error);
  samples[1] = inputs;
  expect("no place", edgeattn_run_many(model, NULL, samples, 2, NULL, NULL, &error), EDGEATTN_INPUT_ERROR,
         &error);
  edgeattn_tensors_free(outputs);
  edgeattn_tensors_free(inputs);
  inputs = NULL;

  expect("a file", edgeattn_prepare_series_files(model, &file, 1, &inputs, &error), EDGEATTN_OK, &error);
  expect_numbers("a file", &inputs, 12 * sizeof(float));
  expect("a short text", edgeattn_prepare_series_files(model, &text, 1, &inputs, &error),
         EDGEATTN_INPUT_ERROR, &error);
  expect("no bytes", edgeattn_prepare_series_files(model, &nothing, 1, &inputs, &error), EDGEATTN_INPUT_ERROR,
         &error);
  expect("other series", edgeattn_prepare_series(model, &wrong, 1, &inputs, &error), EDGEATTN_INPUT_ERROR,
         &error);
  expect("fewer values", edgeattn_prepare_series(model, &fewer, 1, &inputs, &error), EDGEATTN_INPUT_ERROR, &error);
  expect("fewer than none", edgeattn_prepare_series(model, &negative, 1, &inputs, &error),
         EDGEATTN_INPUT_ERROR, &error);
  expect("no set", edgeattn_prepare_series(model, NULL, 1, &inputs, &error), EDGEATTN_INPUT_ERROR, &error);
  expect("an empty batch", edgeattn_prepare_series(model, &set, 0, &inputs, &error), EDGEATTN_INPUT_ERROR,
         &error);
  expect("no place", edgeattn_prepare_series(model, &set, 1, NULL, &error), EDGEATTN_INPUT_ERROR, &error);
  expect("no model", edgeattn_prepare_series(NULL, &set, 1, &inputs, &error), EDGEATTN_INPUT_ERROR, &error);
  expect("a sound", edgeattn_prepare_audio_files(model, &file, 1, &inputs, &error), EDGEATTN_INPUT_ERROR,
         &error);
  expect("an image", edgeattn_prepare_image_files(model, &file, 1, &inputs, &error), EDGEATTN_INPUT_ERROR,
         &error);

  expect("no hop", edgeattn_stream_new(model, &options, &stream, &error), EDGEATTN_INPUT_ERROR, &error);
  options.hop = 3;
  expect("a stream", edgeattn_stream_new(model, &options, &stream, &error), EDGEATTN_OK, &error);
  expect("push", edgeattn_stream_push_series(stream, values, 10, 2, &error), EDGEATTN_OK, &error);
  expect("early", edgeattn_stream_next(stream, NULL, &end, &outputs, &error), EDGEATTN_OK, &error);
  if (outputs) printf("a moment too early\n"), ++failures;
  expect("push", edgeattn_stream_push_series(stream, values, 8, 2, &error), EDGEATTN_OK, &error);
  expect("next", edgeattn_stream_next(stream, NULL, &end, &outputs, &error), EDGEATTN_OK, &error);
  if (end != 6) printf("a moment at %d\n", (int)end), ++failures;
  if (outputs) expect_numbers("next", &outputs, 12 * sizeof(float));
  expect("next", edgeattn_stream_next(stream, NULL, NULL, &outputs, &error), EDGEATTN_OK, &error);
  if (outputs) expect_numbers("next", &outputs, 12 * sizeof(float));
  expect("a sound", edgeattn_stream_push_audio(stream, NULL, 0, 2, &error), EDGEATTN_INPUT_ERROR, &error);
  expect("no values", edgeattn_stream_push_series(stream, NULL, 2, 2, &error), EDGEATTN_INPUT_ERROR, &error);
  expect("too many", edgeattn_stream_push_series(stream, values, (size_t)-2, 2, &error), EDGEATTN_INPUT_ERROR,
         &error);
  expect("uneven", edgeattn_stream_push_series(stream, values, 3, 2, &error), EDGEATTN_INPUT_ERROR, &error);
  expect("one of two", edgeattn_stream_push_series(stream, one, sizeof one / sizeof *one, 1, &error),
         EDGEATTN_INPUT_ERROR, &error);
  expect("no stream", edgeattn_stream_next(NULL, NULL, &end, &outputs, &error), EDGEATTN_INPUT_ERROR, &error);
  expect("no place", edgeattn_stream_next(stream, NULL, &end, NULL, &error), EDGEATTN_INPUT_ERROR, &error);
  edgeattn_stream_free(stream);
  edgeattn_stream_free(NULL);
}

/* c_media series-hold.edge plain.csv */
int main(int count, char** words) {
  edgeattn_error* error = NULL;
  edgeattn_model* model = NULL;
  if (count != 3) return 2;
  expect("load", edgeattn_load(words[1], NULL, &model, &error), EDGEATTN_OK, &error);
  if (!model) return 2;
  try_series(model, words[2]);
  edgeattn_model_free(model);
  printf("%d failures\n", failures);
  return failures != 0;
}
