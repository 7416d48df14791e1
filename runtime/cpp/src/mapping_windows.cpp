#ifdef _WIN32

#include <io.h>
#include <windows.h>

#include "mapping.hpp"
#include "words.hpp"

namespace edgeattn {

Mapping mapped(int descriptor, std::int64_t offset, std::size_t bytes, const std::string& name) {
  const auto file = reinterpret_cast<HANDLE>(_get_osfhandle(descriptor));
  LARGE_INTEGER size{};
  if (!GetFileSizeEx(file, &size))
    throw InputError(words(name, ": descriptor ", descriptor, " found, one of an open file expected"));
  if (offset < 0 || offset > size.QuadPart || bytes > static_cast<std::uint64_t>(size.QuadPart - offset))
    throw InputError(words(name, ": ", bytes, " bytes from ", offset, " expected, a file of ", size.QuadPart, " found"));
  SYSTEM_INFO system;
  GetSystemInfo(&system);
  const auto before = static_cast<std::size_t>(offset % system.dwAllocationGranularity);
  const auto begin = static_cast<std::uint64_t>(offset) - before;
  const std::shared_ptr<void> mapping(CreateFileMappingW(file, nullptr, PAGE_READONLY, 0, 0, nullptr), CloseHandle);
  auto* start = mapping ? MapViewOfFile(mapping.get(), FILE_MAP_READ, static_cast<DWORD>(begin >> 32),
                                        static_cast<DWORD>(begin), before + bytes)
                        : nullptr;
  if (!start) throw InputError(words(name, ": cannot be mapped; hand it over in memory"));
  const std::shared_ptr<const void> owner(start, UnmapViewOfFile);
  return {{static_cast<const char*>(start) + before, bytes}, owner};
}

}  // namespace edgeattn

#endif
