// The folder of a bundle, replaced: at each moment the old one or the new one stands there, whole.
#pragma once

#include <filesystem>

#include "disk.hpp"

namespace edgeattn {

/// Refuses a place where a bundle may not be written, by InputError; brings back one that a killed process
/// moved aside.
void check_replaceable(const std::filesystem::path& folder);

/// Brings back a bundle that a killed process moved aside, and removes what such processes left unfinished.
/// What belongs to a process that runs is left alone.
void restore(const std::filesystem::path& folder);

/// A folder locked as long as this object lives, or the process: no other then takes it for a killed one's.
class LockedFolder {
 public:
  /// Makes a new folder beside others, its name beginning with `prefix`.
  LockedFolder(const std::filesystem::path& parent, const std::string& prefix);
  ~LockedFolder();  // which removes it
  LockedFolder(const LockedFolder&) = delete;
  LockedFolder& operator=(const LockedFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void keep() { kept_ = true; }  // on the disk, for `restore`

 private:
  std::filesystem::path path_;
  FolderLock lock_;
  bool kept_ = false;
};

/// An empty folder, to be filled, which then takes another's place; what is not put is removed.
class Staging {
 public:
  explicit Staging(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return staging_.path(); }

  /// Puts it in the place of `folder`, in one call where the system can.
  void put();

 private:
  std::filesystem::path folder_;
  LockedFolder staging_;
};

/// Copies a file, and has the system write it to the disk: a full one must show here.
void copy_synced(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace edgeattn
