#ifdef _WIN32

#include <windows.h>

#include <cwchar>
#include <iterator>
#include <system_error>

#include "disk.hpp"

namespace edgeattn {
namespace {

namespace fs = std::filesystem;

constexpr DWORD kShared = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

using Handle = std::shared_ptr<void>;

Handle owned(HANDLE handle) {
  return handle == nullptr || handle == INVALID_HANDLE_VALUE ? nullptr : Handle(handle, CloseHandle);
}

/// Opens a file or a folder; null where it cannot be.
Handle opened(const fs::path& path, DWORD access) {
  return owned(CreateFileW(path.c_str(), access, kShared, nullptr, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS,
                           nullptr));
}

[[noreturn]] void fail(const fs::path& path) {
  const auto error = static_cast<int>(GetLastError());
  throw fs::filesystem_error("", path, std::error_code(error, std::system_category()));
}

}  // namespace

/// A mutex has the name of the folder's number on its disk, which a new name does not change. Whoever made it
/// has the lock; it ends with the last handle, and so with the process.
FolderLock locked(const fs::path& folder) {
  const auto handle = opened(folder, FILE_READ_ATTRIBUTES);
  BY_HANDLE_FILE_INFORMATION found{};
  if (!handle || !GetFileInformationByHandle(handle.get(), &found)) return nullptr;
  wchar_t name[64];
  std::swprintf(name, std::size(name), L"Global\\edgeattn-%08lx-%08lx%08lx", found.dwVolumeSerialNumber,
                found.nFileIndexHigh, found.nFileIndexLow);
  SetLastError(ERROR_SUCCESS);
  auto mutex = owned(CreateMutexW(nullptr, FALSE, name));
  return GetLastError() == ERROR_SUCCESS ? mutex : nullptr;
}

bool exchanged(const fs::path&, const fs::path&) { return false; }

void sync(const fs::path& path) {
  if (fs::is_directory(path)) return;  // what a folder lists is in the file system's journal
  const auto handle = opened(path, GENERIC_WRITE);
  if (!handle || !FlushFileBuffers(handle.get())) fail(path);
}

bool writable(const fs::path& folder) { return opened(folder, FILE_ADD_FILE) != nullptr; }

}  // namespace edgeattn

#endif
