// Products of small float matrices that stay in registers, and the transposition of their right side.

#if defined(EDGEATTN_FLOAT_PRODUCT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_FLOAT_PRODUCT_INL_H
#undef EDGEATTN_FLOAT_PRODUCT_INL_H
#else
#define EDGEATTN_FLOAT_PRODUCT_INL_H
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "floats-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The sums of a tile (rows times vectors) stay in registers, beside a row of the right side and an element of
// the left.
#if HWY_ARCH_ARM_A64
constexpr std::size_t kTileRows = 6, kTileVectors = 4;  // of 32 registers
#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
constexpr std::size_t kTileRows = 12, kTileVectors = 2;  // of 32
#else
constexpr std::size_t kTileRows = 6, kTileVectors = 2;  // of 16
#endif

// Rows that lie `stride` apart.
template <class T>
struct RowsOf {
  const T* data;
  std::size_t stride;
};
using Rows = RowsOf<float>;

// The next vector of a row, as floats.
HWY_INLINE FloatVector load_floats(const float* from) { return hn::LoadU(Floats(), from); }
HWY_INLINE FloatVector load_floats(const std::int8_t* from) {
  const hn::RebindToSigned<Floats> whole;
  return hn::ConvertTo(Floats(), hn::PromoteTo(whole, hn::LoadU(hn::Rebind<std::int8_t, Floats>(), from)));
}

// The same of its last `count` elements, with zeros behind.
HWY_INLINE FloatVector load_floats(const float* from, std::size_t count) {
  return hn::LoadN(Floats(), from, count);
}
HWY_INLINE FloatVector load_floats(const std::int8_t* from, std::size_t count) {
  const hn::RebindToSigned<Floats> whole;
  return hn::ConvertTo(Floats(),
                       hn::PromoteTo(whole, hn::LoadN(hn::Rebind<std::int8_t, Floats>(), from, count)));
}

// A row's vector `i`.
template <class T>
HWY_INLINE FloatVector load_vector(const T* row, std::size_t i) {
  return load_floats(row + i * kLanes);
}

// out (kRows, kVectors * lanes) = left (kRows, inner) * right (inner, ...); where there is a decay, plus what
// was there times the decay of its row.
template <std::size_t kRows, std::size_t kVectors, class T>
HWY_INLINE void multiply_tile(Rows left, RowsOf<T> right, std::size_t inner, const float* decay,
                              float* HWY_RESTRICT out, std::size_t out_stride) {
  constexpr std::size_t kGroup = 3;  // rows that one pointer reaches: x86 adds once or twice a register to it
  const Floats d;
  FloatVector sums[kRows][kVectors];
  HWY_UNROLL(12)
  for (std::size_t i = 0; i < kRows; ++i) {
    HWY_UNROLL(8)
    for (std::size_t j = 0; j < kVectors; ++j) sums[i][j] = hn::Zero(d);
  }
  const float* groups[(kRows + kGroup - 1) / kGroup];
  for (std::size_t g = 0; g * kGroup < kRows; ++g) groups[g] = left.data + g * kGroup * left.stride;
  const T* HWY_RESTRICT row = right.data;
  for (std::size_t k = 0; k < inner; ++k, row += right.stride) {
    FloatVector b[kVectors];
    HWY_UNROLL(8)
    for (std::size_t j = 0; j < kVectors; ++j) b[j] = load_vector(row, j);
    HWY_UNROLL(12)
    for (std::size_t i = 0; i < kRows; ++i) {
      const FloatVector element = hn::Set(d, groups[i / kGroup][i % kGroup * left.stride]);
      HWY_UNROLL(8)
      for (std::size_t j = 0; j < kVectors; ++j) sums[i][j] = hn::MulAdd(element, b[j], sums[i][j]);
    }
    HWY_UNROLL(4)
    for (std::size_t g = 0; g * kGroup < kRows; ++g) ++groups[g];
  }
  HWY_UNROLL(12)
  for (std::size_t i = 0; i < kRows; ++i) {
    HWY_UNROLL(8)
    for (std::size_t j = 0; j < kVectors; ++j) {
      float* HWY_RESTRICT to = out + i * out_stride + j * kLanes;
      hn::StoreU(decay ? hn::MulAdd(hn::LoadU(d, to), hn::Set(d, decay[i]), sums[i][j]) : sums[i][j], d, to);
    }
  }
}

// The same for up to kTileRows rows and any columns that are a multiple of the lanes.
template <std::size_t kRows = kTileRows, class T>
void multiply(std::size_t rows, Rows left, RowsOf<T> right, std::size_t inner, const float* decay,
              float* HWY_RESTRICT out, std::size_t out_stride, std::size_t columns) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return multiply<kRows - 1>(rows, left, right, inner, decay, out, out_stride, columns);
  }
  constexpr std::size_t kVectors =
      kRows < 3 ? 4 : kTileVectors;  // few rows: more vectors, or sums wait for each other
  constexpr std::size_t kWide = kVectors * kLanes;
  std::size_t n = 0;
  for (; n + kWide <= columns; n += kWide)
    multiply_tile<kRows, kVectors>(left, RowsOf<T>{right.data + n, right.stride}, inner, decay, out + n,
                                   out_stride);
  for (; n < columns; n += kLanes)
    multiply_tile<kRows, 1>(left, RowsOf<T>{right.data + n, right.stride}, inner, decay, out + n, out_stride);
}

// In each block of four lanes, of 32 bits, the transpose of four vectors.
template <class V>
HWY_INLINE void transpose_blocks(V x0, V x1, V x2, V x3, V (&to)[4]) {
  const hn::DFromV<V> d;
  const hn::RepartitionToWide<decltype(d)> pairs;
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, x0, x1));  // columns 0 and 1 of two rows
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, x0, x1));  // columns 2 and 3
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, x2, x3));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, x2, x3));
  to[0] = hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23));
  to[1] = hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23));
  to[2] = hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23));
  to[3] = hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23));
}

// Four elements of each of kBlocks rows, which lie four rows apart.
template <std::size_t kBlocks>
HWY_INLINE hn::Vec<hn::FixedTag<float, 4 * kBlocks>> load_blocks(const float* const* rows,
                                                                 std::size_t column) {
  const hn::FixedTag<float, 4 * kBlocks> d;
  if constexpr (kBlocks == 1) {
    return hn::LoadU(d, rows[0] + column);
  } else {
    return hn::Combine(d, load_blocks<kBlocks / 2>(rows + 2 * kBlocks, column),
                       load_blocks<kBlocks / 2>(rows, column));
  }
}

// to (columns, lanes) = the transpose of as many rows as there are lanes.
HWY_INLINE void transpose_rows(const float* const (&rows)[kLanes], std::size_t columns,
                               float* HWY_RESTRICT to, std::size_t to_stride) {
  const Floats d;
  constexpr std::size_t kBlocks = kLanes / 4;
  std::size_t c = 0;
  for (; c + 4 <= columns; c += 4, to += 4 * to_stride) {
    FloatVector x[4];
    transpose_blocks(load_blocks<kBlocks>(rows, c), load_blocks<kBlocks>(rows + 1, c),
                     load_blocks<kBlocks>(rows + 2, c), load_blocks<kBlocks>(rows + 3, c), x);
    HWY_UNROLL(4)
    for (std::size_t i = 0; i < 4; ++i) hn::StoreU(x[i], d, to + i * to_stride);
  }
  for (; c < columns; ++c, to += to_stride) {
    for (std::size_t i = 0; i < kLanes; ++i) to[i] = rows[i][c];
  }
}

// to (columns, row count in whole vectors) = fromᵀ. What follows the last row is a copy of it.
inline void transpose(Rows from, std::size_t rows, std::size_t columns, float* HWY_RESTRICT to,
                      std::size_t to_stride) {
  const float* x[kLanes];
  std::size_t r = 0;
  for (; r + kLanes <= rows; r += kLanes) {
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kLanes; ++i) x[i] = from.data + (r + i) * from.stride;
    transpose_rows(x, columns, to + r, to_stride);
  }
  if (r == rows) return;
  for (std::size_t i = 0; i < kLanes; ++i) x[i] = from.data + std::min(r + i, rows - 1) * from.stride;
  transpose_rows(x, columns, to + r, to_stride);
}

// Returns the sums of each 4 lanes' place over all blocks of 4.
template <class V, class D = hn::DFromV<V>>
HWY_INLINE hn::Vec<hn::FixedTag<hn::TFromD<D>, 4>> sum_blocks(V v) {
  if constexpr (hn::MaxLanes(D()) == 4) {
    return v;
  } else {
    const hn::Half<D> half;
    return sum_blocks(hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

// The sums of all lanes of each of four vectors.
HWY_INLINE hn::Vec<hn::FixedTag<float, 4>> sums_of_lanes(const FloatVector (&sums)[4]) {
  const Floats d;
  const hn::RepartitionToWide<Floats> pairs;
  const auto even =
      hn::Add(hn::InterleaveLower(d, sums[0], sums[1]), hn::InterleaveUpper(d, sums[0], sums[1]));
  const auto odd =
      hn::Add(hn::InterleaveLower(d, sums[2], sums[3]), hn::InterleaveUpper(d, sums[2], sums[3]));
  const auto low = hn::InterleaveLower(pairs, hn::BitCast(pairs, even), hn::BitCast(pairs, odd));
  const auto high = hn::InterleaveUpper(pairs, hn::BitCast(pairs, even), hn::BitCast(pairs, odd));
  return sum_blocks(hn::Add(hn::BitCast(d, low), hn::BitCast(d, high)));
}

// out (kRows, count in fours) = rows (kRows, size) times each row of `others`, which are read once.
template <std::size_t kRows>
HWY_INLINE void multiply_by_each(Rows rows, Rows others, std::size_t count, std::size_t size,
                                 float* HWY_RESTRICT out, std::size_t out_stride) {
  const Floats d;
  const std::size_t whole = size / kLanes * kLanes, rest = size - whole;
  for (std::size_t t = 0; t < count; t += 4) {
    const float* x[4];
    FloatVector sums[kRows][4];
    HWY_UNROLL(4)
    for (std::size_t i = 0; i < 4; ++i) {
      x[i] = others.data + std::min(t + i, count - 1) * others.stride;
      HWY_UNROLL(2)
      for (std::size_t r = 0; r < kRows; ++r) sums[r][i] = hn::Zero(d);
    }
    for (std::size_t k = 0; k < whole; k += kLanes) {
      FloatVector a[kRows];
      HWY_UNROLL(2)
      for (std::size_t r = 0; r < kRows; ++r) a[r] = hn::LoadU(d, rows.data + r * rows.stride + k);
      HWY_UNROLL(4)
      for (std::size_t i = 0; i < 4; ++i) {
        const FloatVector b = load_floats(x[i] + k);
        HWY_UNROLL(2)
        for (std::size_t r = 0; r < kRows; ++r) sums[r][i] = hn::MulAdd(a[r], b, sums[r][i]);
      }
    }
    if (rest) {
      HWY_UNROLL(4)
      for (std::size_t i = 0; i < 4; ++i) {
        const FloatVector b = load_floats(x[i] + whole, rest);
        HWY_UNROLL(2)
        for (std::size_t r = 0; r < kRows; ++r) {
          const FloatVector a = hn::LoadN(d, rows.data + r * rows.stride + whole, rest);
          sums[r][i] = hn::MulAdd(a, b, sums[r][i]);
        }
      }
    }
    HWY_UNROLL(2)
    for (std::size_t r = 0; r < kRows; ++r)
      hn::StoreU(sums_of_lanes(sums[r]), hn::FixedTag<float, 4>(), out + r * out_stride + t);
  }
}

// to (size in whole vectors) = from (size) * factor; what follows is 0.
template <class T>
HWY_INLINE void scale_row(const T* HWY_RESTRICT from, std::size_t size, float factor,
                          float* HWY_RESTRICT to) {
  const Floats d;
  const FloatVector f = hn::Set(d, factor);
  std::size_t k = 0;
  for (; k + kLanes <= size; k += kLanes) hn::StoreU(hn::Mul(load_floats(from + k), f), d, to + k);
  if (k < size) hn::StoreU(hn::Mul(load_floats(from + k, size - k), f), d, to + k);
}

// The same, where nothing behind `to` may be touched.
HWY_INLINE void scale_row_within(const float* HWY_RESTRICT from, std::size_t size, float factor,
                                 float* HWY_RESTRICT to) {
  const Floats d;
  const FloatVector f = hn::Set(d, factor);
  std::size_t k = 0;
  for (; k + kLanes <= size; k += kLanes) hn::StoreU(hn::Mul(hn::LoadU(d, from + k), f), d, to + k);
  if (k < size) hn::StoreN(hn::Mul(hn::LoadU(d, from + k), f), d, to + k, size - k);
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();

#endif
