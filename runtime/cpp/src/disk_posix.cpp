#ifndef _WIN32

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

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

/// A descriptor, closed at the end.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : value_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int value() const { return value_; }

 private:
  int value_;
};

}  // namespace

FolderLock locked(const fs::path& folder) {
  auto opened = std::make_shared<Descriptor>(folder, O_RDONLY | O_DIRECTORY);
  if (opened->value() < 0 && (errno == EMFILE || errno == ENFILE)) fail(folder);
  if (opened->value() < 0 || ::flock(opened->value(), LOCK_EX | LOCK_NB) != 0) return nullptr;
  return opened;
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
  const Descriptor opened(path, O_RDONLY);
  if (opened.value() < 0 || ::fsync(opened.value()) != 0) fail(path);
}

bool writable(const fs::path& folder) { return ::access(folder.c_str(), W_OK | X_OK) == 0; }

}  // namespace edgeattn

#endif
