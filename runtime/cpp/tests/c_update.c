/* Signatures and updates in C: edgeattn-c-update SIGNED.edge OVER KEY, whose key signed the first. */
#include <edgeattn.h>
#include <stdio.h>

/* Says whether a call came to what was expected of it, and frees its error. */
static int came_to(const char* what, edgeattn_status expected, edgeattn_status found, edgeattn_error* error) {
  if (found != expected)
    fprintf(stderr, "%s: status %d found, %d expected (%s)\n", what, found, expected,
            error ? edgeattn_error_message(error) : "no error");
  edgeattn_error_free(error);
  return found == expected;
}

static int load(const char* what, const char* folder, const char* const* keys, size_t count,
                edgeattn_status expected) {
  edgeattn_load_options options = edgeattn_load_options_default();
  edgeattn_model* model = NULL;
  edgeattn_error* error = NULL;
  options.trusted_keys = keys;
  options.trusted_key_count = count;
  const edgeattn_status status = edgeattn_load(folder, &options, &model, &error);
  edgeattn_model_free(model);
  return came_to(what, expected, status, error);
}

static int install(const char* folder, const char* over, const char* const* keys) {
  edgeattn_load_options options = edgeattn_load_options_default();
  edgeattn_golden_results* results = NULL;
  edgeattn_error* error = NULL;
  size_t count = 0;
  options.trusted_keys = keys;
  options.trusted_key_count = 2;
  const edgeattn_status status = edgeattn_install(folder, over, &options, &results, &error);
  edgeattn_golden_results_get(results, &count);
  edgeattn_golden_results_free(results);
  return came_to("install", EDGEATTN_OK, status, error) && count > 0;
}

static int install_nothing(const char* over) {
  edgeattn_error* error = NULL;
  return came_to("install NULL", EDGEATTN_INPUT_ERROR, edgeattn_install(NULL, over, NULL, NULL, &error),
                 error);
}

int main(int count, char** words) {
  if (count != 4) return 2;
  const char* const other = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
  const char* const trusted[] = {other, words[3]};
  const char* const none[] = {NULL};
  const char* const short_key[] = {"5a"};
  const int right = install(words[1], words[2], trusted) && install_nothing(words[2]) &&
                    load("no keys", words[2], NULL, 0, EDGEATTN_OK) &&
                    load("trusted", words[2], trusted, 2, EDGEATTN_OK) &&
                    load("another key", words[2], trusted, 1, EDGEATTN_BUNDLE_ERROR) &&
                    load("an empty list", words[2], trusted, 0, EDGEATTN_INPUT_ERROR) &&
                    load("a count without keys", words[2], NULL, 1, EDGEATTN_INPUT_ERROR) &&
                    load("NULL as a key", words[2], none, 1, EDGEATTN_INPUT_ERROR) &&
                    load("no key", words[2], short_key, 1, EDGEATTN_INPUT_ERROR);
  return right ? 0 : 1;
}
