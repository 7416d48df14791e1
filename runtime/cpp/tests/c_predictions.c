/* Reads what a detector sees, and the answer to a question, and gives what is refused: in C. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "edgeattn.h"

static int fail(edgeattn_error* error) {
  fprintf(stderr, "%s\n", edgeattn_error_message(error));
  edgeattn_error_free(error);
  return 2;
}

/* Prints all predictions of all rows, and frees them. */
static void print(edgeattn_prediction_list* list) {
  size_t rows = edgeattn_prediction_list_rows(list), row, count, i;
  for (row = 0; row < rows; ++row) {
    const edgeattn_prediction* const* all = edgeattn_prediction_list_get(list, row, &count);
    printf("row %d:", (int)row);
    for (i = 0; i < count; ++i) {
      const edgeattn_prediction* one = all[i];
      if (one->label) printf(" label %s", one->label);
      if (one->text) printf(" text %s, %d bytes", one->text, (int)one->text_size);
      if (!isnan(one->score)) printf(" score %.6f", one->score);
      if (one->has_box) printf(" box %.3f %.3f %.3f %.3f", one->box[0], one->box[1], one->box[2], one->box[3]);
      if (one->has_span) printf(" span %d %d", (int)one->span[0], (int)one->span[1]);
    }
    puts("");
  }
  printf("beyond: %d\n", edgeattn_prediction_list_get(list, rows, NULL) != NULL);
  edgeattn_prediction_list_free(list);
}

/* Reads outputs, and prints predictions, or why there are none; 0 where it is as expected. */
static int read(const edgeattn_model* model, const edgeattn_tensors* outputs, const edgeattn_prediction_source* source,
                edgeattn_status expected) {
  edgeattn_error* error = NULL;
  edgeattn_prediction_list* list = NULL;
  const edgeattn_status status = edgeattn_predictions(model, outputs, source, &list, &error);
  if (status == EDGEATTN_OK) {
    print(list);
  } else {
    printf("refused: %s\n", edgeattn_error_message(error));
    edgeattn_error_free(error);
  }
  return status != expected;
}

static int objects(const char* bundle) {
  const float logits[5] = {0, 0.75F, 0, 0, 0}, boxes[4] = {0.5F, 0.5F, 0.5F, 0.25F};
  const int64_t label_dims[3] = {1, 1, 5}, box_dims[3] = {1, 1, 4};
  const edgeattn_tensor given[2] = {{"logits", "float32", label_dims, 3, logits, sizeof logits},
                                    {"boxes", "float32", box_dims, 3, boxes, sizeof boxes}};
  const edgeattn_image_size sizes[2] = {{640, 480}, {1, 0}};
  edgeattn_prediction_source source;
  edgeattn_error* error = NULL;
  edgeattn_model* model = NULL;
  edgeattn_tensors* outputs = edgeattn_tensors_new();
  int failed;
  memset(&source, 0, sizeof source);
  source.size = sizeof source;
  if (edgeattn_load(bundle, NULL, &model, &error) != EDGEATTN_OK) return fail(error);
  if (edgeattn_tensors_put(outputs, &given[0], &error) != EDGEATTN_OK) return fail(error);
  if (edgeattn_tensors_put(outputs, &given[1], &error) != EDGEATTN_OK) return fail(error);
  source.sizes = sizes;
  source.size_count = 1;
  failed = read(model, outputs, &source, EDGEATTN_OK);
  failed += read(model, outputs, NULL, EDGEATTN_INPUT_ERROR);
  source.sizes = sizes + 1;
  failed += read(model, outputs, &source, EDGEATTN_INPUT_ERROR);
  source.sizes = NULL;
  failed += read(model, outputs, &source, EDGEATTN_INPUT_ERROR);
  failed += read(model, NULL, NULL, EDGEATTN_INPUT_ERROR);
  failed += read(NULL, outputs, NULL, EDGEATTN_INPUT_ERROR);
  edgeattn_tensors_free(outputs);
  edgeattn_model_free(model);
  return failed;
}

static int answer(const char* bundle) {
  static const char kQuestion[] = "Who?", kContext[] = "\xc3\x89milie \xf0\x9f\x98\x80 wrote it.";
  const edgeattn_text question = {kQuestion, sizeof kQuestion - 1}, context = {kContext, sizeof kContext - 1};
  edgeattn_text_options options = edgeattn_text_options_default();
  edgeattn_prediction_source source;
  edgeattn_error* error = NULL;
  edgeattn_model* model = NULL;
  edgeattn_tensors *inputs = NULL, *outputs = NULL;
  int failed;
  memset(&source, 0, sizeof source);
  source.size = sizeof source;
  options.pairs = &context;
  if (edgeattn_load(bundle, NULL, &model, &error) != EDGEATTN_OK) return fail(error);
  if (edgeattn_prepare_text(model, &question, 1, &options, NULL, &inputs, &error) != EDGEATTN_INPUT_ERROR) return 1;
  edgeattn_error_free(error);
  error = NULL;
  options.pair_count = 1;
  if (edgeattn_prepare_text(model, &question, 1, &options, NULL, &inputs, &error) != EDGEATTN_OK) return fail(error);
  if (edgeattn_run(model, NULL, inputs, NULL, &outputs, &error) != EDGEATTN_OK) return fail(error);
  source.texts = &question;
  source.text_count = 1;
  source.pairs = &context;
  source.pair_count = 1;
  failed = read(model, outputs, &source, EDGEATTN_OK);
  source.pair_count = 0;
  failed += read(model, outputs, &source, EDGEATTN_INPUT_ERROR);
  source.pairs = NULL;
  source.pair_count = 1;
  failed += read(model, outputs, &source, EDGEATTN_INPUT_ERROR);
  edgeattn_tensors_free(outputs);
  edgeattn_tensors_free(inputs);
  edgeattn_model_free(model);
  return failed;
}

int main(int count, char** words) {
  if (count != 3) return 2;
  return objects(words[1]) + answer(words[2]) ? 3 : 0;
}
