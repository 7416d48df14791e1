// Many rows by weights of 4 bits: a panel becomes 8 bits in the cache, and is multiplied as any other.
#if defined(EDGEATTN_NIBBLE_PANEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_NIBBLE_PANEL_INL_H
#undef EDGEATTN_NIBBLE_PANEL_INL_H
#else
#define EDGEATTN_NIBBLE_PANEL_INL_H
#endif

#include "nibbles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

/// A panel of weights in 8 bits, with its blocks' scales and sums; two halves of a gated layer.
struct Panel {
  const std::int8_t* weight;  // [halves][padded_inner / group][width][group]
  const float* scale;         // [halves][blocks][width]
  const std::int32_t* sum;    // as scale
};

/// Writes a step of a vector of columns, in 8 bits, where a panel of this width has it: `to` is the place of
/// its first group's first column.
template <class Dot>
HWY_INLINE void store_step(hn::Vec<Bytes> low, hn::Vec<Bytes> high, std::size_t width, std::int8_t* to) {
  const Bytes d;
  if constexpr (Dot::kGroup == 2) {
    const Shorts pairs;
    const hn::Half<Bytes> half;
    for (const auto four : {low, high}) {
      const auto both = hn::BitCast(pairs, four);
      hn::StoreU(hn::LowerHalf(half, hn::BitCast(d, hn::ConcatEven(pairs, both, both))), half, to);
      to += width * Dot::kGroup;
      hn::StoreU(hn::LowerHalf(half, hn::BitCast(d, hn::ConcatOdd(pairs, both, both))), half, to);
      to += width * Dot::kGroup;
    }
  } else if constexpr (Dot::kGroup == 4) {
    hn::StoreU(low, d, to);
    hn::StoreU(high, d, to + width * Dot::kGroup);
  } else {
    const auto first = hn::BitCast(Ints(), low), second = hn::BitCast(Ints(), high);
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(Ints(), first, second)), d, to);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(Ints(), first, second)), d, to + kStepBytes);
  }
}

/// Makes half a panel 8 bits.
template <class Dot>
void unpack_half(const PackedLayer& layer, const std::uint8_t* runs, std::int8_t* weight, float* scale,
                 std::int32_t* sum) {
  const auto zero = hn::Set(Bytes(), kNibbleZero);
  const auto to_weight = [&](NibbleVector nibbles)
                             HWY_ATTR { return hn::Sub(hn::BitCast(Bytes(), nibbles), zero); };
  const auto& run = layer.run;
  const auto shift = hn::Set(Ints(), static_cast<std::int32_t>(run.steps * kStep) * kNibbleZero);
  for (std::size_t v = 0; v < Dot::kVectors; ++v) {
    const auto* from = runs + v * run.bytes;
    auto* to = weight + v * kLanes * Dot::kGroup;
    for (std::size_t b = 0; b < layer.blocks; ++b) {
      auto count = NibbleCount<Dot>::zero();
      for (std::size_t s = 0; s < run.steps;) {
        for (const auto end = HWY_MIN(s + kBatch, run.steps); s < end; ++s) {
          const auto step = load_step(from);
          count.add(step);
          store_step<Dot>(to_weight(step.low), to_weight(step.high), layer.width, to);
          from += kStepBytes;
          to += kStep * layer.width;
        }
        count.end_batch();
      }
      const auto at = b * layer.width + v * kLanes;
      hn::StoreU(load_scales(from, run.narrow()), Floats(), scale + at);
      hn::StoreU(hn::Sub(count.sum.sum, shift), Ints(), sum + at);
      from += kLanes * run.scale_bytes;
    }
  }
}

/// Memory of the calling thread for a panel that became 8 bits, until its next one.
class PanelInCache {
 public:
  template <class Dot>
  static Panel of(const PackedLayer& layer, std::size_t panel) {
    thread_local PanelInCache own;
    const auto weights = layer.padded_inner * layer.width, scales = layer.blocks * layer.width;
    own.fit(layer.halves * weights, layer.halves * scales);
    for (std::size_t half = 0; half < layer.halves; ++half)
      unpack_half<Dot>(layer, layer.half_of(panel, half), own.weight_.data() + half * weights,
                       own.scale_.data() + half * scales, own.sum_.data() + half * scales);
    return {own.weight_.data(), own.scale_.data(), own.sum_.data()};
  }

 private:
  void fit(std::size_t weights, std::size_t scales) {
    if (weights > weight_.size()) weight_ = Buffer<std::int8_t>(weights);
    if (scales > scale_.size()) scale_ = Buffer<float>(scales), sum_ = Buffer<std::int32_t>(scales);
  }

  Buffer<std::int8_t> weight_;
  Buffer<float> scale_;
  Buffer<std::int32_t> sum_;
};

/// Returns a panel in 8 bits: where it lies, or in memory of the calling thread until its next one.
template <class Dot>
Panel panel_of(const PackedLayer& layer, std::size_t panel) {
  if (layer.run.steps) return PanelInCache::of<Dot>(layer, panel);
  const auto constants = panel * layer.halves * layer.blocks * layer.width;
  return {layer.weight.data() + panel * layer.halves * layer.half_bytes, layer.scale.data() + constants,
          layer.sum.data() + constants};
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
