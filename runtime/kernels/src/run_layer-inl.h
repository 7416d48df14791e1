// A layer's run: rows are rounded, multiplied and normed, a chunk of rows after the other.
#if defined(EDGEATTN_RUN_LAYER_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_RUN_LAYER_INL_H
#undef EDGEATTN_RUN_LAYER_INL_H
#else
#define EDGEATTN_RUN_LAYER_INL_H
#endif

#include <algorithm>

#include "nibble_rows-inl.h"
#include "norm-inl.h"
#include "scratch.hpp"
#include "tiled_chunk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

constexpr std::size_t kChunkBytes = 192 << 10;  // rounded rows that stay in the second cache

template <class Dot>
void round_rows(const Chunk<Dot>& chunk, const Parallel& threads) {
  const auto& layer = chunk.layer;
  const auto most = most_outliers(layer.inner);
  for_rows(chunk.rows.rows, layer.inner, threads, [&](std::size_t row) {
    const SmoothedRow x{chunk.rows.x + row * layer.inner, layer.smoothing.data(), layer.inner};
    chunk.scales[row] = round_row<Dot>(x, layer.padded_inner, chunk.values + row * layer.padded_inner,
                                       chunk.outliers + row * most);
  });
  chunk.begins[0] = 0;
  for (std::size_t row = 0; row < chunk.rows.rows; ++row) {
    auto* next = chunk.outliers + chunk.begins[row];
    const auto* const own = chunk.outliers + row * most;
    for (std::uint32_t i = 0; i < chunk.scales[row].outliers; ++i)
      *next++ = {static_cast<std::uint32_t>(row), own[i].k, own[i].excess};
    chunk.begins[row + 1] = chunk.begins[row] + chunk.scales[row].outliers;
  }
}

template <class Dot>
void run_chunk(const Chunk<Dot>& chunk, const Parallel& threads) {
  const auto& layer = chunk.layer;
  round_rows(chunk, threads);
  multiply_chunk(chunk, threads);
  if (layer.norm == Norm::kNone) return;
  for_rows(chunk.rows.rows, layer.columns, threads, [&](std::size_t row) {
    norm_row(chunk.before_norm() + row * layer.columns, layer.norm == Norm::kLayer, layer.epsilon,
             layer.norm_scale.data(), layer.norm_bias.data(), layer.columns,
             chunk.rows.y + row * layer.columns);
  });
}

template <class Dot>
void run(const PackedLayer& layer, const LayerRows& all, const Parallel& threads) {
  using Value = typename Dot::Value;
  const auto fitting = HWY_MAX(Dot::kRows, kChunkBytes / (layer.padded_inner * sizeof(Value)));
  const auto chunks = divide_up(all.rows, fitting), longest = divide_up(all.rows, chunks);
  const auto stored = round_up(longest, Dot::kStoredRows) * layer.padded_inner;
  ScratchSize size;
  size.add<Value>(stored);
  size.add<RowScale>(longest);
  size.add<Outlier>(longest * most_outliers(layer.inner));
  size.add<std::uint32_t>(longest + 1);
  size.add<std::int32_t>(HWY_MIN(longest, kFewRows) * layer.blocks);
  Scratch scratch(size);
  auto* const values = scratch.take<Value>(stored);
  auto* const scales = scratch.take<RowScale>(longest);
  auto* const outliers = scratch.take<Outlier>(longest * most_outliers(layer.inner));
  auto* const begins = scratch.take<std::uint32_t>(longest + 1);
  auto* const offsets = scratch.take<std::int32_t>(HWY_MIN(longest, kFewRows) * layer.blocks);
  for (std::size_t c = 0; c < chunks; ++c) {
    const Range part(all.rows, c, chunks);
    const auto in = part.first * layer.inner, out = part.first * layer.columns;
    const LayerRows rows{part.size(), all.x + in, all.residual ? all.residual + out : nullptr, all.y + out,
                         all.sum ? all.sum + out : nullptr};
    run_chunk<Dot>({layer, rows, values, scales, outliers, begins, offsets}, threads);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
