// The outputs of a call, as predictions are read from them.
#pragma once

#include "edgeattn.hpp"

namespace edgeattn {

/// Returns an output of a call, float32; throws InputError where it is missing, of another dtype, of another last dim
/// than `last`, or holds a NaN.
const Tensor& output_of(const Tensors& outputs, const std::string& name, std::optional<std::size_t> last = {});

/// Returns the scores of a vector; `how` is the manifest's `scores`. Throws InputError where one is made of an infinite
/// number.
std::vector<double> scored(const std::string& name, std::vector<double> numbers, const std::string& how);

}  // namespace edgeattn
