// Products of small matrices in bf16 with sums in float: by AMX's tiles, or by dot products of pairs.
#if defined(EDGEATTN_BF16_PRODUCT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_BF16_PRODUCT_INL_H
#undef EDGEATTN_BF16_PRODUCT_INL_H
#else
#define EDGEATTN_BF16_PRODUCT_INL_H
#endif

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "buffer.hpp"
#include "float_product-inl.h"
#include "hwy/highway.h"
#include "tile_registers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

using Bf16 = hwy::bfloat16_t;
using Halves = hn::Rebind<Bf16, Floats>;        // as many numbers as a vector of floats has
using WordHalves = hn::Rebind<std::uint16_t, Floats>;
using PairsOfBf16 = hn::Repartition<Bf16, Floats>;

// Highway's target decides what the compiler may use; the CPU is asked for these instructions first.
constexpr bool kHasBf16 = kHasTiles;

constexpr std::size_t kBf16Inner = 32;  // the inner width of both sides is a multiple of it
constexpr std::size_t kPanel = 16;      // columns

// The right side of a product: panels of 16 columns one behind the other, each (inner / 2, 16, 2), so that a
// column's two next numbers lie together.
struct Bf16Panels {
  const Bf16* data;
  std::size_t inner;

  HWY_INLINE const Bf16* operator[](std::size_t panel) const { return data + panel * inner * kPanel; }
};

// Rounds to the nearest, ties to even.
HWY_INLINE hn::Vec<Halves> to_bf16(FloatVector x) {
#if HWY_TARGET == HWY_AVX3_DL && defined(__x86_64__) && defined(__linux__)
  hn::Vec<Halves> rounded;
  asm("vcvtneps2bf16 %1, %0" : "=v"(rounded.raw) : "v"(x.raw));
  return rounded;
#else
  return hn::DemoteTo(Halves(), x);
#endif
}

// The next vector of a row of `size` floats, from `k` on; 0 behind its end.
HWY_INLINE FloatVector load_padded(const float* row, std::size_t size, std::size_t k) {
  if (k + kLanes <= size) return load_floats(row + k);
  return k < size ? load_floats(row + k, size - k) : hn::Zero(Floats());
}

// to (padded) = from (size) * factor; zeros follow.
HWY_INLINE void round_row(const float* HWY_RESTRICT from, std::size_t size, std::size_t padded, float factor,
                          Bf16* HWY_RESTRICT to) {
  const FloatVector f = hn::Set(Floats(), factor);
  for (std::size_t k = 0; k < padded; k += kLanes)
    hn::StoreU(to_bf16(hn::Mul(load_padded(from, size, k), f)), Halves(), to + k);
}

// Panels whose columns are `count` rows of `size` floats; the inner width is `padded`. `rows` (16, padded) is
// memory for a panel's rows.
inline void pack_columns(Rows from, std::size_t count, std::size_t size, std::size_t padded, Bf16* rows,
                         Bf16* to) {
  const Rows pairs = {reinterpret_cast<const float*>(rows), padded / 2};
  for (std::size_t first = 0; first < count; first += kPanel, to += padded * kPanel) {
    const auto own = std::min(kPanel, count - first);
    for (std::size_t i = 0; i < own; ++i)
      round_row(from.data + (first + i) * from.stride, size, padded, 1, rows + i * padded);
    std::fill(rows + own * padded, rows + kPanel * padded, Bf16{});
    transpose(pairs, kPanel, padded / 2, reinterpret_cast<float*>(to), kPanel);
  }
}

// Two vectors of floats as one, number by number: those of the first are the lower halves.
HWY_INLINE hn::Vec<PairsOfBf16> interleaved(FloatVector first, FloatVector second) {
  const hn::RebindToUnsigned<Floats> words;
  const auto widened = [&](FloatVector x) HWY_ATTR {
    return hn::PromoteTo(words, hn::BitCast(WordHalves(), to_bf16(x)));
  };
  return hn::BitCast(PairsOfBf16(), hn::Or(widened(first), hn::ShiftLeft<16>(widened(second))));
}

// Panels whose inner dimension is `count` rows of `size` floats; zeros follow up to `padded` rows.
inline void pack_rows(Rows from, std::size_t count, std::size_t size, std::size_t padded, Bf16* to) {
  for (std::size_t column = 0; column < size; column += kPanel)
    for (std::size_t k = 0; k < padded; k += 2)
      for (std::size_t c = column; c < column + kPanel; c += kLanes, to += 2 * kLanes) {
        const auto at = [&](std::size_t row) HWY_ATTR {
          return row < count ? load_padded(from.data + row * from.stride, size, c) : hn::Zero(Floats());
        };
        hn::StoreU(interleaved(at(k), at(k + 1)), PairsOfBf16(), to);
      }
}

// A way to multiply: `multiply` adds left (rows, inner), whose rows lie `left_stride` apart, times panels to
// sums (rows, 16 * panels); or, where it starts, writes it. An object of the way lives meanwhile.

/// By AMX: up to 16 rows by four panels are in registers.
template <class Registers>
class Bf16Tiles {
 public:
  static constexpr std::size_t kRows = 16;

  /// Takes products of up to so many rows; all of them are computed.
  explicit Bf16Tiles(std::size_t rows) : registers_(shapes(rows)) {}

  template <bool kStarts>
  HWY_INLINE void multiply(std::size_t /*rows*/, const Bf16* left, std::size_t left_stride, Bf16Panels right,
                           std::size_t inner, std::size_t panels, float* sums, std::size_t stride) const {
    const Product product{left, left_stride, inner, stride};
    std::size_t p = 0;
    for (; p + 4 <= panels; p += 4) by_panels<kStarts, 4>(product, right[p], right.inner, sums + p * kPanel);
    if (p + 2 <= panels) by_panels<kStarts, 2>(product, right[p], right.inner, sums + p * kPanel), p += 2;
    if (p < panels) by_panels<kStarts, 1>(product, right[p], right.inner, sums + p * kPanel);
  }

 private:
  struct Product {
    const Bf16* left;
    std::size_t left_stride, inner, stride;
  };

  // Registers 0 to 3 are sums, 4 is rows, 5 is a panel's.
  static TileShapes shapes(std::size_t rows) {
    TileShapes shapes;
    for (std::size_t i = 0; i < 6; ++i) {
      shapes.row_bytes[i] = kPanel * sizeof(float);
      shapes.rows[i] = static_cast<std::uint8_t>(i < 5 ? rows : kPanel);
    }
    return shapes;
  }

  template <int kSum, bool kStarts>
  static HWY_INLINE void start(float* sums, std::size_t stride) {
    if constexpr (kStarts)
      Registers::template zero<kSum>();
    else
      Registers::template load<kSum>(sums + kSum * kPanel, stride * sizeof(float));
  }
  template <int kSum>
  static HWY_INLINE void add(const Bf16* panel) {
    Registers::template load<5>(panel, 2 * kPanel * sizeof(Bf16));
    Registers::template multiply_bf16<kSum, 4, 5>();
  }
  template <int kSum>
  static HWY_INLINE void store(float* sums, std::size_t stride) {
    Registers::template store<kSum>(sums + kSum * kPanel, stride * sizeof(float));
  }

  template <bool kStarts, int kPanels>
  static HWY_INLINE void by_panels(const Product& product, const Bf16* panel, std::size_t panel_inner,
                                   float* sums) {
    const auto step = panel_inner * kPanel, stride = product.stride;
    start<0, kStarts>(sums, stride);
    if constexpr (kPanels > 1) start<1, kStarts>(sums, stride);
    if constexpr (kPanels > 2) start<2, kStarts>(sums, stride), start<3, kStarts>(sums, stride);
    for (std::size_t k = 0; k < product.inner; k += kBf16Inner, panel += kBf16Inner * kPanel) {
      Registers::template load<4>(product.left + k, product.left_stride * sizeof(Bf16));
      add<0>(panel);
      if constexpr (kPanels > 1) add<1>(panel + step);
      if constexpr (kPanels > 2) add<2>(panel + 2 * step), add<3>(panel + 3 * step);
    }
    store<0>(sums, stride);
    if constexpr (kPanels > 1) store<1>(sums, stride);
    if constexpr (kPanels > 2) store<2>(sums, stride), store<3>(sums, stride);
  }

  const Registers registers_;
};

/// By AVX512_BF16's dot products of pairs: up to 12 rows by two panels are in registers.
class Bf16Pairs {
 public:
  static constexpr std::size_t kRows = kTileRows;

  explicit Bf16Pairs(std::size_t /*rows*/) {}

  template <bool kStarts>
  void multiply(std::size_t rows, const Bf16* left, std::size_t left_stride, Bf16Panels right,
                std::size_t inner, std::size_t panels, float* sums, std::size_t stride) const {
    by_rows<kStarts, kRows>(rows, left, left_stride, right, inner, panels, sums, stride);
  }

 private:
  static HWY_INLINE void add(FloatVector& sum, hn::Vec<PairsOfBf16> left, hn::Vec<PairsOfBf16> right) {
#if HWY_TARGET == HWY_AVX3_DL && defined(__x86_64__) && defined(__linux__)
    asm("vdpbf16ps %2, %1, %0" : "+v"(sum.raw) : "v"(left.raw), "v"(right.raw));
#else
    sum = hn::Add(sum, hn::WidenMulPairwiseAdd(Floats(), left, right));
#endif
  }

  static HWY_INLINE hn::Vec<PairsOfBf16> broadcast(const Bf16* pair) {
    std::int32_t both;
    std::memcpy(&both, pair, sizeof both);
    return hn::BitCast(PairsOfBf16(), hn::Set(hn::RebindToSigned<Floats>(), both));
  }

  template <bool kStarts, std::size_t kCount>
  static void by_rows(std::size_t rows, const Bf16* left, std::size_t left_stride, Bf16Panels right,
                      std::size_t inner, std::size_t panels, float* sums, std::size_t stride) {
    if constexpr (kCount > 1)
      if (rows < kCount)
        return by_rows<kStarts, kCount - 1>(rows, left, left_stride, right, inner, panels, sums, stride);
    // Two vectors of columns, which may be of two panels.
    constexpr std::size_t kTogether = 2;
    const auto columns = panels * kPanel;
    const auto at = [&](std::size_t column) {
      return right[column / kPanel] + column % kPanel * 2;
    };
    std::size_t column = 0;
    for (; column + kTogether * kLanes <= columns; column += kTogether * kLanes)
      by_vectors<kStarts, kCount, kTogether>(left, left_stride, at(column), at(column + kLanes), inner,
                                             sums + column, stride);
    if (column < columns)
      by_vectors<kStarts, kCount, 1>(left, left_stride, at(column), nullptr, inner, sums + column, stride);
  }

  template <bool kStarts, std::size_t kCount, std::size_t kVectors>
  static HWY_INLINE void by_vectors(const Bf16* left, std::size_t left_stride, const Bf16* first,
                                    [[maybe_unused]] const Bf16* second, std::size_t inner, float* sums,
                                    std::size_t stride) {
    const Floats d;
    FloatVector total[kCount][kVectors];
    HWY_UNROLL(12)
    for (std::size_t i = 0; i < kCount; ++i)
      HWY_UNROLL(2)
      for (std::size_t j = 0; j < kVectors; ++j)
        total[i][j] = kStarts ? hn::Zero(d) : hn::LoadU(d, sums + i * stride + j * kLanes);
    for (std::size_t k = 0; k < inner; k += 2, first += 2 * kPanel) {
      hn::Vec<PairsOfBf16> pairs[kVectors];
      pairs[0] = hn::LoadU(PairsOfBf16(), first);
      if constexpr (kVectors > 1) {
        pairs[1] = hn::LoadU(PairsOfBf16(), second);
        second += 2 * kPanel;
      }
      HWY_UNROLL(12)
      for (std::size_t i = 0; i < kCount; ++i) {
        const auto row = broadcast(left + i * left_stride + k);
        HWY_UNROLL(2)
        for (std::size_t j = 0; j < kVectors; ++j) add(total[i][j], row, pairs[j]);
      }
    }
    HWY_UNROLL(12)
    for (std::size_t i = 0; i < kCount; ++i)
      HWY_UNROLL(2)
      for (std::size_t j = 0; j < kVectors; ++j) hn::StoreU(total[i][j], d, sums + i * stride + j * kLanes);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
