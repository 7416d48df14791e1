// The loops of products, on numbers in the first cache. Compiled for each instruction set.
#include "compiled_for.hpp"
//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "peak.cpp"
#include "hwy/foreach_target.h"  // before all that includes highway.h
//
#include <vector>

#include "float_product-inl.h"
#include "instruction_set.hpp"
#include "int8_product-inl.h"
#include "peak.hpp"
#include "seconds.hpp"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {
namespace {

constexpr std::size_t kCalls = 64;

// Inner dimensions of which a panel of weights, or a block of keys, stays in the first cache. Known at run
// time alone: a compiler makes other loops for what it knows.
volatile std::size_t int8_inner = 384, float_inner = 128;

// In thousands of millions a second; a product and its sum are two.
template <class Multiply>
double speed(std::size_t products, const Multiply& multiply_tile) {
  const auto time = seconds([&] {
    for (std::size_t i = 0; i < kCalls; ++i) multiply_tile();
  });
  return 2e-9 * static_cast<double>(kCalls * products) / time;
}

template <class Dot>
double int8_speed() {
  const auto inner = int8_inner, groups = inner / Dot::kGroup;
  const std::vector<typename Dot::Value> rows(Dot::kRows * inner, 1);
  const std::vector<std::int8_t> weights(kWidth<Dot> * inner, 1);
  Tile<Dot, std::int32_t> sums;
  return speed(Dot::kRows * kWidth<Dot> * inner, [&] {
    multiply<Dot>(rows.size() / inner, rows.data(), inner, weights.data(), groups, {weights.data(), 0}, sums);
  });
}

double float_speed() {
  constexpr std::size_t kColumns = kTileVectors * kLanes;
  const auto inner = float_inner;
  const std::vector<float> left(kTileRows * inner, 1), right(inner * kColumns, 1);
  std::vector<float> sums(kTileRows * kColumns);
  return speed(kTileRows * kColumns * inner, [&] {
    multiply(left.size() / inner, {left.data(), inner}, Rows{right.data(), kColumns}, inner, nullptr,
             sums.data(), kColumns, kColumns);
  });
}

}  // namespace

Peak peak_of(bool dot_product) {
  return {kAlwaysQuads || dot_product ? int8_speed<Quads>() : int8_speed<Pairs>(), float_speed()};
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgeattn::kernels {
namespace {
constexpr decltype(&HWY_STATIC_DISPATCH(peak_of)) kPeakOf[] = COMPILED_FOR_TARGETS(peak_of);
}  // namespace

Peak measure_peak() {
  const auto target = targets().front();
  return kPeakOf[table_index(target)](has_dot_product(target));
}

}  // namespace edgeattn::kernels
#endif
