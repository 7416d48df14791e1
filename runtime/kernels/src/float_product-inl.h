// Products of small float matrices that stay in registers, and the transposition of their right side.

#if defined(EDGEATTN_FLOAT_PRODUCT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_FLOAT_PRODUCT_INL_H
#undef EDGEATTN_FLOAT_PRODUCT_INL_H
#else
#define EDGEATTN_FLOAT_PRODUCT_INL_H
#endif

#include <cstddef>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::CappedTag<float, 16>;
using FloatVec = hn::Vec<FloatTag>;
constexpr std::size_t kFloatLanes = hn::MaxLanes(FloatTag());

// Sums of a tile fill the registers: rows times vectors, one vector each of the right side, and one element of the left.
#if HWY_ARCH_ARM_A64
constexpr std::size_t kTileRows = 6, kTileVectors = 4;  // of 32 registers
#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
constexpr std::size_t kTileRows = 12, kTileVectors = 2;  // of 32
#else
constexpr std::size_t kTileRows = 6, kTileVectors = 2;  // of 16
#endif

// The left side of a product, (rows, inner): element (i, k) lies at data[i * kRow + k * kStep].
template <std::size_t kRow, std::size_t kStep>
struct LeftSide {
  const float* data;
};

// out (kRows, kVectors * lanes) = left (kRows, inner) * right (inner, ...); with `decay`, plus what was there times decay of its row.
template <std::size_t kRows, std::size_t kVectors, std::size_t kRow, std::size_t kStep>
HWY_INLINE void multiply_tile(LeftSide<kRow, kStep> left, const float* HWY_RESTRICT right, std::size_t right_row, std::size_t inner,
                             const float* decay, float* HWY_RESTRICT out, std::size_t out_row) {
  const FloatTag d;
  FloatVec sums[kRows][kVectors];
  HWY_UNROLL(12)
  for (std::size_t i = 0; i < kRows; ++i) {
    HWY_UNROLL(4)
    for (std::size_t j = 0; j < kVectors; ++j) sums[i][j] = hn::Zero(d);
  }
  const float* a = left.data;
  for (std::size_t k = 0; k < inner; ++k, a += kStep, right += right_row) {
    FloatVec b[kVectors];
    HWY_UNROLL(4)
    for (std::size_t j = 0; j < kVectors; ++j) b[j] = hn::LoadU(d, right + j * kFloatLanes);
    HWY_UNROLL(12)
    for (std::size_t i = 0; i < kRows; ++i) {
      const FloatVec element = hn::Set(d, a[i * kRow]);
      HWY_UNROLL(4)
      for (std::size_t j = 0; j < kVectors; ++j) sums[i][j] = hn::MulAdd(element, b[j], sums[i][j]);
    }
  }
  HWY_UNROLL(12)
  for (std::size_t i = 0; i < kRows; ++i) {
    HWY_UNROLL(4)
    for (std::size_t j = 0; j < kVectors; ++j) {
      float* HWY_RESTRICT to = out + i * out_row + j * kFloatLanes;
      hn::StoreU(decay ? hn::MulAdd(hn::LoadU(d, to), hn::Set(d, decay[i]), sums[i][j]) : sums[i][j], d, to);
    }
  }
}

// The same for any number of columns that is a multiple of the lanes.
template <std::size_t kRows, std::size_t kRow, std::size_t kStep>
HWY_INLINE void multiply_rows(LeftSide<kRow, kStep> left, const float* HWY_RESTRICT right, std::size_t right_row, std::size_t inner,
                             const float* decay, float* HWY_RESTRICT out, std::size_t out_row, std::size_t columns) {
  constexpr std::size_t kWide = kTileVectors * kFloatLanes;
  std::size_t n = 0;
  for (; n + kWide <= columns; n += kWide) {
    multiply_tile<kRows, kTileVectors>(left, right + n, right_row, inner, decay, out + n, out_row);
  }
  for (; n < columns; n += kFloatLanes) {
    multiply_tile<kRows, 1>(left, right + n, right_row, inner, decay, out + n, out_row);
  }
}

// to (columns, to_row) = from (rows, columns)ᵀ: a row of `from` becomes a column, and columns from `rows` to `to_row` are 0.
inline void transpose(const float* HWY_RESTRICT from, std::size_t from_row, std::size_t rows, std::size_t columns, float* HWY_RESTRICT to,
                      std::size_t to_row) {
  const hn::FixedTag<float, 4> d;
  const hn::RepartitionToWide<decltype(d)> pairs;
  std::size_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const float* x = from + r * from_row;
    std::size_t c = 0;
    for (; c + 4 <= columns; c += 4) {
      const auto x0 = hn::LoadU(d, x + c), x1 = hn::LoadU(d, x + from_row + c);
      const auto x2 = hn::LoadU(d, x + 2 * from_row + c), x3 = hn::LoadU(d, x + 3 * from_row + c);
      const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, x0, x1));   // columns c and c + 1 of rows 0 and 1
      const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, x0, x1));  // columns c + 2 and c + 3
      const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, x2, x3));
      const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, x2, x3));
      float* y = to + c * to_row + r;
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, y);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, y + to_row);
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, y + 2 * to_row);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, y + 3 * to_row);
    }
    for (; c < columns; ++c) {
      for (std::size_t i = 0; i < 4; ++i) to[c * to_row + r + i] = x[i * from_row + c];
    }
  }
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t i = r; i < rows; ++i) to[c * to_row + i] = from[i * from_row + c];
    for (std::size_t i = rows; i < to_row; ++i) to[c * to_row + i] = 0.0f;
  }
}

// The products of one row with each of `count` others.
inline void multiply_by_each(const float* HWY_RESTRICT row, const float* HWY_RESTRICT others, std::size_t others_row, std::size_t count,
                           std::size_t size, float* HWY_RESTRICT out) {
  const FloatTag d;
  const std::size_t whole = size / kFloatLanes * kFloatLanes, rest = size - whole;
  for (std::size_t t = 0; t < count; ++t, others += others_row) {
    FloatVec sum = rest ? hn::Mul(hn::LoadN(d, row + whole, rest), hn::LoadN(d, others + whole, rest)) : hn::Zero(d);
    for (std::size_t k = 0; k < whole; k += kFloatLanes) sum = hn::MulAdd(hn::LoadU(d, row + k), hn::LoadU(d, others + k), sum);
    out[t] = hn::ReduceSum(d, sum);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn
HWY_AFTER_NAMESPACE();

#endif
