// Memory for what a kernel computes on the way: one block for each calling thread, as large as its largest
// call.
#pragma once

#include <cstddef>

#include "buffer.hpp"

namespace edgeattn::kernels {

/// Adds up what a call takes, before it takes any.
class ScratchSize {
 public:
  template <class T>
  void add(std::size_t count) {
    require(count <= std::numeric_limits<std::size_t>::max() / sizeof(T) / 4, "too much scratch memory");
    const auto bytes = round_up(count * sizeof(T), kCacheLine);
    require(bytes_ + bytes >= bytes_, "too much scratch memory");
    bytes_ += bytes;
  }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

/// Hands out parts of the calling thread's block, each aligned to a cache line. A thread has one Scratch at a
/// time: a later one takes the same memory.
///
///     ScratchSize size;
///     size.add<float>(rows);
///     Scratch scratch(size);
///     float* scales = scratch.take<float>(rows);
class Scratch {
 public:
  explicit Scratch(const ScratchSize& size) : next_(block(size.bytes())) {}

  template <class T>
  T* take(std::size_t count) {
    auto* const start = next_;
    next_ += round_up(count * sizeof(T), kCacheLine);
    return reinterpret_cast<T*>(start);
  }

 private:
  static std::byte* block(std::size_t bytes) {
    thread_local Buffer<std::byte> memory;
    if (bytes > memory.size()) {
      memory = {};  // freed first: the two need not fit in memory together
      memory = Buffer<std::byte>(bytes);
    }
    return memory.data();  // lives on with the thread. NOLINT(clang-analyzer-cplusplus.NewDelete)
  }

  std::byte* next_;
};

}  // namespace edgeattn::kernels
