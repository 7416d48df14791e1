#ifndef _WIN32

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "descriptor.hpp"
#include "disk.hpp"

#ifdef __linux__
#include <sys/syscall.h>
#endif

namespace edgeattn {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kExchange = 2;  // RENAME_EXCHANGE, see renameat2(2), and RENAME_SWAP, see renamex_np(2)

[[noreturn]] void fail(const fs::path& path) {
  const auto error = errno;
  throw fs::filesystem_error("", path, std::error_code(error, std::generic_category()));
}

constexpr int kFolder = O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW;

/// Returns the names in an open folder.
std::vector<std::string> names_in(int folder) {
  std::vector<std::string> names;
  auto* listing = ::fdopendir(::openat(folder, ".", kFolder));
  if (!listing) return names;
  while (const auto* entry = ::readdir(listing)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(listing);
  return names;
}

/// Removes a folder in an open one, and in it those that may only be read, as a bundle from such a place has them.
void remove_in(int parent, const std::string& name) {
  {
    const Descriptor folder(::openat(parent, name.c_str(), kFolder));
    if (folder.value() < 0) return;
    ::fchmod(folder.value(), S_IRWXU);  // fails of another user's, which then stays
    for (const auto& each : names_in(folder.value()))
      if (::unlinkat(folder.value(), each.c_str(), 0) != 0) remove_in(folder.value(), each);
  }
  ::unlinkat(parent, name.c_str(), AT_REMOVEDIR);
}

}  // namespace

struct HeldFolder::Lock : Descriptor {
  using Descriptor::Descriptor;
};

std::unique_ptr<const HeldFolder> HeldFolder::at(const fs::path& folder) {
  auto opened = std::make_shared<const Lock>(::open(folder.c_str(), kFolder));
  if (opened->value() < 0 && (errno == EMFILE || errno == ENFILE)) fail(folder);
  if (opened->value() < 0 || ::flock(opened->value(), LOCK_EX | LOCK_NB) != 0) return nullptr;
  return std::unique_ptr<const HeldFolder>(new HeldFolder(std::move(opened)));
}

bool HeldFolder::is_own() const {
  struct stat found {};
  return ::fstat(lock_->value(), &found) == 0 && found.st_uid == ::geteuid() && (found.st_mode & 0777) == S_IRWXU;
}

std::vector<std::string> HeldFolder::names() const { return names_in(lock_->value()); }

bool HeldFolder::has_folder(const std::string& name) const {
  struct stat found {};
  return ::fstatat(lock_->value(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(found.st_mode);
}

std::string HeldFolder::read(const std::string& name, std::size_t most) const {
  const Descriptor file(::openat(lock_->value(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  std::string bytes(file.value() < 0 ? 0 : most, '\0');
  std::size_t size = 0;
  while (size < bytes.size()) {
    const auto came = ::read(file.value(), bytes.data() + size, bytes.size() - size);
    if (came < 0 && errno == EINTR) continue;
    if (came <= 0) break;
    size += static_cast<std::size_t>(came);
  }
  bytes.resize(size);
  return bytes;
}

void HeldFolder::move_out(const std::string& name, const fs::path& to) const {
  if (::renameat(lock_->value(), name.c_str(), AT_FDCWD, to.c_str()) != 0) fail(to);
}

void HeldFolder::remove_file(const std::string& name) const { ::unlinkat(lock_->value(), name.c_str(), 0); }

void HeldFolder::remove_folder(const std::string& name) const { remove_in(lock_->value(), name); }

bool make_private(const fs::path& folder) {
  if (::mkdir(folder.c_str(), S_IRWXU) == 0) return true;
  if (errno != EEXIST) fail(folder);
  return false;
}

bool exchanged(const fs::path& one, const fs::path& other) {
#if defined(__linux__) && defined(SYS_renameat2)
  const auto result = ::syscall(SYS_renameat2, AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), kExchange);
#elif defined(__APPLE__)
  const auto result = ::renamex_np(one.c_str(), other.c_str(), kExchange);
#else
  const auto result = (errno = ENOSYS, -1);
#endif
  if (result == 0) return true;
  if (errno == ENOSYS || errno == EINVAL || errno == EPERM || errno == ENOTSUP) return false;
  fail(other);
}

void sync(const fs::path& path) {
  const Descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.value() < 0 || ::fsync(opened.value()) != 0) fail(path);
}

bool writable(const fs::path& folder) { return ::access(folder.c_str(), W_OK | X_OK) == 0; }

}  // namespace edgeattn

#endif
