#include "settings.hpp"

#include "option_limits.hpp"

namespace edgeattn {
namespace {

template <class Value>
void check(const char* name, const Value& value, const Limits& limits) {
  if constexpr (std::is_arithmetic_v<Value>)
    if (!limits.allow(static_cast<double>(value)))
      throw InputError(words(name, ": ", value, " found, ", limits.written<Value>(), " expected"));
}

template <class Value>
void check(const char* name, const std::optional<Value>& value, const Limits& limits) {
  if (value) check(name, *value, limits);
}

}  // namespace

Settings settings_of(GenerateOptions options, GenerationDefaults defaults, Answering answering) {
  const bool drawn = options.temperature.value_or(0) > 0;
  const bool heard = options.on_token || options.on_text || options.session || !options.stop_strings.empty();
  if (answering == Answering::one || drawn || heard) defaults.num_beams.reset();
  if (options.num_beams.value_or(1) > 1) defaults.temperature.reset();
#define EDGEATTN_BUNDLED(type, name, otherwise, limits) \
  if (!options.name) options.name = defaults.name;      \
  if (!options.name) options.name = otherwise;
#include "edgeattn_options.inc"
  return options;
}

void check_settings(const Settings& settings) {
#define EDGEATTN_BUNDLED(type, name, otherwise, limits) check(#name, settings.name, limits);
#define EDGEATTN_CALLERS EDGEATTN_BUNDLED
#include "edgeattn_options.inc"
  const auto beams = *settings.num_beams;
  if (settings.num_return_sequences > beams)
    throw InputError(words("num_return_sequences: ", settings.num_return_sequences,
                           " found, at most num_beams expected, ", beams, "; ask for more beams"));
  if (beams > 1 && *settings.temperature > 0)
    throw InputError(words("temperature: ", *settings.temperature, " found with ", beams,
                           " beams, which draw nothing; 0 expected, or num_beams=1"));
}

}  // namespace edgeattn
