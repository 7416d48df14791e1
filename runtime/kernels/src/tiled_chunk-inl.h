// A chunk's product by tiles: blocks of up to two tiles of rows by a panel, which is three tiles of columns.
#if defined(EDGEATTN_TILED_CHUNK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_TILED_CHUNK_INL_H
#undef EDGEATTN_TILED_CHUNK_INL_H
#else
#define EDGEATTN_TILED_CHUNK_INL_H
#endif

#include <algorithm>

#include "tile_registers-inl.h"
#include "vector_chunk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

constexpr std::size_t kRowsOfTile = 16, kTileBytes = 64;  // of a whole tile: its rows, and each row's bytes

/// Values and weights as dot products take them: 16 groups of four, for a column each, are a row of a tile of
/// weights. Only the inner width is padded further.
template <class Registers>
struct Tiles : Quads {
  static constexpr Products kProducts = Products::kTiles;
  static constexpr std::size_t kVectors = 48 / kLanes, kRows = 8;  // kRows: that one end takes
  static constexpr std::size_t kInner = kTileBytes, kStoredRows = kRowsOfTile;
};

// With fewer rows dot products are as fast, on the same weights.
constexpr std::size_t kLeastTiledRows = 4;

/// A chunk's rows in tiles of equally many, of which a block has two.
struct RowTiles {
  std::size_t count, rows, blocks;

  explicit RowTiles(std::size_t all)
      : count(divide_up(all, kRowsOfTile)), rows(divide_up(all, count)), blocks(divide_up(count, 2)) {}
  std::size_t block_rows() const { return 2 * rows; }

  /// Registers 0 to 5 are sums, 6 is rows, 7 is weights.
  TileShapes shapes() const {
    TileShapes shapes;
    for (std::size_t i = 0; i < 8; ++i) {
      shapes.row_bytes[i] = kTileBytes;
      shapes.rows[i] = static_cast<std::uint8_t>(i < 7 ? rows : kRowsOfTile);
    }
    return shapes;
  }
};

template <class Dot>
struct BlockSums {
  alignas(kCacheLine) std::int32_t values[2 * kRowsOfTile * kWidth<Dot>];
};

/// What is to be in the cache next: cache lines from `start`, `lines` beside each step of a block.
struct LinesAhead {
  const std::uint8_t* start;
  std::size_t lines;

  HWY_INLINE void fetch() {
    for (std::size_t i = 0; i < lines; ++i, start += kCacheLine) hwy::Prefetch(start);
  }
};

/// sums = rows times a half of a panel, for one tile of rows or two. The second goes through the columns
/// backwards, so that a tile of weights serves both.
template <class Registers, bool kTwo>
HWY_INLINE void multiply_block(const std::uint8_t* rows, std::size_t stride, std::size_t tile_rows,
                               const std::int8_t* weights, LinesAhead& ahead,
                               BlockSums<Tiles<Registers>>& sums) {
  using R = Registers;
  constexpr std::size_t kColumns = kWidth<Tiles<R>>, kWeightStride = kColumns * Quads::kGroup;
  constexpr std::size_t kSumStride = kColumns * sizeof(std::int32_t);
  R::template zero<0>(), R::template zero<1>(), R::template zero<2>();
  if constexpr (kTwo) R::template zero<3>(), R::template zero<4>(), R::template zero<5>();
  const auto second = tile_rows * stride;
  for (std::size_t k = 0; k < stride; k += kTileBytes, weights += kTileBytes * kColumns) {
    R::template load<6>(rows + k, stride);
    R::template load<7>(weights, kWeightStride);
    R::template multiply<0, 6, 7>();
    R::template load<7>(weights + kTileBytes, kWeightStride);
    R::template multiply<1, 6, 7>();
    R::template load<7>(weights + 2 * kTileBytes, kWeightStride);
    R::template multiply<2, 6, 7>();
    if constexpr (kTwo) {
      R::template load<6>(rows + second + k, stride);
      R::template multiply<5, 6, 7>();
      R::template load<7>(weights + kTileBytes, kWeightStride);
      R::template multiply<4, 6, 7>();
      R::template load<7>(weights, kWeightStride);
      R::template multiply<3, 6, 7>();
    }
    ahead.fetch();
  }
  auto* const first_row = sums.values;
  R::template store<0>(first_row, kSumStride);
  R::template store<1>(first_row + 16, kSumStride);
  R::template store<2>(first_row + 32, kSumStride);
  if constexpr (kTwo) {
    auto* const second_row = first_row + tile_rows * kColumns;
    R::template store<3>(second_row, kSumStride);
    R::template store<4>(second_row + 16, kSumStride);
    R::template store<5>(second_row + 32, kSumStride);
  }
}

/// Scales a block's sums and finishes its columns, some rows after the other.
template <class Dot>
HWY_NOINLINE void finish_block(const Chunk<Dot>& chunk, std::size_t panel, const Panel& weights,
                               std::size_t first, std::size_t count, BlockSums<Dot>* sums) {
  const auto& layer = chunk.layer;
  for (std::size_t r = 0; r < count; r += Dot::kRows) {
    const Range rows(first + r, first + HWY_MIN(r + Dot::kRows, count));
    Tile<Dot, float> products[2];
    for (std::size_t half = 0; half < layer.halves; ++half) {
      const auto own = half * layer.width;
      chunk.add_outliers_of(rows, {0, layer.inner}, weights.weight + own * layer.padded_inner,
                            sums[half].values + r * layer.width);
      add_block<Dot>(sums[half].values + r * layer.width, chunk.scales + rows.first, rows.size(), true,
                     weights.scale + own, weights.sum + own, products[half]);
    }
    finish_panel(chunk, panel, rows, products);
  }
}

/// Computes panels for blocks of rows; meanwhile the next panel comes into the cache.
template <class Registers>
void multiply_panels(const Chunk<Tiles<Registers>>& chunk, const RowTiles& tiles, const Range& panels,
                     const Range& blocks) {
  const auto& layer = chunk.layer;
  const Registers in_use(tiles.shapes());
  BlockSums<Tiles<Registers>> sums[2];
  // A turn has blocks. NOLINTNEXTLINE(clang-analyzer-core.DivideZero)
  const auto lines = layer.half_bytes * kTileBytes / layer.padded_inner / kCacheLine / blocks.size();
  for (auto panel = panels.first; panel < panels.end; ++panel) {
    const auto weights = panel_of<Tiles<Registers>>(layer, panel);
    const bool has_next = panel + 1 < layer.panels;
    LinesAhead ahead{layer.half_of(has_next ? panel + 1 : panel, 0), has_next ? lines : 0};
    for (auto block = blocks.first; block < blocks.end; ++block) {
      const auto first = block * tiles.block_rows();
      const auto* const rows = chunk.values + first * layer.padded_inner;
      for (std::size_t half = 0; half < layer.halves; ++half) {
        const auto* const own = weights.weight + half * layer.padded_inner * layer.width;
        if (2 * block + 1 < tiles.count)
          multiply_block<Registers, true>(rows, layer.padded_inner, tiles.rows, own, ahead, sums[half]);
        else
          multiply_block<Registers, false>(rows, layer.padded_inner, tiles.rows, own, ahead, sums[half]);
      }
      finish_block(chunk, panel, weights, first, HWY_MIN(tiles.block_rows(), chunk.rows.rows - first), sums);
    }
  }
}

/// Computes all columns of the chunk by tiles: a turn takes some panels, and of one perhaps only some rows.
template <class Registers>
void multiply_chunk(const Chunk<Tiles<Registers>>& chunk, const Parallel& threads) {
  const auto& layer = chunk.layer;
  const auto all = chunk.rows.rows;
  if constexpr (kWidth<Tiles<Registers>> == kWidth<Quads>)
    if (all < kLeastTiledRows)
      return multiply_chunk(
          Chunk<Quads>{layer, chunk.rows, chunk.values, chunk.scales, chunk.outliers, chunk.begins, nullptr},
          threads);
  const RowTiles tiles(all);
  std::fill(chunk.values + all * layer.padded_inner,  // the last tile's rows behind the chunk's
            chunk.values + tiles.count * tiles.rows * layer.padded_inner, std::uint8_t{0});
  const auto block_products = tiles.block_rows() * layer.halves * layer.width * layer.padded_inner;
  const auto blocks_a_turn = divide_up(kTurnProducts, block_products);
  const auto strips = divide_up(tiles.blocks, blocks_a_turn);
  const auto panels_a_turn = HWY_MAX(std::size_t{1}, blocks_a_turn / tiles.blocks);
  const auto groups = divide_up(layer.panels, panels_a_turn);
  threads(groups * strips, [&](std::size_t turn) {
    multiply_panels(chunk, tiles, Range(layer.panels, turn / strips, groups),
                    Range(tiles.blocks, turn % strips, strips));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
