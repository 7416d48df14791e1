/* Prepares two texts, decodes the tokens of the first whole and as they come, and gives what is refused: in C. */
#include <stdio.h>
#include <string.h>

#include "edgeattn.h"

static int refused(edgeattn_status status, edgeattn_error** error) {
  if (status != EDGEATTN_INPUT_ERROR) return printf("status %d\n", status), 3;
  printf("refused: %s\n", edgeattn_error_message(*error));
  edgeattn_error_free(*error);
  return 0;
}

int main(int count, char** words) {
  const edgeattn_text texts[2] = {{"The quick fox", 13}, {"a\0b", 3}}, bad = {"\xff", 1}, null = {NULL, 1};
  edgeattn_error* error = NULL;
  edgeattn_model* model = NULL;
  edgeattn_tensors* inputs = NULL;
  edgeattn_text_stream* stream = NULL;
  edgeattn_tensor ids;
  const int64_t *tokens, wrong = -1;
  char* text = NULL;
  size_t cut = 1, i;
  if (count != 2 || edgeattn_load(words[1], NULL, &model, &error) != EDGEATTN_OK) return 2;

  if (edgeattn_prepare_text(model, texts, 2, NULL, &cut, &inputs, &error) != EDGEATTN_OK) return 2;
  if (edgeattn_tensors_get(inputs, 0, &ids, &error) != EDGEATTN_OK || strcmp(ids.name, "ids") != 0) return 2;
  tokens = ids.data;
  printf("%d rows:", (int)ids.dims[0]);
  for (i = 0; i < ids.bytes / sizeof *tokens; ++i) printf(" %d", (int)tokens[i]);
  printf(", %d cut\n", (int)cut);

  if (edgeattn_decode(model, tokens, (size_t)ids.dims[1], &text, NULL, &error) != EDGEATTN_OK) return 2;
  puts(text);
  edgeattn_text_free(text);
  if (edgeattn_text_stream_new(model, &stream, &error) != EDGEATTN_OK) return 2;
  for (i = 0; i < (size_t)ids.dims[1]; ++i) {
    if (edgeattn_text_stream_push(stream, tokens[i], &text, NULL, &error) != EDGEATTN_OK) return 2;
    fputs(text, stdout);
    edgeattn_text_free(text);
  }
  if (edgeattn_text_stream_finish(stream, &text, NULL, &error) != EDGEATTN_OK) return 2;
  puts(text);
  edgeattn_text_free(text);
  edgeattn_text_stream_free(stream);
  edgeattn_tensors_free(inputs);

  if (refused(edgeattn_prepare_text(model, &bad, 1, NULL, NULL, &inputs, &error), &error)) return 3;
  if (refused(edgeattn_prepare_text(model, &null, 1, NULL, NULL, &inputs, &error), &error)) return 3;
  if (refused(edgeattn_decode(model, &wrong, 1, &text, NULL, &error), &error)) return 3;
  edgeattn_model_free(model);
  return 0;
}
