// Memory for vectors: aligned to a cache line, and not initialized.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>

#include "error.hpp"

namespace edgeattn::kernels {

constexpr std::size_t kCacheLine = 64;

/// Returns `value` rounded up to a multiple of `unit`.
constexpr std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t count) : size_(count), data_(allocate(count)) {}

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  T& operator[](std::size_t i) { return data_.get()[i]; }
  const T& operator[](std::size_t i) const { return data_.get()[i]; }
  std::size_t size() const { return size_; }

 private:
  struct Release {
    void operator()(T* data) const { ::operator delete(data, std::align_val_t(kCacheLine)); }
  };

  static T* allocate(std::size_t count) {
    require(count <= std::numeric_limits<std::size_t>::max() / sizeof(T) / 2, "too large a buffer");
    return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t(kCacheLine)));
  }

  std::size_t size_ = 0;
  std::unique_ptr<T, Release> data_;
};

}  // namespace edgeattn::kernels
