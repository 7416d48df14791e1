#ifdef _WIN32

#include <windows.h>

#include <cwchar>
#include <fstream>
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

struct HeldFolder::Lock {
  fs::path folder;
  Handle mutex;
};

/// A mutex has the name of the folder's number on its disk, which a new name does not change. Whoever made it
/// has the lock; it ends with the last handle, and so with the process.
std::unique_ptr<const HeldFolder> HeldFolder::at(const fs::path& folder) {
  if (fs::is_symlink(folder)) return nullptr;
  const auto handle = opened(folder, FILE_READ_ATTRIBUTES);
  BY_HANDLE_FILE_INFORMATION found{};
  if (!handle || !GetFileInformationByHandle(handle.get(), &found)) return nullptr;
  wchar_t name[64];
  std::swprintf(name, std::size(name), L"Global\\edgeattn-%08lx-%08lx%08lx", found.dwVolumeSerialNumber,
                found.nFileIndexHigh, found.nFileIndexLow);
  SetLastError(ERROR_SUCCESS);
  auto mutex = owned(CreateMutexW(nullptr, FALSE, name));
  if (GetLastError() != ERROR_SUCCESS) return nullptr;
  auto lock = std::make_shared<const Lock>(Lock{folder, std::move(mutex)});
  return std::unique_ptr<const HeldFolder>(new HeldFolder(std::move(lock)));
}

bool HeldFolder::is_own() const { return fs::is_directory(lock_->folder); }

std::vector<std::string> HeldFolder::names() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(lock_->folder)) names.push_back(entry.path().filename().u8string());
  return names;
}

bool HeldFolder::has_folder(const std::string& name) const {
  return fs::is_directory(fs::symlink_status(lock_->folder / name));
}

std::string HeldFolder::read(const std::string& name, std::size_t most) const {
  const auto path = lock_->folder / name;
  if (!fs::is_regular_file(fs::symlink_status(path))) return "";
  std::ifstream file(path, std::ios::binary);
  std::string bytes(most, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(most));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

void HeldFolder::move_out(const std::string& name, const fs::path& to) const { fs::rename(lock_->folder / name, to); }

void HeldFolder::remove_file(const std::string& name) const {
  std::error_code ignored;
  fs::remove(lock_->folder / name, ignored);
}

void HeldFolder::remove_folder(const std::string& name) const {
  std::error_code ignored;
  if (has_folder(name)) fs::remove_all(lock_->folder / name, ignored);
}

bool make_private(const fs::path& folder) { return fs::create_directory(folder); }

bool exchanged(const fs::path&, const fs::path&) { return false; }

void sync(const fs::path& path) {
  if (fs::is_directory(path)) return;  // what a folder lists is in the file system's journal
  const auto handle = opened(path, GENERIC_WRITE);
  if (!handle || !FlushFileBuffers(handle.get())) fail(path);
}

bool writable(const fs::path& folder) { return opened(folder, FILE_ADD_FILE) != nullptr; }

}  // namespace edgeattn

#endif
