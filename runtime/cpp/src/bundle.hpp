// The folder of a bundle: nothing of it is used before all of it is known to be whole.
#pragma once

#include <filesystem>

#include "edgeattn_manifest.hpp"

namespace edgeattn {

/// A bundle whose every file has been checked against its manifest.
struct Bundle {
  std::filesystem::path folder;
  std::string json;  // manifest.json
  Manifest manifest;
};

/// Reads a manifest and checks the whole folder against it, sizes first and sha256 last. A signature is not
/// verified. Throws BundleError.
Bundle open_bundle(const std::filesystem::path& folder);

/// Returns the bytes of a file; throws BundleError where it cannot be read.
std::string read_bytes(const std::filesystem::path& path);

}  // namespace edgeattn
