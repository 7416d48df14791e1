// What replacing a folder asks of the operating system.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace edgeattn {

/// A folder that is one process's as long as this object lives, or the process. What lies in it is reached through the lock:
/// another user who renames folders meanwhile leads to nothing else. Names may be paths within; no link is followed.
class HeldFolder {
 public:
  /// Locks a folder; null where another holds it, where it is gone, or a link.
  static std::unique_ptr<const HeldFolder> at(const std::filesystem::path& folder);

  /// True if it is this process's user's alone, where the system has users.
  bool is_own() const;

  std::vector<std::string> names() const;
  bool has_folder(const std::string& name) const;

  /// Returns what a file holds, `most` bytes of it; nothing where there is none.
  std::string read(const std::string& name, std::size_t most) const;

  /// Moves a folder out of this one.
  void move_out(const std::string& name, const std::filesystem::path& to) const;

  /// Remove a file, or a folder with all that is in it, as far as the system lets them.
  void remove_file(const std::string& name) const;
  void remove_folder(const std::string& name) const;

 private:
  struct Lock;
  explicit HeldFolder(std::shared_ptr<const Lock> lock) : lock_(std::move(lock)) {}

  std::shared_ptr<const Lock> lock_;
};

/// Makes a folder that is its user's alone; false where something has its name.
bool make_private(const std::filesystem::path& folder);

/// Exchanges two folders in one call; says whether this system can.
bool exchanged(const std::filesystem::path& one, const std::filesystem::path& other);

/// Has the system write a file, or what a folder lists, to the disk.
void sync(const std::filesystem::path& path);

/// Says whether this process may make files in a folder.
bool writable(const std::filesystem::path& folder);

}  // namespace edgeattn
