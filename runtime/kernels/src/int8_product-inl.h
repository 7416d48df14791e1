// The product of rounded rows and packed weights, by tiles that stay in registers.
#if defined(EDGEATTN_INT8_PRODUCT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_INT8_PRODUCT_INL_H
#undef EDGEATTN_INT8_PRODUCT_INL_H
#else
#define EDGEATTN_INT8_PRODUCT_INL_H
#endif

#include "hwy/cache_control.h"
#include "int8_layer.hpp"
#include "round_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

template <class Dot>
constexpr std::size_t kWidth = Dot::kVectors* kLanes;  // columns of a panel

/// A tile's numbers, a row after the other.
template <class Dot, class T>
struct Tile {
  HWY_ALIGN T values[Dot::kRows * kWidth<Dot>];

  HWY_INLINE T* at(std::size_t row, std::size_t vector) {
    return values + row * kWidth<Dot> + vector * kLanes;
  }
};

/// What is to be in the cache next: as many bytes as `steps` steps of a tile cover, `stride` apart.
struct Ahead {
  const std::uint8_t* start;
  std::size_t stride;
};

/// sums = rows times weights, over `groups` groups of the inner dimension; `stride` values lie from row to
/// row.
template <class Dot, std::size_t kRows>
HWY_INLINE void multiply_rows(const typename Dot::Value* HWY_RESTRICT rows, std::size_t stride,
                              const std::int8_t* HWY_RESTRICT weights, std::size_t groups, Ahead ahead,
                              Tile<Dot, std::int32_t>& tile) {
  constexpr auto kTogether = Dot::kTogether, kVectors = Dot::kVectors * kTogether;
  constexpr auto kSteps = (kRows + kTogether - 1) / kTogether;
  typename Dot::Sum sums[kSteps][kVectors];
  HWY_UNROLL(8)
  for (std::size_t s = 0; s < kSteps; ++s)
    HWY_UNROLL(8) for (std::size_t v = 0; v < kVectors; ++v) sums[s][v] = Dot::zero();

  for (std::size_t g = 0; g < groups; ++g) {
    decltype(Dot::load(weights)) columns[kVectors];
    HWY_UNROLL(8) for (std::size_t v = 0; v < kVectors; ++v) {
      columns[v] = Dot::load(weights + v * kLanes * Dot::kGroup / kTogether);
    }
    hwy::Prefetch(ahead.start + g * ahead.stride);
    HWY_UNROLL(8) for (std::size_t s = 0; s < kSteps; ++s) {
      const auto row = s * kTogether;
      const auto to_second = row + 1 < kRows ? stride : 0;  // the last row of an odd number stands for two
      const auto activations = Dot::broadcast(rows + row * stride + g * Dot::kGroup, to_second);
      HWY_UNROLL(8)
      for (std::size_t v = 0; v < kVectors; ++v) Dot::add(sums[s][v], activations, columns[v]);
    }
    weights += kWidth<Dot> * Dot::kGroup;
  }

  HWY_UNROLL(8)
  for (std::size_t r = 0; r < kRows; ++r) HWY_UNROLL(4) for (std::size_t v = 0; v < Dot::kVectors; ++v) {
      hn::Store(Dot::total(&sums[r / kTogether][v * kTogether], r % kTogether), Ints(), tile.at(r, v));
    }
}

template <class Dot>
HWY_NOINLINE void multiply(std::size_t count, const typename Dot::Value* rows, std::size_t stride,
                           const std::int8_t* weights, std::size_t groups, Ahead ahead,
                           Tile<Dot, std::int32_t>& tile) {
  static_assert(Dot::kRows <= 8);
  switch (count) {
    case 1:
      return multiply_rows<Dot, 1>(rows, stride, weights, groups, ahead, tile);
    case 2:
      return multiply_rows<Dot, 2>(rows, stride, weights, groups, ahead, tile);
    case 3:
      return multiply_rows<Dot, 3>(rows, stride, weights, groups, ahead, tile);
    case 4:
      return multiply_rows<Dot, 4>(rows, stride, weights, groups, ahead, tile);
    case 5:
      return multiply_rows<Dot, 5>(rows, stride, weights, groups, ahead, tile);
    case 6:
      return multiply_rows<Dot, 6>(rows, stride, weights, groups, ahead, tile);
    case 7:
      if constexpr (Dot::kRows >= 7) multiply_rows<Dot, 7>(rows, stride, weights, groups, ahead, tile);
      return;
    case 8:
      if constexpr (Dot::kRows >= 8) multiply_rows<Dot, 8>(rows, stride, weights, groups, ahead, tile);
      return;
  }
}

/// Adds a block's sums, rows of a panel, to the products: scale times the sum of (value - zero) times weight.
template <class Dot>
HWY_INLINE void add_block(const std::int32_t* sums, const RowScale* row_scales, std::size_t count, bool first,
                          const float* HWY_RESTRICT scale, const std::int32_t* HWY_RESTRICT weight_sum,
                          Tile<Dot, float>& products) {
  const Floats d;
  const Ints di;
  for (std::size_t v = 0; v < Dot::kVectors; ++v) {
    const auto column_scales = hn::Load(d, scale + v * kLanes);
    const auto column_sums = hn::Load(di, weight_sum + v * kLanes);
    for (std::size_t r = 0; r < count; ++r) {
      auto sum = hn::Load(di, sums + r * kWidth<Dot> + v * kLanes);
      if (!Dot::kCentered) sum = hn::Sub(sum, hn::Mul(hn::Set(di, row_scales[r].zero), column_sums));
      const auto before = first ? hn::Zero(d) : hn::Load(d, products.at(r, v));
      hn::Store(hn::MulAdd(hn::ConvertTo(d, sum), column_scales, before), d, products.at(r, v));
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
