// What the command prints for a person.
#pragma once

#include "edgeattn.hpp"

namespace edgeattn {

/// Returns a line for each of the likeliest labels, for each series that is forecast, or for each output.
std::string answer_text(const Model& model, const Tensors& outputs);

}  // namespace edgeattn
