// A chunk's product by vectors, and what follows it, a tile of registers after the other.
#if defined(EDGEATTN_VECTOR_CHUNK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_VECTOR_CHUNK_INL_H
#undef EDGEATTN_VECTOR_CHUNK_INL_H
#else
#define EDGEATTN_VECTOR_CHUNK_INL_H
#endif

#include "chunk-inl.h"
#include "epilogue-inl.h"
#include "nibble_panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

// A turn of a thread is worth waking it (some microseconds), and long enough that weights which come from
// memory are fetched ahead.
constexpr std::size_t kTurnProducts = 4 << 20;

/// Multiplies a tile's rows with one half of a panel.
template <class Dot>
void multiply_half(const Chunk<Dot>& chunk, const Range& rows, const Panel& panel, std::size_t half,
                   Ahead ahead, Tile<Dot, float>& products) {
  const auto& layer = chunk.layer;
  const auto* const values = chunk.values + rows.first * layer.padded_inner;
  const auto* const weight = panel.weight + half * layer.padded_inner * layer.width;
  for (std::size_t b = 0; b < layer.blocks; ++b) {
    const auto start = b * layer.block;
    const auto groups = divide_up(layer.block, Dot::kGroup);
    Tile<Dot, std::int32_t> sums;
    multiply<Dot>(rows.size(), values + start, layer.padded_inner, weight + start * layer.width, groups,
                  ahead, sums);
    chunk.add_outliers_of(rows, {start, start + layer.block}, weight, sums.values);
    ahead.start += groups * ahead.stride;
    const auto at = (half * layer.blocks + b) * layer.width;
    add_block<Dot>(sums.values, chunk.scales + rows.first, rows.size(), b == 0, panel.scale + at,
                   panel.sum + at, products);
  }
}

/// Finishes the columns of a panel for some rows.
template <class Dot, class AnyChunk>
void finish_panel(const AnyChunk& chunk, std::size_t panel, const Range& rows, Tile<Dot, float>* products) {
  const auto& layer = chunk.layer;
  const auto column = panel * layer.width, at = rows.first * layer.columns + column;
  const Destination to{chunk.before_norm() + at, chunk.rows.residual ? chunk.rows.residual + at : nullptr,
                       layer.columns, HWY_MIN(layer.width, layer.columns - column)};
  finish_tile<Dot>(layer.activation, products, layer.halves, chunk.scales + rows.first, rows.size(),
                   layer.bias.data() + panel * layer.halves * layer.width, to);
}

/// Computes the columns of a panel for some tiles of rows; meanwhile the next panel comes into the cache.
template <class Dot>
void compute_panel(const Chunk<Dot>& chunk, std::size_t panel, const Range& tiles, std::size_t tile_count) {
  const auto& layer = chunk.layer;
  const auto weights = panel_of<Dot>(layer, panel);
  const auto next = HWY_MIN(panel + 1, layer.panels - 1);
  const auto share = layer.half_bytes / tiles.size();  // of the next panel, for each tile to fetch
  for (auto t = tiles.first; t < tiles.end; ++t) {
    const Range rows(chunk.rows.rows, t, tile_count);
    Tile<Dot, float> products[2];
    for (std::size_t half = 0; half < layer.halves; ++half) {
      const Ahead ahead{layer.half_of(next, half) + (t - tiles.first) * share,
                        share / divide_up(layer.padded_inner, Dot::kGroup)};
      multiply_half<Dot>(chunk, rows, weights, half, ahead, products[half]);
    }
    finish_panel(chunk, panel, rows, products);
  }
}

/// Computes all columns of the chunk: a turn takes some panels, and of one panel perhaps only some rows.
template <class Dot>
void multiply_chunk(const Chunk<Dot>& chunk, const Parallel& threads) {
  const auto& layer = chunk.layer;
  const auto tile_count = divide_up(chunk.rows.rows, Dot::kRows);
  const auto tile_products = Dot::kRows * layer.halves * layer.width * layer.padded_inner;
  const auto tiles_a_turn = divide_up(kTurnProducts, tile_products);
  const auto strips = divide_up(tile_count, tiles_a_turn);
  // A chunk has rows, so it has tiles. NOLINTNEXTLINE(clang-analyzer-core.DivideZero)
  const auto panels_a_turn = HWY_MAX(std::size_t{1}, tiles_a_turn / tile_count);
  const auto groups = divide_up(layer.panels, panels_a_turn);
  threads(groups * strips, [&](std::size_t turn) {
    const Range panels(layer.panels, turn / strips, groups), tiles(tile_count, turn % strips, strips);
    for (auto panel = panels.first; panel < panels.end; ++panel)
      compute_panel<Dot>(chunk, panel, tiles, tile_count);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
