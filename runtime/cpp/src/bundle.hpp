// The folder of a bundle: nothing of it is used before all of it is known to be whole.
#pragma once

#include <filesystem>
#include <map>
#include <optional>

#include "edgeattn_manifest.hpp"
#include "signature.hpp"

namespace edgeattn {

/// A graph's file: to be opened by its path, or read and checked, with the files of its weights by their
/// paths from its folder.
struct GraphFile {
  std::filesystem::path path;
  std::optional<std::string> content = {};
  std::map<std::string, std::string> weights = {};
};

/// Returns the path of a file that a manifest names, in UTF-8.
std::filesystem::path path_of(const std::filesystem::path& folder, const std::string& file);

/// A bundle whose every file has been checked against its manifest.
struct Bundle {
  std::filesystem::path folder;
  std::string json;  // manifest.json
  Manifest manifest;
  std::optional<std::string> signer;  // the trusted key that signed it; none where none was to be trusted

  /// Returns what a file holds: the bytes that were hashed. Throws BundleError where it changed since.
  std::string read(const std::string& file) const;

  /// Returns what a session opens: a path, or the content where a trusted key signed it, since weights are
  /// mapped from a path and whoever may write there can change them at any time.
  GraphFile graph(const std::string& file) const;
};

/// Reads a manifest and checks the whole folder against it, sizes first and sha256 last. Where there are
/// trusted keys, refuses what none of them signed before anything of the manifest is read. Throws
/// BundleError, and InputError where the keys are none.
Bundle open_bundle(const std::filesystem::path& folder, const std::optional<Keys>& trusted_keys = {});

/// Throws BundleError where the folder holds a file that its manifest does not list; a link to a folder
/// counts as a file.
void check_listed(const std::filesystem::path& folder, const Manifest& manifest);

/// Returns the bytes of a file; throws BundleError where it cannot be read.
std::string read_bytes(const std::filesystem::path& path);

}  // namespace edgeattn
