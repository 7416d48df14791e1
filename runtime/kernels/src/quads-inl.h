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
