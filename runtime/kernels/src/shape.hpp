// The dimensions of a tensor, without memory of their own: a call allocates nothing.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>

#include "error.hpp"

namespace edgeattn::kernels {

class Shape {
 public:
  static constexpr std::size_t kMaxRank = 8;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dims) : Shape(dims.begin(), dims.size()) {}
  Shape(const std::int64_t* dims, std::size_t rank) : rank_(rank) {
    require(rank <= kMaxRank, "a tensor of rank ", rank, "; the kernels take up to ", kMaxRank);
    std::copy_n(dims, rank, dims_.begin());
  }

  std::size_t rank() const { return rank_; }
  const std::int64_t* begin() const { return dims_.data(); }
  const std::int64_t* end() const { return dims_.data() + rank_; }
  std::int64_t operator[](std::size_t axis) const { return dims_[axis]; }
  std::int64_t& operator[](std::size_t axis) { return dims_[axis]; }
  std::int64_t last() const { return dims_[rank_ - 1]; }

  bool operator==(const Shape& other) const { return std::equal(begin(), end(), other.begin(), other.end()); }
  bool operator!=(const Shape& other) const { return !(*this == other); }

  /// Returns the product of the first `axes` dimensions.
  ///
  /// @throws Error where a dimension is negative, or the product does not fit.
  std::int64_t elements(std::size_t axes) const {
    std::int64_t product = 1;
    for (std::size_t axis = 0; axis < axes; ++axis) {
      const auto dim = dims_[axis];
      require(dim >= 0, "a dimension of ", dim);
      require(dim == 0 || product <= std::numeric_limits<std::int64_t>::max() / dim, "too many elements");
      product *= dim;
    }
    return product;
  }
  std::int64_t elements() const { return elements(rank_); }

 private:
  std::array<std::int64_t, kMaxRank> dims_{};
  std::size_t rank_ = 0;
};

inline std::string text(const Shape& shape) {
  std::string all = "(";
  for (std::size_t axis = 0; axis < shape.rank(); ++axis)
    all += (axis ? ", " : "") + std::to_string(shape[axis]);
  return all + ")";
}

}  // namespace edgeattn::kernels
