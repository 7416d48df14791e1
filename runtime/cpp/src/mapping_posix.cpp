#ifndef _WIN32

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boundary.hpp"
#include "mapping.hpp"

namespace edgeattn {

Mapping mapped(int descriptor, std::int64_t offset, std::size_t bytes, const std::string& name) {
  struct stat found {};
  if (::fstat(descriptor, &found) != 0 || !S_ISREG(found.st_mode))
    throw InputError(words(name, ": descriptor ", descriptor, " found, one of an open file expected"));
  const auto size = static_cast<std::uint64_t>(found.st_size);
  if (offset < 0 || static_cast<std::uint64_t>(offset) > size || bytes > size - static_cast<std::uint64_t>(offset))
    throw InputError(words(name, ": ", bytes, " bytes from ", offset, " expected, a file of ", size, " found"));
  const auto page = static_cast<std::int64_t>(::sysconf(_SC_PAGESIZE));
  const auto before = static_cast<std::size_t>(offset % page), length = before + bytes;
  auto* start = ::mmap(nullptr, length, PROT_READ, MAP_PRIVATE, descriptor, static_cast<off_t>(offset - offset % page));
  if (start == MAP_FAILED) {
    check_resources(name);
    throw InputError(words(name, ": cannot be mapped; hand it over in memory"));
  }
  const std::shared_ptr<const void> owner(start, [length](void* mapping) { ::munmap(mapping, length); });
  return {{static_cast<const char*>(start) + before, bytes}, owner};
}

}  // namespace edgeattn

#endif
