// Few rows by weights of 4 bits, which are read as they lie: what a decoder's token waits for is memory.
#if defined(EDGEATTN_NIBBLE_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_NIBBLE_ROWS_INL_H
#undef EDGEATTN_NIBBLE_ROWS_INL_H
#else
#define EDGEATTN_NIBBLE_ROWS_INL_H
#endif

#include <numeric>

#include "nibbles-inl.h"
#include "vector_chunk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

constexpr std::size_t kFewRows = 8;        // more are faster by weights that are made 8 bits first
constexpr std::size_t kBytesAhead = 2048;  // that each run is fetched ahead

/// Rows as nibbles are multiplied by, on a CPU that takes weights of 8 bits by Dot: in 8 bits with a sign.
template <class Dot>
struct ByNibbles : Dot {
  using Value = std::int8_t;
  static constexpr std::int32_t kOffset = -128;
  static constexpr bool kCentered = false;
#if HWY_ARCH_X86 && HWY_TARGET > HWY_AVX3
  static constexpr std::size_t kRows = 2;
#else
  static constexpr std::size_t kRows = 4;
#endif
  static constexpr std::size_t kStoredRows = 1;
};

/// A tile's rows.
struct NibbleRows {
  const std::int8_t* values;
  std::size_t stride;
  const RowScale* scales;
  const std::int32_t* offsets;  // (rows, blocks): what the weights' 8 adds to each block's sum, negative

  const Outlier* outliers;
  const std::uint32_t* begins;  // of each row's outliers, and behind the last

  /// Returns what a row's outliers among the values from `first` to `end` add to the sums of the columns at
  /// `steps`.
  HWY_INLINE IntVector beyond(std::size_t row, const Range& block, const std::uint8_t* steps) const {
    const Ints d;
    auto sum = hn::Zero(d);
    for (const auto* o = outliers + begins[row]; o != outliers + begins[row + 1]; ++o) {
      if (o->k < block.first || o->k >= block.end) continue;
      const auto i = o->k - block.first;
      const auto lanes = hn::LoadU(d, reinterpret_cast<const std::int32_t*>(steps + i / kStep * kStepBytes));
      const auto nibbles =
          hn::And(hn::ShiftRightSame(lanes, static_cast<int>(i % 4 * 8 + i % kStep / 4 * 4)), hn::Set(d, 15));
      sum = hn::Add(sum, hn::Mul(hn::Set(d, o->excess), hn::Sub(nibbles, hn::Set(d, kNibbleZero))));
    }
    return sum;
  }
  HWY_INLINE hn::Vec<Bytes> four(std::size_t row, std::size_t k) const {
    std::int32_t four;
    std::memcpy(&four, values + row * stride + k, sizeof four);
    return hn::BitCast(Bytes(), hn::Set(Ints(), four));
  }
};

/// products = rows times half a panel, `half`, whose runs are read side by side. With weights w, nibbles n =
/// w + 8 and values v over a zero z, a block's sum of (v - z) w is that of v n, less z times that of n, and
/// the offset.
template <class Dot, std::size_t kRows>
HWY_INLINE void multiply_runs(const PackedLayer& layer, const std::uint8_t* HWY_RESTRICT half,
                              const NibbleRows& rows, Tile<Dot, float>& products) {
  constexpr auto kVectors = Dot::kVectors;
  const Floats d;
  const Ints di;
  const auto run = layer.run;
  const auto blocks = layer.blocks;
  FloatVector total[kRows][kVectors];
  for (auto& row : total)
    for (auto& vector : row) vector = hn::Zero(d);
  std::size_t k = 0;
  for (std::size_t b = 0; b < blocks; ++b) {
    const auto* const block = half + b * run.block_bytes;
    // Behind a run stands the panel's next, which is being read; the one to come is behind them all.
    const auto ahead =
        kBytesAhead + (b * run.block_bytes + kBytesAhead < run.bytes ? 0 : (kVectors - 1) * run.bytes);
    NibbleSum<Dot> sums[kRows][kVectors];
    NibbleCount<Dot> counts[kVectors];
    for (auto& row : sums)
      for (auto& sum : row) sum = NibbleSum<Dot>::zero();
    for (auto& count : counts) count = NibbleCount<Dot>::zero();
    for (std::size_t s = 0; s < run.steps;) {
      const auto end = HWY_MIN(s + kBatch, run.steps);
      for (; s < end; ++s, k += kStep) {
        HWY_UNROLL(4) for (std::size_t v = 0; v < kVectors; ++v) {
          const auto* const from = block + v * run.bytes + s * kStepBytes;
          hwy::Prefetch(from + ahead);
          const auto step = load_step(from);
          counts[v].add(step);
          HWY_UNROLL(4) for (std::size_t r = 0; r < kRows; ++r) {
            sums[r][v].add(step.low, rows.four(r, k));
            sums[r][v].add(step.high, rows.four(r, k + 4));
          }
        }
      }
      HWY_UNROLL(4) for (std::size_t v = 0; v < kVectors; ++v) {
        counts[v].end_batch();
        HWY_UNROLL(4) for (std::size_t r = 0; r < kRows; ++r) sums[r][v].end_batch();
      }
    }
    HWY_UNROLL(4) for (std::size_t v = 0; v < kVectors; ++v) {
      const auto scales = load_scales(block + v * run.bytes + run.steps * kStepBytes, run.narrow());
      HWY_UNROLL(4) for (std::size_t r = 0; r < kRows; ++r) {
        const auto below = hn::Sub(hn::Mul(hn::Set(di, rows.scales[r].zero), counts[v].sum.sum),
                                   hn::Set(di, rows.offsets[r * blocks + b]));
        const auto inside = hn::Sub(sums[r][v].sum, below);
        const auto sum = hn::Add(inside, rows.beyond(r, {k - run.steps * kStep, k}, block + v * run.bytes));
        total[r][v] = hn::MulAdd(hn::ConvertTo(d, sum), scales, total[r][v]);
      }
    }
  }
  HWY_UNROLL(4) for (std::size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(4) for (std::size_t v = 0; v < kVectors; ++v) hn::Store(total[r][v], d, products.at(r, v));
  }
}

template <class Dot>
HWY_NOINLINE void multiply_runs(std::size_t count, const PackedLayer& layer, const std::uint8_t* half,
                                const NibbleRows& rows, Tile<Dot, float>& products) {
  switch (count) {
    case 1:
      return multiply_runs<Dot, 1>(layer, half, rows, products);
    case 2:
      return multiply_runs<Dot, 2>(layer, half, rows, products);
    case 3:
      if constexpr (ByNibbles<Dot>::kRows >= 3) multiply_runs<Dot, 3>(layer, half, rows, products);
      return;
    case 4:
      if constexpr (ByNibbles<Dot>::kRows >= 4) multiply_runs<Dot, 4>(layer, half, rows, products);
      return;
  }
}

/// Finds what each block's sums of a row lack by the 8 that is in each nibble.
template <class Dot>
void find_offsets(const Chunk<ByNibbles<Dot>>& chunk, std::size_t row) {
  const auto& layer = chunk.layer;
  const auto size = layer.run.steps * kStep;
  const auto* values = chunk.values + row * layer.padded_inner;
  for (std::size_t b = 0; b < layer.blocks; ++b, values += size) {
    const auto sum = std::accumulate(values, values + size, std::int32_t{0});
    chunk.block_offsets[row * layer.blocks + b] =
        kNibbleZero * (static_cast<std::int32_t>(size) * chunk.scales[row].zero - sum);
  }
}

/// Computes all columns of few rows: a turn takes some panels.
template <class Dot>
void multiply_chunk(const Chunk<ByNibbles<Dot>>& chunk, const Parallel& threads) {
  const auto& layer = chunk.layer;
  const auto count = chunk.rows.rows, tiles = divide_up(count, ByNibbles<Dot>::kRows);
  for (std::size_t row = 0; row < count; ++row) find_offsets(chunk, row);
  const auto weights = layer.panels * layer.halves * layer.width * layer.padded_inner;
  const auto turns = HWY_MIN(divide_up(weights, kTurnProducts / kFewRows), layer.panels);
  threads(turns, [&](std::size_t turn) {
    const Range panels(layer.panels, turn, turns);
    for (auto panel = panels.first; panel < panels.end; ++panel) {
      for (std::size_t t = 0; t < tiles; ++t) {
        const Range rows(count, t, tiles);
        const NibbleRows own{
            chunk.values + rows.first * layer.padded_inner,  layer.padded_inner, chunk.scales + rows.first,
            chunk.block_offsets + rows.first * layer.blocks, chunk.outliers,     chunk.begins + rows.first};
        Tile<Dot, float> products[2];
        for (std::size_t half = 0; half < layer.halves; ++half)
          multiply_runs<Dot>(rows.size(), layer, layer.half_of(panel, half), own, products[half]);
        finish_panel(chunk, panel, rows, products);
      }
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
