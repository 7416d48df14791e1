// edgeattn.h: what options are until a caller changes them.
#include "guarded.hpp"

namespace {

/// Fills options of a caller's header, which may be older or newer, with the defaults.
template <class Options>
void fill(Options* options, std::size_t size, const Options& defaults) {
  if (!options || size < sizeof size) return;
  std::memset(static_cast<void*>(options), 0, size);
  std::memcpy(options, &defaults, std::min(size, sizeof defaults));
  std::memcpy(options, &size, sizeof size);  // which stands first
}

}  // namespace

void edgeattn_load_options_init(edgeattn_load_options* options, size_t size) {
  edgeattn_load_options defaults{};
  defaults.threads = EDGEATTN_UNSET;
  defaults.kernels = 1;
  defaults.deadline_ms = EDGEATTN_UNSET;
  fill(options, size, defaults);
}

void edgeattn_call_options_init(edgeattn_call_options* options, size_t size) {
  edgeattn_call_options defaults{};
  defaults.deadline_ms = EDGEATTN_UNSET;
  fill(options, size, defaults);
}

void edgeattn_text_options_init(edgeattn_text_options* options, size_t size) { fill(options, size, {}); }

void edgeattn_stream_options_init(edgeattn_stream_options* options, size_t size) {
  edgeattn_stream_options defaults{};
  defaults.window = EDGEATTN_UNSET;
  fill(options, size, defaults);
}

void edgeattn_generate_options_init(edgeattn_generate_options* options, size_t size) {
  edgeattn_generate_options defaults{};
  defaults.deadline_ms = EDGEATTN_UNSET;
  // written by runtime/generation.py: c_defaults
  defaults.max_new_tokens = EDGEATTN_UNSET;
  defaults.num_beams = EDGEATTN_UNSET;
  defaults.num_return_sequences = 1;
  defaults.length_penalty = EDGEATTN_UNSET_REAL;
  defaults.early_stopping = EDGEATTN_EARLY_STOPPING_UNSET;
  defaults.repetition_penalty = EDGEATTN_UNSET_REAL;
  defaults.temperature = EDGEATTN_UNSET_REAL;
  defaults.top_k = EDGEATTN_UNSET;
  defaults.top_p = EDGEATTN_UNSET_REAL;
  defaults.seed = EDGEATTN_UNSET;
  // written: end
  fill(options, size, defaults);
}

void edgeattn_bench_options_init(edgeattn_bench_options* options, size_t size) {
  edgeattn_bench_options defaults{};
  defaults.rounds = 100;
  defaults.warmup = 10;
  defaults.kernels = 1;
  fill(options, size, defaults);
}
