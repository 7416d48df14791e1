// Rows in int8 as floats without a shuffle: what a lane is of is chosen by the byte that a load begins at.
//
// Four numbers, a quad, fill a lane of 32 bits. Loaded from three bytes before a number, a lane has that
// number in its highest byte, and the next lanes have each fourth number after it. Without the lower bytes
// that is 2^24 times the number, exactly.

#if defined(EDGEATTN_QUADS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_QUADS_INL_H
#undef EDGEATTN_QUADS_INL_H
#else
#define EDGEATTN_QUADS_INL_H
#endif

#include <cstddef>
#include <cstdint>

#include "float_product-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

constexpr std::size_t kQuad = 4;
constexpr std::size_t kQuadGroup = kQuad * kLanes;  // numbers of four vectors
constexpr float kQuadFactor = 1.0f / (1 << 24);     // of a product

/// A number of a row that is loaded so. The three bytes before its first may be read, and do not matter.
enum class Quad : std::int8_t {};

/// Returns a number and each fourth one after it, times 2^24.
HWY_INLINE FloatVector load_floats(const Quad* from) {
  const hn::RebindToSigned<Floats> d;
  const hn::Repartition<std::int8_t, decltype(d)> bytes;
  const auto ending = hn::LoadU(bytes, reinterpret_cast<const std::int8_t*>(from) - (kQuad - 1));
  return hn::ConvertTo(Floats(),
                       hn::And(hn::BitCast(d, ending), hn::Set(d, static_cast<std::int32_t>(0xFF000000))));
}

/// Returns the vector `i` of a row: its numbers 0, 4, 8, ...; then 1, 5, 9, ...; then 2, 6, 10, ...
HWY_INLINE FloatVector load_vector(const Quad* row, std::size_t i) {
  return load_floats(row + i / kQuad * kQuadGroup + i % kQuad);
}

// out (kRows, kVectors * lanes) = scales * rows (kRows, size) keys, of which there are `count`. Quads of one
// place in each key lie beside each other, those of the next `stride` numbers on: no vector is summed over
// its lanes.
template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void score_tile(Rows rows, RowsOf<Quad> keys, std::size_t size, const float* scales,
                           std::size_t count, float* HWY_RESTRICT out, std::size_t out_stride) {
  const Floats d;
  FloatVector sums[kRows][kVectors];
  HWY_UNROLL(4)
  for (std::size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(8)
    for (std::size_t j = 0; j < kVectors; ++j) sums[r][j] = hn::Zero(d);
  }
  const Quad* HWY_RESTRICT quads = keys.data;
  for (std::size_t k = 0; k < size; k += kQuad, quads += keys.stride) {
    HWY_UNROLL(4)
    for (std::size_t place = 0; place < kQuad; ++place) {
      FloatVector a[kRows];
      HWY_UNROLL(4)
      for (std::size_t r = 0; r < kRows; ++r) a[r] = hn::Set(d, rows.data[r * rows.stride + k + place]);
      HWY_UNROLL(8)
      for (std::size_t j = 0; j < kVectors; ++j) {
        const FloatVector b = load_floats(quads + j * kQuadGroup + place);
        HWY_UNROLL(4)
        for (std::size_t r = 0; r < kRows; ++r) sums[r][j] = hn::MulAdd(a[r], b, sums[r][j]);
      }
    }
  }
  HWY_UNROLL(8)
  for (std::size_t j = 0; j < kVectors; ++j) {
    const std::size_t at = j * kLanes;
    const FloatVector scale =
        at + kLanes <= count ? hn::LoadU(d, scales + at) : hn::LoadN(d, scales + at, count - at);
    HWY_UNROLL(4)
    for (std::size_t r = 0; r < kRows; ++r)
      hn::StoreU(hn::Mul(sums[r][j], scale), d, out + r * out_stride + at);
  }
}

// out (rows, count in whole vectors) = scales (count) * left (rows, size) keys, for up to four rows; times
// 2^24.
template <std::size_t kRows = 4>
void score(std::size_t rows, Rows left, RowsOf<Quad> keys, std::size_t size, const float* scales,
           std::size_t count, float* HWY_RESTRICT out, std::size_t out_stride) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return score<kRows - 1>(rows, left, keys, size, scales, count, out, out_stride);
  }
  constexpr std::size_t kVectors = kRows < 3 ? 8 / kRows : 2;  // fewer sums would wait for each other
  constexpr std::size_t kWide = kVectors * kLanes;
  std::size_t n = 0;
  for (; n + kWide <= count; n += kWide)
    score_tile<kRows, kVectors>(left, {keys.data + n * kQuad, keys.stride}, size, scales + n, count - n,
                                out + n, out_stride);
  for (; n < count; n += kLanes)
    score_tile<kRows, 1>(left, {keys.data + n * kQuad, keys.stride}, size, scales + n, count - n, out + n,
                         out_stride);
}

// to (size) = the vectors of a row, each number in its place, times 2^-24 and the factor.
inline void scale_in_order(const float* HWY_RESTRICT from, std::size_t size, float factor,
                           float* HWY_RESTRICT to) {
  const Floats d;
  const FloatVector f = hn::Set(d, factor * kQuadFactor);
  for (std::size_t k = 0; k < size; k += kQuadGroup) {
    const auto scaled = [&](std::size_t i)
                            HWY_ATTR { return hn::Mul(hn::LoadU(d, from + k + i * kLanes), f); };
    hn::StoreInterleaved4(scaled(0), scaled(1), scaled(2), scaled(3), d, to + k);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();

#endif
