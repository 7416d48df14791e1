// What the command prints for a person.
#pragma once

#include "edgeattn.hpp"

namespace edgeattn {

/// Returns the lines of an answer: its predictions, the likeliest labels, the series that are forecast or, where it has
/// none of these, how each output begins.
std::string answer_text(const Model& model, const Tensors& outputs, const PredictionSource& source);

/// Returns a line for each output: how it begins.
std::string raw_text(const Tensors& outputs);

}  // namespace edgeattn
