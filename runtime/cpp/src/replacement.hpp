// The folder of a bundle, replaced: at each moment the old one or the new one stands there, whole.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "disk.hpp"

namespace edgeattn {

/// Refuses a place where a bundle may not be written, by InputError; brings back one that a killed process
/// moved aside.
void check_replaceable(const std::filesystem::path& folder);

/// Brings back a bundle that a killed process moved aside, and removes what such processes left unfinished. What belongs
/// to a process that runs stays, and what no writer of bundles made.
void restore(const std::filesystem::path& folder);

/// A hidden folder beside a bundle that this process holds: runtime/README.md has its format, "Replacing a bundle".
class HiddenFolder {
 public:
  HiddenFolder(std::filesystem::path path, std::filesystem::path bundle, std::unique_ptr<const HeldFolder> held);

  /// Makes a new one, marked.
  static HiddenFolder made(const std::filesystem::path& bundle);

  /// True if this program made it, for this user, or nothing is in it that could be lost.
  bool is_proven() const;

  /// Moves the bundle back that was moved aside, where none stands; removes all else, the marker last.
  void clear() const;

  const std::filesystem::path& bundle() const { return bundle_; }
  std::filesystem::path new_bundle() const;
  std::filesystem::path old_bundle() const;

 private:
  void mark() const;
  std::string line(const std::string& digest) const;
  std::string marker() const;

  std::filesystem::path path_, bundle_;
  std::unique_ptr<const HeldFolder> held_;
};

/// An empty folder, to be filled, which then takes another's place; what is not put is removed.
class Staging {
 public:
  explicit Staging(const std::filesystem::path& folder);
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  std::filesystem::path path() const { return hidden_.new_bundle(); }

  /// Puts it in the place of `folder`, in one call where the system can.
  void put();

 private:
  HiddenFolder hidden_;
};

/// Copies a file, and has the system write it to the disk: a full one must show here.
void copy_synced(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace edgeattn
