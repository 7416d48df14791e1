/* Opens a bundle, describes it, replays its golden vectors, and asks for what cannot be had: in C. */
#include <stdio.h>

#include "edgeattn.h"

static int fail(edgeattn_error* error) {
  fprintf(stderr, "%s\n", edgeattn_error_message(error));
  edgeattn_error_free(error);
  return 2;
}

/* Says in words that a call was refused; 0 where it was not. */
static int refused(edgeattn_status status, edgeattn_error** error) {
  if (status != EDGEATTN_INPUT_ERROR) return 0;
  printf("refused: %s\n", edgeattn_error_message(*error));
  edgeattn_error_free(*error);
  *error = NULL;
  return 1;
}

int main(int count, char** words) {
  const int64_t dims[2] = {1, 3}, tokens[3] = {1, 2, 3};
  const edgeattn_tensor wrong = {"tokens", "int64", dims, 2, tokens, sizeof tokens};
  edgeattn_load_options options = edgeattn_load_options_default();
  edgeattn_error* error = NULL;
  edgeattn_model* model = NULL;
  edgeattn_tensors *inputs = edgeattn_tensors_new(), *outputs = NULL;
  edgeattn_golden_results* results = NULL;
  const edgeattn_golden_result* const* result = NULL;
  const edgeattn_graph_spec* const* graphs = NULL;
  char* text = NULL;
  size_t graph_count = 0, compared = 0, failed = 0;
  if (count != 2 || !inputs || edgeattn_abi_version() != EDGEATTN_ABI_VERSION) return 2;

  options.threads = 1;
  if (edgeattn_load(words[1], &options, &model, &error) != EDGEATTN_OK)
    return edgeattn_tensors_free(inputs), fail(error);
  if (edgeattn_describe(model, &text, &error) != EDGEATTN_OK) return fail(error);
  fputs(text, stdout);
  edgeattn_text_free(text);
  if (edgeattn_contract(model, &graphs, &graph_count, &error) != EDGEATTN_OK) return fail(error);
  printf("graph %s takes %s\n", graphs[0]->name, graphs[0]->inputs[0]->name);

  if (edgeattn_tensors_put(inputs, &wrong, &error) != EDGEATTN_OK) return fail(error);
  if (!refused(edgeattn_run(model, NULL, inputs, NULL, &outputs, &error), &error)) return 3;
  if (!refused(edgeattn_run(NULL, NULL, inputs, NULL, &outputs, &error), &error)) return 3;
  if (!refused(edgeattn_run(model, NULL, NULL, NULL, &outputs, &error), &error)) return 3;

  if (edgeattn_check(model, NULL, &results, &error) != EDGEATTN_OK) return fail(error);
  for (result = edgeattn_golden_results_get(results, &compared); compared--; ++result) failed += !(*result)->ok;
  edgeattn_golden_results_get(results, &compared);
  printf("%zu golden outputs, %zu failed\n", compared, failed);
  edgeattn_golden_results_free(results);

  if (edgeattn_close(model, &error) != EDGEATTN_OK || edgeattn_close(model, &error) != EDGEATTN_OK) return fail(error);
  if (!refused(edgeattn_describe(model, &text, &error), &error)) return 3;
  edgeattn_tensors_free(inputs);
  edgeattn_model_free(model);
  return failed != 0;
}
