// Reads manifest.json.
#pragma once

#include <string_view>

#include "edgeattn_manifest.hpp"

namespace edgeattn {

inline constexpr char kManifestFile[] = "manifest.json";
inline constexpr char kSignatureFile[] = "manifest.sig";
inline constexpr char kCapacity[] = "capacity";  // the symbol of the tokens that a cache has room for

/// Reads a manifest's text, refusing all that the specification does not name.
/// Throws BundleError: the key at fault, what was found there and what was expected.
Manifest parse_manifest(std::string_view text);

/// Checks what ties one key to another; throws BundleError.
void check_references(const Manifest& manifest);

/// Returns every symbol of the tensors' dims, once, in order of appearance; from dim `from` on.
std::vector<std::string> symbols_of(const std::vector<TensorSpec>& tensors, std::size_t from = 0);

/// Returns the tensor of that name, or null.
const TensorSpec* find(const std::vector<TensorSpec>& tensors, const std::string& name);

}  // namespace edgeattn
