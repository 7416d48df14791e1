#ifdef _WIN32

#include <io.h>
#include <windows.h>

#include <algorithm>

#include "file_part.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

constexpr std::size_t kMostRead = 1 << 30;  // bytes of a call, which takes 32 bits of them

}  // namespace

struct FilePart::File {
  explicit File(int descriptor) {
    const auto own = GetCurrentProcess();
    const auto given = reinterpret_cast<HANDLE>(_get_osfhandle(descriptor));
    if (!DuplicateHandle(own, given, own, &handle, 0, FALSE, DUPLICATE_SAME_ACCESS)) handle = nullptr;
  }
  ~File() {
    if (handle) CloseHandle(handle);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  HANDLE handle = nullptr;
};

FilePart::FilePart(int descriptor, std::int64_t offset, std::size_t bytes, const std::string& name)
    : file_(std::make_shared<const File>(descriptor)), offset_(static_cast<std::uint64_t>(offset)), size_(bytes), name_(name) {
  LARGE_INTEGER size{};
  if (!file_->handle || !GetFileSizeEx(file_->handle, &size))
    throw InputError(words(name, ": descriptor ", descriptor, " found, one of an open file expected"));
  if (offset < 0 || offset > size.QuadPart || bytes > static_cast<std::uint64_t>(size.QuadPart - offset))
    throw InputError(words(name, ": ", bytes, " bytes from ", offset, " expected, a file of ", size.QuadPart, " found"));
}

void FilePart::read(std::size_t at, char* place, std::size_t bytes) const {
  while (bytes > 0) {
    OVERLAPPED from{};
    from.Offset = static_cast<DWORD>(offset_ + at);
    from.OffsetHigh = static_cast<DWORD>((offset_ + at) >> 32);
    DWORD came = 0;
    if (!ReadFile(file_->handle, place, static_cast<DWORD>(std::min(bytes, kMostRead)), &came, &from) || came == 0)
      throw BundleError(words(name_, ": cut, or cannot be read any more; hand the file over again"));
    at += came, place += came, bytes -= came;
  }
}

}  // namespace edgeattn

#endif
