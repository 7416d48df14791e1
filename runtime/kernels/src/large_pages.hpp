// Memory in large pages, for weights: what each run reads from end to end waits for fewer entries of the page
// table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace edgeattn::kernels {

/// Returns memory of this size, aligned to a cache line and not initialized.
///
/// It comes out of a block that several share, so that no page is left half empty; the last of them frees it.
///
/// @throws std::bad_alloc
std::shared_ptr<std::byte> in_large_pages(std::size_t bytes);

/// Packed weights, in large pages.
class Weights {
 public:
  Weights() = default;
  explicit Weights(std::size_t size) : size_(size), data_(in_large_pages(size)) {}

  std::int8_t* data() { return reinterpret_cast<std::int8_t*>(data_.get()); }
  const std::int8_t* data() const { return reinterpret_cast<const std::int8_t*>(data_.get()); }
  std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 0;
  std::shared_ptr<std::byte> data_;
};

}  // namespace edgeattn::kernels
