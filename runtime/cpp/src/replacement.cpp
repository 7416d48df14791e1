#include "replacement.hpp"

#include <random>
#include <system_error>
#include <vector>

#include "bundle.hpp"
#include "disk.hpp"
#include "manifest.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

namespace fs = std::filesystem;

/// Removes a folder, and in it those that may only be read, as a bundle from such a place has them.
void remove_folder(const fs::path& folder) {
  std::error_code ignored;
  const auto open = [&](const fs::path& path) {
    fs::permissions(path, fs::perms::owner_all, fs::perm_options::add, ignored);
  };
  open(folder);
  for (fs::recursive_directory_iterator each(folder, ignored), end; each != end; each.increment(ignored))
    if (fs::is_directory(each->symlink_status())) open(each->path());
  fs::remove_all(folder, ignored);
}

/// Moves the old folder aside first: a process that is killed then leaves it there, for `restore`.
void move_aside(const fs::path& staging, const fs::path& folder) {
  LockedFolder old(folder.parent_path(), "." + folder.filename().u8string() + ".old.");
  const auto replaced = old.path() / folder.filename();
  fs::rename(folder, replaced);
  std::error_code failed;
  fs::rename(staging, folder, failed);
  if (!failed) return;
  std::error_code lost;
  fs::rename(replaced, folder, lost);
  if (lost) old.keep();
  throw fs::filesystem_error("", folder, failed);
}

std::string unused_name(const std::string& prefix) {
  static constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
  std::random_device random;
  std::string name = prefix;
  for (int i = 0; i < 8; ++i) name += kLetters[random() % (sizeof kLetters - 1)];
  return name;
}

}  // namespace

LockedFolder::LockedFolder(const fs::path& parent, const std::string& prefix) {
  while (!lock_) {
    path_ = parent / fs::u8path(unused_name(prefix));
    if (!fs::create_directory(path_)) continue;
    lock_ = locked(path_);
    if (!fs::exists(path_))
      lock_ = nullptr;  // another process took it for a killed one's, before it was locked
  }
}

LockedFolder::~LockedFolder() {
  if (!kept_) remove_folder(path_);
}

Staging::Staging(const fs::path& folder)
    : folder_(fs::weakly_canonical(folder)),
      staging_((fs::create_directories(folder_.parent_path()), restore(folder_), folder_.parent_path()),
               "." + folder_.filename().u8string() + ".") {}

void Staging::put() {
  for (const auto& entry : fs::recursive_directory_iterator(path()))
    if (entry.is_directory()) sync(entry.path());
  sync(path());
  if (!fs::exists(folder_)) {
    fs::rename(path(), folder_);
  } else if (!exchanged(path(), folder_)) {
    move_aside(path(), folder_);
  }
  sync(folder_.parent_path());
}

void restore(const fs::path& folder) {
  const auto whole = fs::weakly_canonical(folder);
  const auto prefix = "." + whole.filename().u8string() + ".";
  if (!fs::is_directory(whole.parent_path())) return;
  std::vector<fs::path> strays;
  for (const auto& entry : fs::directory_iterator(whole.parent_path()))
    if (entry.path().filename().u8string().rfind(prefix, 0) == 0) strays.push_back(entry.path());
  for (const auto& stray : strays) {
    const auto lock = locked(stray);
    if (!lock) continue;
    const auto old = stray / whole.filename();
    if (stray.filename().u8string().rfind(prefix + "old.", 0) == 0 && fs::is_directory(old) &&
        !fs::exists(whole))
      fs::rename(old, whole);
    remove_folder(stray);
  }
}

void check_replaceable(const fs::path& folder) {
  auto parent = fs::weakly_canonical(folder).parent_path();
  while (!fs::exists(parent)) parent = parent.parent_path();
  if (!writable(parent))
    throw InputError(
        words(folder.u8string(), ": nothing can be written in ", parent.u8string(), "; name another place"));
  restore(folder);
  if (!fs::exists(folder) || (fs::is_directory(folder) && fs::is_empty(folder))) return;
  try {
    files_in(folder)->check_listed(parse_manifest(read_bytes(folder / kManifestFile)));
  } catch (const BundleError& error) {
    throw InputError(words(folder.u8string(), ": not a bundle alone (", error.what(),
                           "); nothing was written; name another place"));
  }
}

void copy_synced(const fs::path& from, const fs::path& to) {
  fs::create_directories(to.parent_path());
  fs::copy_file(from, to);
  sync(to);
}

}  // namespace edgeattn
