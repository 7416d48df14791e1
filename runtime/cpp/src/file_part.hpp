// A part of an open file, read each time that it is needed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace edgeattn {

/// A file may change or be cut at any time, and what is mapped of it then changes, or ends the process: nothing is mapped.
class FilePart {
 public:
  /// Keeps the file of a descriptor, which may be closed then, open; `name` is that of the part in errors. Throws InputError
  /// where it is none, or has fewer bytes.
  FilePart(int descriptor, std::int64_t offset, std::size_t bytes, const std::string& name);

  std::size_t size() const { return size_; }

  /// Reads `bytes` from `at`, which the part has. Throws BundleError where the file was cut.
  void read(std::size_t at, char* place, std::size_t bytes) const;

 private:
  struct File;
  std::shared_ptr<const File> file_;
  std::uint64_t offset_;
  std::size_t size_;
  std::string name_;
};

}  // namespace edgeattn
