// The safetensors format: https://github.com/huggingface/safetensors
#pragma once

#include <string_view>

#include "edgeattn.hpp"

namespace edgeattn {

/// Reads the bytes of a file; throws InputError where they are no safetensors file of the manifest's dtypes.
Tensors parse_safetensors(std::string_view bytes);

/// Returns the bytes of a file that holds these tensors.
std::string write_safetensors(const Tensors& tensors);

}  // namespace edgeattn
