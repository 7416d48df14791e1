// What a call generates with.
#pragma once

#include "edgeattn.hpp"

namespace edgeattn {

/// GenerateOptions in which nothing is left open.
struct Settings {
  std::vector<std::int64_t> start;
  std::optional<std::int64_t> max_new_tokens;  // none: as many as there are positions
  double temperature;
  std::optional<std::int64_t> top_k;  // none: all
  std::optional<double> top_p;        // none: all
  double repetition_penalty;
  std::optional<std::uint64_t> seed;  // none: drawn anew
  std::vector<std::int64_t> stop;
  std::vector<std::vector<std::int64_t>> stop_sequences;
  std::vector<std::string> stop_strings;
  std::int64_t num_beams, num_return_sequences;
  double length_penalty;
  EarlyStopping early_stopping;
  std::function<bool(std::int64_t)> on_token;
  std::function<bool(const std::string&)> on_text;
  GenerationSession* session;
};

/// Whether a call returns one answer, or whole sequences, for which a bundle may ask for beams.
enum class Answering { one, sequences };

/// Lays what a caller says over a bundle's defaults. Where it draws, or hears an answer as it comes, none of these are
/// beams; where it asks for beams, they have no temperature.
Settings settings_of(const GenerateOptions& options, const GenerationDefaults& defaults, Answering answering);

}  // namespace edgeattn
