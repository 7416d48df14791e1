// The folder of a bundle: nothing of it is used before all of it is known to be whole.
#pragma once

#include <list>

#include "bundle_files.hpp"

namespace edgeattn {

constexpr std::size_t kLargestManifest = 1 << 20;  // bytes

/// A graph's file: to be opened by its path, or read and checked, with the files of its weights by their
/// paths from its folder.
struct GraphFile {
  std::filesystem::path path;
  std::optional<std::string_view> content = {};
  std::map<std::string, std::string_view> weights = {};
  std::list<std::string> read = {};  // what of them was read for it
};

/// A bundle whose every file has been checked against its manifest.
struct Bundle {
  std::filesystem::path folder;
  std::shared_ptr<const FileSource> files;
  std::string json;  // manifest.json
  Manifest manifest;
  std::optional<std::string> signer;  // the trusted key that signed it; none where none was to be trusted

  /// Returns what a file holds: the bytes that were hashed. Throws BundleError where it changed since.
  std::string read(const std::string& file) const;

  /// Returns what a session opens: a path, or the content where there is none or a trusted key signed it, since weights
  /// are mapped from a path and whoever may write there can change them at any time.
  GraphFile graph(const std::string& file) const;
};

/// Reads a manifest and checks all files against it, sizes first and sha256 last. Where there are trusted keys, refuses
/// what none of them signed before anything of the manifest is read. Throws BundleError, InputError where the keys are
/// none, and DeadlineError where the load was ended.
Bundle open_bundle(const std::filesystem::path& folder, const LoadOptions& options = {});
Bundle open_bundle(LooseFiles files, const LoadOptions& options = {});

}  // namespace edgeattn
