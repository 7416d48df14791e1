// Where the files of a bundle lie: in a folder, in memory, or in parts of open files.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "edgeattn.hpp"
#include "file_part.hpp"

namespace edgeattn {

using OnBytes = std::function<void(std::size_t)>;  // hears how many more bytes were read

class FileSource {
 public:
  virtual ~FileSource() = default;

  /// Throws BundleError where there is nothing that could be a bundle.
  virtual void check() const {}

  virtual bool has(const std::string& file) const = 0;

  /// Returns the size of a file; throws BundleError where it is missing, or a link that leaves the folder.
  virtual std::uintmax_t size(const std::string& file) const = 0;

  /// Returns the bytes of a file.
  virtual std::string read(const std::string& file) const = 0;

  /// True if an engine can open the files by their paths.
  virtual bool has_paths() const = 0;

  /// Returns a file where it stays in memory as it was checked; none where it is read each time.
  virtual std::optional<std::string_view> view(const std::string& file) const = 0;

  /// Returns the SHA-256 of a file in hex.
  virtual std::string sha256(const std::string& file, const OnBytes& on_bytes) const = 0;

  /// Throws BundleError where there is a file that the manifest does not list.
  virtual void check_listed(const Manifest& manifest) const = 0;
};

/// Files without a folder: in memory that is the caller's, or parts of open files.
struct LooseFiles {
  BundleFiles memory;
  std::map<std::string, FilePart> parts = {};
};

std::shared_ptr<const FileSource> files_in(const std::filesystem::path& folder);
std::shared_ptr<const FileSource> files_in(LooseFiles files);

/// Returns the path of a file that a manifest names, in UTF-8.
std::filesystem::path path_of(const std::filesystem::path& folder, const std::string& file);

/// Returns the bytes of a file; throws BundleError where it cannot be read.
std::string read_bytes(const std::filesystem::path& path);

/// Returns the folder by which errors call files without one.
std::filesystem::path memory_folder();

/// Says whether a file is listed in a manifest, or is one of the bundle's own.
bool is_listed(const Manifest& manifest, const std::string& file);

}  // namespace edgeattn
