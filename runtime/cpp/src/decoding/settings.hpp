// What a call generates with.
#pragma once

#include "edgeattn.hpp"

namespace edgeattn {

/// GenerateOptions in which nothing is left open that has a default.
using Settings = GenerateOptions;

/// Whether a call returns one answer, or whole sequences, for which a bundle may ask for beams.
enum class Answering { one, sequences };

/// Lays what a caller says over a bundle's defaults. Where it draws, or hears an answer as it comes, none of these are
/// beams; where it asks for beams, they have no temperature.
Settings settings_of(GenerateOptions options, GenerationDefaults defaults, Answering answering);

/// Throws InputError where a number is out of its limits, or options do not go together.
void check_settings(const Settings& settings);

}  // namespace edgeattn
