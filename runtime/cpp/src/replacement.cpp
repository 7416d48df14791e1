#include "replacement.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <random>
#include <system_error>
#include <vector>

#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "bundle.hpp"
#include "manifest.hpp"
#include "words.hpp"

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

void sync(const fs::path& path) {
  const Descriptor opened(path, O_RDONLY);
  if (opened.value() < 0 || ::fsync(opened.value()) != 0) fail(path);
}

/// Locks a folder as long as this process lives; -1 where another holds it.
int locked(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0 && ::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor);
    return -1;
  }
  return descriptor;
}

/// Exchanges two folders in one call; says whether this system can.
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

/// Moves the old folder aside first: a process that is killed then leaves it there, for `restore`.
void move_aside(const fs::path& staging, const fs::path& folder) {
  LockedFolder old(folder.parent_path(), "." + folder.filename().string() + ".old.");
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
  while (lock_ < 0) {
    path_ = parent / unused_name(prefix);
    if (::mkdir(path_.c_str(), 0777) != 0) {
      if (errno == EEXIST) continue;
      fail(path_);
    }
    lock_ = locked(path_);
    if (lock_ >= 0 &&
        !fs::exists(path_)) {  // another process took it for a killed one's, before it was locked
      ::close(lock_);
      lock_ = -1;
    }
  }
}

LockedFolder::~LockedFolder() {
  std::error_code ignored;
  if (!kept_) fs::remove_all(path_, ignored);
  ::close(lock_);
}

Staging::Staging(const fs::path& folder)
    : folder_(fs::weakly_canonical(folder)),
      staging_((fs::create_directories(folder_.parent_path()), restore(folder_), folder_.parent_path()),
               "." + folder_.filename().string() + ".") {}

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
  const auto name = whole.filename().string(), prefix = "." + name + ".";
  if (!fs::is_directory(whole.parent_path())) return;
  std::vector<fs::path> strays;
  for (const auto& entry : fs::directory_iterator(whole.parent_path()))
    if (entry.path().filename().string().rfind(prefix, 0) == 0) strays.push_back(entry.path());
  for (const auto& stray : strays) {
    const int lock = locked(stray);
    if (lock < 0) continue;
    const auto old = stray / name;
    if (stray.filename().string().rfind(prefix + "old.", 0) == 0 && fs::is_directory(old) &&
        !fs::exists(whole))
      fs::rename(old, whole);
    std::error_code ignored;
    fs::remove_all(stray, ignored);
    ::close(lock);
  }
}

void check_replaceable(const fs::path& folder) {
  auto parent = fs::weakly_canonical(folder).parent_path();
  while (!fs::exists(parent)) parent = parent.parent_path();
  if (::access(parent.c_str(), W_OK | X_OK) != 0)
    throw InputError(
        words(folder.string(), ": nothing can be written in ", parent.string(), "; name another place"));
  restore(folder);
  if (!fs::exists(folder) || (fs::is_directory(folder) && fs::is_empty(folder))) return;
  try {
    check_listed(folder, parse_manifest(read_bytes(folder / kManifestFile)));
  } catch (const BundleError& error) {
    throw InputError(words(folder.string(), ": not a bundle alone (", error.what(),
                           "); nothing was written; name another place"));
  }
}

void copy_synced(const fs::path& from, const fs::path& to) {
  fs::create_directories(to.parent_path());
  fs::copy_file(from, to);
  sync(to);
}

}  // namespace edgeattn
