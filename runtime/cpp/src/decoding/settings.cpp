#include "settings.hpp"

namespace edgeattn {
namespace {

template <class Value>
const std::optional<Value>& either(const std::optional<Value>& own, const std::optional<Value>& by_bundle) {
  return own ? own : by_bundle;
}

}  // namespace

Settings settings_of(const GenerateOptions& options, const GenerationDefaults& defaults, Answering answering) {
  const bool drawn = options.temperature.value_or(0) > 0;
  const bool heard = options.on_token || options.on_text || options.session || !options.stop_strings.empty();
  const bool single = answering == Answering::one || drawn || heard;
  const auto num_beams = options.num_beams.value_or(single ? 1 : defaults.num_beams.value_or(1));
  const bool beams_wanted = options.num_beams.value_or(1) > 1;
  return {
      either(options.start, defaults.start).value_or(std::vector<std::int64_t>{}),
      either(options.max_new_tokens, defaults.max_new_tokens),
      options.temperature.value_or(beams_wanted ? 0 : defaults.temperature.value_or(0)),
      either(options.top_k, defaults.top_k),
      either(options.top_p, defaults.top_p),
      either(options.repetition_penalty, defaults.repetition_penalty).value_or(1),
      options.seed,
      either(options.stop, defaults.stop).value_or(std::vector<std::int64_t>{}),
      options.stop_sequences,
      options.stop_strings,
      num_beams,
      options.num_return_sequences,
      either(options.length_penalty, defaults.length_penalty).value_or(1),
      either(options.early_stopping, defaults.early_stopping).value_or(EarlyStopping::no),
      options.on_token,
      options.on_text,
      options.session,
  };
}

}  // namespace edgeattn
