// A layer's run: rows are rounded, multiplied and normed, a chunk of rows after the other. Compiled for each
// instruction set.
#include "compiled_for.hpp"
//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "int8_layer.cpp"
#include "hwy/foreach_target.h"  // before all that includes highway.h
//
#include "epilogue-inl.h"
#include "instruction_set.hpp"
#include "int8_layer.hpp"
#include "norm-inl.h"
#include "pack-inl.h"
#include "scratch.hpp"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {
namespace {

// A chunk's rounded rows stay in the second cache; a turn of a thread is worth waking it (some microseconds),
// and long enough that weights which come from memory are fetched ahead.
constexpr std::size_t kChunkBytes = 192 << 10;
constexpr std::size_t kTurnElements = 16 << 10;
constexpr std::size_t kTurnProducts = 4 << 20;

constexpr std::size_t divide_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit; }

/// Rows or panels from `first` to `end`: part `i` of `parts` about equal parts of `count`.
struct Range {
  std::size_t first, end;

  Range(std::size_t count, std::size_t i, std::size_t parts)
      : first(count * i / parts), end(count * (i + 1) / parts) {}
  std::size_t size() const { return end - first; }
};

/// Rows that are in work at once: rounded, with their scales.
template <class Dot>
struct Chunk {
  const PackedLayer& layer;
  LayerRows rows;  // of the chunk alone
  typename Dot::Value* values;
  RowScale* scales;

  float* before_norm() const { return rows.sum ? rows.sum : rows.y; }
};

/// Calls `body(row)` for each row, some rows a turn.
template <class Body>
void for_rows(std::size_t rows, std::size_t width, const Parallel& threads, const Body& body) {
  const auto turns = HWY_MIN(rows, divide_up(rows * width, kTurnElements));
  threads(turns, [&](std::size_t turn) {
    const Range part(rows, turn, turns);
    for (auto row = part.first; row < part.end; ++row) body(row);
  });
}

/// Multiplies a tile's rows with one half of a panel.
template <class Dot>
void multiply_half(const Chunk<Dot>& chunk, const Range& rows, std::size_t half, Ahead ahead,
                   Tile<Dot, float>& products) {
  const auto& layer = chunk.layer;
  const auto* const values = chunk.values + rows.first * layer.padded_inner;
  const auto* const weight = layer.weight.data() + half * layer.padded_inner * layer.width;
  for (std::size_t b = 0; b < layer.blocks; ++b) {
    const auto start = b * layer.block;
    const auto groups = divide_up(layer.block, Dot::kGroup);
    Tile<Dot, std::int32_t> sums;
    multiply<Dot>(rows.size(), values + start, layer.padded_inner, weight + start * layer.width, groups,
                  ahead, sums);
    ahead.start += groups * ahead.stride;
    const auto at = (half * layer.blocks + b) * layer.width;
    add_block<Dot>(sums, chunk.scales + rows.first, rows.size(), b == 0, layer.scale.data() + at,
                   layer.sum.data() + at, products);
  }
}

/// Computes the columns of a panel for some tiles of rows; meanwhile the next panel comes into the cache.
template <class Dot>
void compute_panel(const Chunk<Dot>& chunk, std::size_t panel, const Range& tiles, std::size_t tile_count) {
  const auto& layer = chunk.layer;
  const auto half_bytes = layer.padded_inner * layer.width;
  const auto next = HWY_MIN(panel + 1, layer.panels - 1) * layer.halves;
  const auto share = half_bytes / tiles.size();  // of the next panel, for each tile to fetch
  const auto column = panel * layer.width;
  for (auto t = tiles.first; t < tiles.end; ++t) {
    const Range rows(chunk.rows.rows, t, tile_count);
    Tile<Dot, float> products[2];
    for (std::size_t half = 0; half < layer.halves; ++half) {
      const Ahead ahead{layer.weight.data() + (next + half) * half_bytes + (t - tiles.first) * share,
                        share / divide_up(layer.padded_inner, Dot::kGroup)};
      multiply_half<Dot>(chunk, rows, panel * layer.halves + half, ahead, products[half]);
    }
    const auto at = rows.first * layer.columns + column;
    const Destination to{chunk.before_norm() + at, chunk.rows.residual ? chunk.rows.residual + at : nullptr,
                         layer.columns, HWY_MIN(layer.width, layer.columns - column)};
    finish_tile<Dot>(layer.activation, products, layer.halves, chunk.scales + rows.first, rows.size(),
                     layer.bias.data() + panel * layer.halves * layer.width, to);
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

template <class Dot>
void run_chunk(const Chunk<Dot>& chunk, const Parallel& threads) {
  const auto& layer = chunk.layer;
  for_rows(chunk.rows.rows, layer.inner, threads, [&](std::size_t row) {
    chunk.scales[row] = round_row<Dot>(chunk.rows.x + row * layer.inner, layer.smoothing.data(), layer.inner,
                                       layer.padded_inner, chunk.values + row * layer.padded_inner);
  });
  multiply_chunk<Dot>(chunk, threads);
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
  ScratchSize size;
  size.add<Value>(longest * layer.padded_inner);
  size.add<RowScale>(longest);
  Scratch scratch(size);
  auto* const values = scratch.take<Value>(longest * layer.padded_inner);
  auto* const scales = scratch.take<RowScale>(longest);
  for (std::size_t c = 0; c < chunks; ++c) {
    const Range part(all.rows, c, chunks);
    const auto in = part.first * layer.inner, out = part.first * layer.columns;
    const LayerRows rows{part.size(), all.x + in, all.residual ? all.residual + out : nullptr, all.y + out,
                         all.sum ? all.sum + out : nullptr};
    run_chunk<Dot>({layer, rows, values, scales}, threads);
  }
}

}  // namespace

PackedLayer pack_any(const LayerParameters& parameters, std::int64_t target, bool dot_product) {
  if (kAlwaysQuads || dot_product) return pack<Quads>(parameters, target);
  if constexpr (!kAlwaysQuads) return pack<Pairs>(parameters, target);
}

void run_any(const PackedLayer& layer, const LayerRows& rows, const Parallel& threads) {
  if (layer.dot_product) return run<Quads>(layer, rows, threads);
  if constexpr (!kAlwaysQuads) run<Pairs>(layer, rows, threads);
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgeattn::kernels {
namespace {
constexpr decltype(&HWY_STATIC_DISPATCH(pack_any)) kPack[] = COMPILED_FOR_TARGETS(pack_any);
constexpr decltype(&HWY_STATIC_DISPATCH(run_any)) kRun[] = COMPILED_FOR_TARGETS(run_any);
}  // namespace

PackedLayer pack_layer(const LayerParameters& parameters, std::int64_t target) {
  return pack_layer(parameters, target, has_dot_product(target));
}

PackedLayer pack_layer(const LayerParameters& parameters, std::int64_t target, bool dot_product) {
  return kPack[table_index(target)](parameters, target, dot_product);
}

void run_layer(const PackedLayer& layer, const LayerRows& rows, const Parallel& threads) {
  if (rows.rows && layer.columns) kRun[table_index(layer.target)](layer, rows, threads);
}

}  // namespace edgeattn::kernels
#endif
