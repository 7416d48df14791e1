// Weights of 4 bits as they lie, and what few rows multiply them by.
//
// A vector of columns is a run: its blocks, one after the other. In each block stand steps, then a scale for
// each column. A step is eight values of each column, two in a byte and each plus 8: a lane of 32 bits has
// four values of its column in the low halves of its bytes, and the next four in the high halves.
#if defined(EDGEATTN_NIBBLES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_NIBBLES_INL_H
#undef EDGEATTN_NIBBLES_INL_H
#else
#define EDGEATTN_NIBBLES_INL_H
#endif

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "int8_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

using UnsignedBytes = hn::RebindToUnsigned<Bytes>;
using NibbleVector = hn::Vec<UnsignedBytes>;

constexpr std::size_t kStep = 8, kStepBytes = kStep / 2 * kLanes;
constexpr std::int32_t kNibbleZero = 8;  // the nibble of weight 0
constexpr std::size_t kBatch = 4;        // steps whose sums of products fit in 16 bits, and of nibbles in 7

/// A step's nibbles, by the halves of their bytes.
struct Step {
  NibbleVector low, high;
};

HWY_INLINE Step load_step(const std::uint8_t* bytes) {
  const UnsignedBytes d;
  const hn::Repartition<std::uint16_t, UnsignedBytes> shorts;
  const auto both = hn::LoadU(d, bytes), half = hn::Set(d, 15);
  return {hn::And(both, half), hn::And(hn::BitCast(d, hn::ShiftRight<4>(hn::BitCast(shorts, both))), half)};
}

/// Returns the scales of a vector of columns, stored in bfloat16 or in float.
HWY_INLINE FloatVector load_scales(const std::uint8_t* scales, bool narrow) {
  const Floats d;
  if (!narrow) return hn::LoadU(d, reinterpret_cast<const float*>(scales));
  const hn::Rebind<std::uint16_t, Floats> halves;
  const auto bits = hn::LoadU(halves, reinterpret_cast<const std::uint16_t*>(scales));
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(hn::RebindToUnsigned<Floats>(), bits)));
}

/// Sums of products of nibbles and values with a sign, four a lane, by dot products.
struct NibbleDots {
  IntVector sum;

  static HWY_INLINE NibbleDots zero() { return {hn::Zero(Ints())}; }
  HWY_INLINE void add(NibbleVector nibbles, hn::Vec<Bytes> values) {
    Quads::add(sum, hn::BitCast(Quads::Values(), nibbles), values);
  }
  HWY_INLINE void end_batch() {}
};

/// The same by pairs: 16 bits hold a batch's 16 products of at most 15 * 128 each.
struct NibblePairs {
  IntVector sum;
  hn::Vec<Shorts> batch;

  static HWY_INLINE NibblePairs zero() { return {hn::Zero(Ints()), hn::Zero(Shorts())}; }
  HWY_INLINE void add(NibbleVector nibbles, hn::Vec<Bytes> values) {
    batch = hn::Add(batch, hn::SatWidenMulPairwiseAdd(Shorts(), nibbles, values));
  }
  HWY_INLINE void end_batch() {
    sum = hn::Add(sum, hn::WidenMulPairwiseAdd(Ints(), batch, hn::Set(Shorts(), 1)));
    batch = hn::Zero(Shorts());
  }
};

template <class Dot>
using NibbleSum = std::conditional_t<std::is_same_v<Dot, Pairs>, NibblePairs, NibbleDots>;

/// The sums of a block's nibbles, a column a lane.
template <class Dot>
struct NibbleCount {
  NibbleSum<Dot> sum;
  NibbleVector batch;

  static HWY_INLINE NibbleCount zero() { return {NibbleSum<Dot>::zero(), hn::Zero(UnsignedBytes())}; }
  HWY_INLINE void add(const Step& step) { batch = hn::Add(batch, hn::Add(step.low, step.high)); }
  HWY_INLINE void end_batch() {
    sum.add(batch, hn::Set(Bytes(), 1));
    sum.end_batch();
    batch = hn::Zero(UnsignedBytes());
  }
};

/// Whether bfloat16 holds all scales exactly.
inline bool all_narrow(const float* scales, std::size_t count) {
  return std::all_of(scales, scales + count, [](float scale) {
    std::uint32_t bits;
    std::memcpy(&bits, &scale, sizeof bits);
    return (bits & 0xffff) == 0;
  });
}

inline NibbleRun run_of(const LayerParameters& p, const PackedLayer& layer) {
  NibbleRun run;
  run.steps = (p.block ? p.block : layer.padded_inner) / kStep;
  run.scale_bytes = all_narrow(p.scale, layer.halves * p.columns * layer.blocks) ? 2 : 4;
  run.block_bytes = run.steps * kStepBytes + kLanes * run.scale_bytes;
  run.bytes = layer.blocks * run.block_bytes;
  return run;
}

/// Writes a layer's nibbles and scales as they are to lie; columns that fill the last panel have weight 0.
inline void pack_nibbles(const LayerParameters& p, PackedLayer& layer) {
  const auto& run = layer.run;
  auto* const all = reinterpret_cast<std::uint8_t*>(layer.weight.data());
  std::memset(all, kNibbleZero | kNibbleZero << 4, layer.weight.size());
  const auto* const stored = static_cast<const std::uint8_t*>(p.weight);
  for (std::size_t row = 0; row < layer.halves * p.columns; ++row) {
    const auto n = row % p.columns, column = n % layer.width, lane = column % kLanes;
    const auto half = n / layer.width * layer.halves + row / p.columns;
    auto* block = all + half * layer.half_bytes + column / kLanes * run.bytes;
    for (std::size_t b = 0; b < layer.blocks; ++b, block += run.block_bytes) {
      for (std::size_t i = 0; i < layer.block; ++i) {
        const auto k = b * layer.block + i;
        const auto two = stored[row * ((p.inner + 1) / 2) + k / 2];
        const auto nibble = k % 2 ? two >> 4 : two & 15;
        block[i / kStep * kStepBytes + lane * 4 + i % 4] ^=
            static_cast<std::uint8_t>((nibble ^ kNibbleZero) << (i % kStep / 4 * 4));
      }
      const auto* const scale = reinterpret_cast<const std::uint8_t*>(p.scale + row * layer.blocks + b);
      std::memcpy(block + run.steps * kStepBytes + lane * run.scale_bytes,
                  scale + (sizeof(float) - run.scale_bytes), run.scale_bytes);  // the upper end
    }
    if (p.bias) layer.bias[half * layer.width + column] = p.bias[row];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
