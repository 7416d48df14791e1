// A graph's contract: which arrays it takes, checked before onnxruntime sees them.
#pragma once

#include "edgeattn.hpp"

namespace edgeattn {

/// Checks names, dtypes, sizes, bounds, that no number is a NaN, that tables have what is looked up in them,
/// and that the longest of lengths fills their axis; throws InputError.
void check_inputs(const std::vector<TensorSpec>& expected, const Symbols& symbols, const Tensors& inputs);

/// Checks that an input which the manifest names as token ids has none below 0, also where no table is known
/// that they index; throws InputError.
void check_token_ids(const Manifest& manifest, const Tensors& inputs);

/// Returns the size of every symbol; throws InputError where an array has other dims, or a symbol two sizes.
Sizes sizes_of(const std::vector<TensorSpec>& tensors, const Tensors& arrays);

}  // namespace edgeattn
