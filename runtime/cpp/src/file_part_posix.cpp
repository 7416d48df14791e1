#ifndef _WIN32

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "boundary.hpp"
#include "descriptor.hpp"
#include "file_part.hpp"

namespace edgeattn {
namespace {

constexpr std::size_t kMostRead = 1 << 30;  // bytes of a call: systems take no more than 2 GB

}  // namespace

struct FilePart::File : Descriptor {
  using Descriptor::Descriptor;
};

FilePart::FilePart(int descriptor, std::int64_t offset, std::size_t bytes, const std::string& name)
    : file_(std::make_shared<const File>(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0))),
      offset_(static_cast<std::uint64_t>(offset)),
      size_(bytes),
      name_(name) {
  if (file_->value() < 0) check_resources(name);
  struct stat found {};
  if (::fstat(file_->value(), &found) != 0 || !S_ISREG(found.st_mode))
    throw InputError(words(name, ": descriptor ", descriptor, " found, one of an open file expected"));
  const auto size = static_cast<std::uint64_t>(found.st_size);
  if (offset < 0 || offset_ > size || bytes > size - offset_)
    throw InputError(words(name, ": ", bytes, " bytes from ", offset, " expected, a file of ", size, " found"));
}

void FilePart::read(std::size_t at, char* place, std::size_t bytes) const {
  while (bytes > 0) {
    const auto got = ::pread(file_->value(), place, std::min(bytes, kMostRead), static_cast<off_t>(offset_ + at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw BundleError(words(name_, ": cut, or cannot be read any more; hand the file over again"));
    const auto came = static_cast<std::size_t>(got);
    at += came, place += came, bytes -= came;
  }
}

}  // namespace edgeattn

#endif
