// A layer's weights in the order in which they are multiplied; once, when a session is made.
#if defined(EDGEATTN_PACK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_PACK_INL_H
#undef EDGEATTN_PACK_INL_H
#else
#define EDGEATTN_PACK_INL_H
#endif

#include <algorithm>

#include "nibbles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

inline Buffer<float> copy(const float* values, std::size_t count) {
  if (!values) return {};
  Buffer<float> own(count);
  std::copy_n(values, count, own.data());
  return own;
}

/// Packs a row of the file's weight as the column `column` of one half of a panel, whose number among all is
/// `half`.
template <class Dot>
void pack_column(const LayerParameters& p, std::size_t row, std::size_t half, std::size_t column,
                 PackedLayer& layer) {
  constexpr auto kGroup = Dot::kGroup;
  auto* const weight = layer.weight.data() + half * layer.padded_inner * layer.width + column * kGroup;
  for (std::size_t b = 0; b < layer.blocks; ++b) {
    std::int32_t sum = 0;
    for (std::size_t k = b * layer.block; k < (b + 1) * layer.block; ++k) {
      const auto value = static_cast<const std::int8_t*>(p.weight)[row * p.inner + k];
      weight[k / kGroup * kGroup * layer.width + k % kGroup] = value;
      sum += value;
    }
    const auto at = (half * layer.blocks + b) * layer.width + column;
    layer.scale[at] = p.scale[row * layer.blocks + b];
    layer.sum[at] = sum;
  }
  if (p.bias) layer.bias[half * layer.width + column] = p.bias[row];
}

template <class Dot>
PackedLayer pack(const LayerParameters& p, std::int64_t target) {
  PackedLayer layer;
  layer.target = target;
  layer.products = Dot::kProducts;
  layer.inner = p.inner;
  layer.padded_inner = round_up(p.inner, p.bits == 4 ? HWY_MAX(Dot::kInner, kStep) : Dot::kInner);
  layer.columns = p.columns;
  layer.width = kWidth<Dot>;
  layer.panels = (p.columns + layer.width - 1) / layer.width;
  layer.halves = p.gate ? 2 : 1;
  layer.block = p.block ? p.block : p.inner;
  layer.blocks = p.block ? p.inner / p.block : 1;
  layer.activation = p.activation;
  layer.norm = p.norm;
  layer.epsilon = p.epsilon;

  const auto filled = [](auto buffer) {
    std::fill_n(buffer.data(), buffer.size(), 0);
    return buffer;
  };
  const auto padded_columns = layer.panels * layer.halves * layer.width;
  layer.bias = filled(Buffer<float>(padded_columns));
  if (p.bits == 4) {
    layer.run = run_of(p, layer);
    layer.half_bytes = Dot::kVectors * layer.run.bytes;
    layer.weight = Weights(layer.panels * layer.halves * layer.half_bytes);
    pack_nibbles(p, layer);
  } else {
    layer.half_bytes = layer.padded_inner * layer.width;
    layer.weight = filled(Weights(padded_columns * layer.padded_inner));
    layer.scale = filled(Buffer<float>(padded_columns * layer.blocks));
    layer.sum = filled(Buffer<std::int32_t>(padded_columns * layer.blocks));
    for (std::size_t half = 0; half < layer.halves; ++half)
      for (std::size_t n = 0; n < p.columns; ++n)
        pack_column<Dot>(p, half * p.columns + n, n / layer.width * layer.halves + half, n % layer.width,
                         layer);
  }

  layer.smoothing = copy(p.smoothing, p.inner);
  layer.norm_scale = copy(p.norm_scale, p.columns);
  layer.norm_bias = copy(p.norm_bias, p.columns);
  return layer;
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
