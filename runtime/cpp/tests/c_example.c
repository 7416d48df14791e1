/* Opens a bundle, describes it, replays its golden vectors, and asks for what cannot be had: in C. */
#include <stdio.h>

#include "edgeattn.h"

static int fail(edgeattn_error* error) {
  fprintf(stderr, "%s\n", edgeattn_error_message(error));
  edgeattn_error_free(error);
  return 2;
}

int main(int count, char** words) {
  const int64_t dims[2] = {1, 3}, tokens[3] = {1, 2, 3};
  const edgeattn_tensor wrong = {"tokens", "int64", dims, 2, tokens, sizeof tokens};
  edgeattn_error* error = NULL;
  edgeattn_model* model = NULL;
  edgeattn_tensors *inputs = edgeattn_tensors_new(), *outputs = NULL;
  char* text = NULL;
  size_t compared = 0, failed = 0;
  if (count != 2 || !inputs) return 2;

  if (edgeattn_load(words[1], NULL, 1, &model, &error) != EDGEATTN_OK)
    return edgeattn_tensors_free(inputs), fail(error);
  if (edgeattn_describe(model, &text, &error) != EDGEATTN_OK) return fail(error);
  fputs(text, stdout);
  edgeattn_text_free(text);

  if (edgeattn_tensors_put(inputs, &wrong, &error) != EDGEATTN_OK) return fail(error);
  if (edgeattn_run(model, NULL, inputs, &outputs, &error) != EDGEATTN_INPUT_ERROR) return 3;
  printf("refused: %s\n", edgeattn_error_message(error));
  edgeattn_error_free(error);

  if (edgeattn_check(model, &compared, &failed, &error) != EDGEATTN_OK) return fail(error);
  printf("%zu golden outputs, %zu failed\n", compared, failed);
  edgeattn_tensors_free(inputs);
  edgeattn_model_free(model);
  return failed != 0;
}
