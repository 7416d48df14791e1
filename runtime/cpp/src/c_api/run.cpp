// edgeattn.h: a graph run, checked and timed, and calls that are ended.
#include <cmath>
#include <new>

#include "guarded.hpp"

using namespace edgeattn;

edgeattn_cancellation* edgeattn_cancellation_new(void) {
  try {
    return new edgeattn_cancellation;
  } catch (...) {
    return nullptr;
  }
}

void edgeattn_cancellation_cancel(edgeattn_cancellation* cancellation) {
  if (cancellation) cancellation->value.cancel();
}

void edgeattn_cancellation_free(edgeattn_cancellation* cancellation) { delete cancellation; }

edgeattn_status edgeattn_run(const edgeattn_model* model, const char* graph, const edgeattn_tensors* inputs,
                             const edgeattn_call_options* options, edgeattn_tensors** outputs,
                             edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(outputs, "outputs");
    const CallLimits limits(options);
    place = new edgeattn_tensors{opened(model).run(required(inputs, "inputs").value, text_or_empty(graph))};
  });
}

std::unique_ptr<edgeattn_golden_results> edgeattn::golden_results(std::vector<GoldenResult> results) {
  auto found = std::make_unique<edgeattn_golden_results>();
  found->results = std::move(results);
  for (const auto& [sample, output, error, max_abs, ok] : found->results)
    found->views.add({sample, output.c_str(), error.value_or(NAN), max_abs.value_or(NAN), ok});
  return found;
}

edgeattn_status edgeattn_check(const edgeattn_model* model, const edgeattn_call_options* options,
                               edgeattn_golden_results** results, edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(results, "results");
    const CallLimits limits(options);
    place = golden_results(opened(model).check()).release();
  });
}

const edgeattn_golden_result* const* edgeattn_golden_results_get(const edgeattn_golden_results* results,
                                                                 size_t* count) {
  if (count) *count = results ? results->views.size() : 0;
  return results ? results->views.data() : nullptr;
}

void edgeattn_golden_results_free(edgeattn_golden_results* results) { delete results; }

edgeattn_status edgeattn_bench(const char* folder, const edgeattn_bench_options* options, char** json,
                               edgeattn_error** error) {
  return guarded(error, [&] {
    const auto settings = options_of(options, edgeattn_bench_options_default());
    const BenchOptions how{text_or_empty(settings.target),
                           values_of(settings.threads, settings.thread_count, "threads"), settings.rounds,
                           settings.warmup, settings.kernels != 0};
    required(json, "json") = copied(bench(text_of(folder, "folder"), how));
  });
}
