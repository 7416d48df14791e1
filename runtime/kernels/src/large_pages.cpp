#include "large_pages.hpp"

#include <algorithm>
#include <mutex>
#include <new>

#include "buffer.hpp"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace edgeattn::kernels {
namespace {

#ifdef EDGEATTN_KERNELS_SANITIZED  // a block for each, so that what is read behind it is noticed
constexpr std::size_t kPage = kCacheLine, kBlock = kCacheLine;
#else
constexpr std::size_t kPage = 2 << 20, kBlock = 32 << 20;  // of which the system gives what is used
#endif

struct Block {
  std::weak_ptr<std::byte> start;
  std::size_t size = 0, used = 0;
};

struct Release {
  void operator()(std::byte* data) const { ::operator delete(data, std::align_val_t(kPage)); }
};

std::shared_ptr<std::byte> new_block(std::size_t size) {
  std::shared_ptr<std::byte> block(static_cast<std::byte*>(::operator new(size, std::align_val_t(kPage))),
                                   Release());
#if defined(__linux__) && !defined(EDGEATTN_KERNELS_SANITIZED)
  madvise(block.get(), size, MADV_HUGEPAGE);  // where the system has none, pages stay small
#endif
  return block;
}

}  // namespace

std::shared_ptr<std::byte> in_large_pages(std::size_t bytes) {
  static std::mutex mutex;
  static Block last;
  const std::lock_guard lock(mutex);
  const auto taken = round_up(std::max<std::size_t>(bytes, 1), kCacheLine);
  require(taken >= bytes, "too large a buffer");
  auto block = last.start.lock();
  if (!block || taken > last.size - last.used) {
    const auto size = std::max(kBlock, taken);
    block = new_block(size);
    last = {block, size, 0};
  }
  auto* const start = block.get() + last.used;
  last.used += taken;
  return {block, start};
}

}  // namespace edgeattn::kernels
