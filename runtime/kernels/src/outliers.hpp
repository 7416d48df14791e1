// Values of a row that lie outside of what its step covers in 8 bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "int8_layer.hpp"

namespace edgeattn::kernels {

/// `excess` is what the whole number of a value has beyond those of 8 bits.
struct Outlier {
  std::uint32_t row, k;
  std::int32_t excess;
};

constexpr std::size_t kMostOutliers = 16;   // of a row
constexpr std::size_t kOutlierShare = 128;  // values for each outlier
constexpr std::int32_t kShortest = 16;      // the row's range in that of its other values, at most
constexpr std::int32_t kMostWhole = 255 * kShortest;

constexpr std::size_t most_outliers(std::size_t inner) {
  return inner / kOutlierShare < kMostOutliers ? inner / kOutlierShare : kMostOutliers;
}

static_assert((255 * kMaxInner + kMostOutliers * kMostWhole) * 128 <= INT32_MAX,
              "a row's sum fits in 32 bits");

}  // namespace edgeattn::kernels
