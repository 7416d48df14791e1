/* Arrays by name; generation that callbacks end, and prompts of a newer header. edgeattn-c-generate DECODER.edge WORDS.edge,
 * of which the second takes texts. */
#include <stdio.h>
#include <string.h>

#include "expect.h"

static int end_at_two(int64_t token, void* context, edgeattn_error** error) {
  (void)token, (void)error;
  return ++*(int*)context < 2;
}

static int report(int64_t token, void* context, edgeattn_error** error) {
  (void)context;
  if (token >= 0) *error = edgeattn_error_new("the screen is gone");
  return 1; /* it ends all the same */
}

static int report_text(const char* piece, size_t size, void* context, edgeattn_error** error) {
  if (strlen(piece) != size) ++failures;
  return report(0, context, error);
}

typedef struct newer_prompt { /* of a header that has one more */
  edgeattn_prompt older;
  int64_t more;
} newer_prompt;

static void generate(const char* what, const edgeattn_model* model, const void* prompts, size_t count,
                     const edgeattn_generate_options* options, edgeattn_status expected) {
  edgeattn_answers* answers = NULL;
  edgeattn_error* error = NULL;
  size_t found = 0, prompt;
  expect(what, expected, edgeattn_generate(model, prompts, count, options, &answers, &error), error);
  for (prompt = 0; answers && prompt < count; ++prompt) {
    const edgeattn_hypothesis* const* all = edgeattn_answers_get(answers, prompt, &found);
    printf("%s: %d answers, the first of %d tokens\n", what, (int)found, (int)all[0]->tokens.count);
  }
  edgeattn_answers_free(answers);
}

static void of_tokens(const edgeattn_model* model) {
  const int64_t ids[3] = {4, 7, 1};
  edgeattn_generate_options options = edgeattn_generate_options_default();
  edgeattn_prompt prompt = {0};
  newer_prompt newer[2];
  int heard = 0;
  prompt.size = sizeof prompt;
  prompt.tokens.ids = ids;
  prompt.tokens.count = 3;
  memset(newer, 0, sizeof newer);
  newer[0].older = newer[1].older = prompt;
  newer[0].older.size = newer[1].older.size = sizeof newer[0];
  options.max_new_tokens = 3;
  generate("newer prompts", model, newer, 2, &options, EDGEATTN_OK);
  newer[1].more = 1;
  generate("an unknown part", model, newer, 2, &options, EDGEATTN_INPUT_ERROR);
  options.context = &heard;
  options.on_token = end_at_two;
  generate("ended", model, &prompt, 1, &options, EDGEATTN_OK);
  options.on_token = report;
  generate("reported", model, &prompt, 1, &options, EDGEATTN_CALLBACK_ERROR);
  prompt.size = 0;
  generate("no size", model, &prompt, 1, &options, EDGEATTN_INPUT_ERROR);
}

static void of_texts(const edgeattn_model* model) {
  const edgeattn_text stop = {"\0", 1};
  edgeattn_generate_options options = edgeattn_generate_options_default();
  edgeattn_prompt prompt = {0};
  prompt.size = sizeof prompt;
  prompt.text.bytes = "w4 w7 w1 of which the first three words are the prompt";
  prompt.text.size = 8;
  options.max_new_tokens = 2;
  options.stop_strings = &stop;
  options.stop_string_count = 1;
  generate("a text", model, &prompt, 1, &options, EDGEATTN_OK);
  options.stop_string_count = 0;
  options.on_text = report_text;
  generate("reported of text", model, &prompt, 1, &options, EDGEATTN_CALLBACK_ERROR);
  prompt.text.bytes = NULL;
  generate("no text", model, &prompt, 1, &options, EDGEATTN_INPUT_ERROR);
}

static void arrays(void) {
  const int64_t dims[1] = {2}, below[1] = {-1};
  const float numbers[2] = {1, 2};
  edgeattn_tensor given = {"b", "float32", NULL, 1, numbers, sizeof numbers}, view;
  edgeattn_tensors* tensors = edgeattn_tensors_new();
  edgeattn_error* error = NULL;
  given.dims = below;
  expect("a dim of -1", EDGEATTN_INPUT_ERROR, edgeattn_tensors_put(tensors, &given, &error), error);
  given.dims = dims;
  error = NULL;
  expect("put", EDGEATTN_OK, edgeattn_tensors_put(tensors, &given, &error), error);
  expect("find", EDGEATTN_OK, edgeattn_tensors_find(tensors, "b", &view, &error), error);
  failures += view.bytes != sizeof numbers || memcmp(view.data, numbers, sizeof numbers) != 0;
  expect("not found", EDGEATTN_INPUT_ERROR, edgeattn_tensors_find(tensors, "a", &view, &error), error);
  edgeattn_tensors_free(tensors);
}

int main(int count, char** words) {
  int i;
  arrays();
  for (i = 1; i < count; ++i) {
    edgeattn_model* model = NULL;
    edgeattn_error* error = NULL;
    expect("load", EDGEATTN_OK, edgeattn_load(words[i], NULL, &model, &error), error);
    if (!model) return 2;
    i == 1 ? of_tokens(model) : of_texts(model);
    edgeattn_model_free(model);
  }
  printf("%d failures\n", failures);
  return failures != 0;
}
