// Rows that are in work at once, and their split into turns.
#if defined(EDGEATTN_CHUNK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_CHUNK_INL_H
#undef EDGEATTN_CHUNK_INL_H
#else
#define EDGEATTN_CHUNK_INL_H
#endif

#include "int8_layer.hpp"
#include "round_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

constexpr std::size_t divide_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit; }

/// Rows, panels or values from `first` to `end`; or part `i` of `parts` about equal parts of `count`.
struct Range {
  std::size_t first, end;

  Range(std::size_t begin, std::size_t behind) : first(begin), end(behind) {}
  Range(std::size_t count, std::size_t i, std::size_t parts)
      : first(count * i / parts), end(count * (i + 1) / parts) {}
  std::size_t size() const { return end - first; }
};

constexpr std::size_t kTurnElements = 16 << 10;  // worth waking a thread (some microseconds)

/// Calls `body(row)` for each row, some rows a turn.
template <class Body>
void for_rows(std::size_t rows, std::size_t width, const Parallel& threads, const Body& body) {
  const auto turns = HWY_MIN(rows, divide_up(rows * width, kTurnElements));
  threads(turns, [&](std::size_t turn) {
    const Range part(rows, turn, turns);
    for (auto row = part.first; row < part.end; ++row) body(row);
  });
}

/// Adds excess * weight to the sums of rows of a panel, for outliers that are among `values` of a row.
///
/// `weight` is the half of the panel; `sums` begin with the row `first_row`.
template <class Dot>
HWY_NOINLINE void add_outliers(const Outlier* begin, const Outlier* end, const Range& values,
                               const std::int8_t* weight, std::size_t first_row, std::int32_t* sums) {
  constexpr auto kGroup = Dot::kGroup, kColumns = Dot::kVectors * kLanes;
  const Ints d;
  for (const auto* each = begin; each != end; ++each) {
    if (each->k < values.first || each->k >= values.end) continue;
    const auto excess = hn::BitCast(Shorts(), hn::Set(d, each->excess & 0xffff));
    const auto* const group = weight + each->k / kGroup * kGroup * kColumns;
    auto* const row = sums + (each->row - first_row) * kColumns;
    for (std::size_t v = 0; v < Dot::kVectors; ++v) {
      const auto weights = Dot::column(group + v * kLanes * kGroup, each->k % kGroup);
      const auto sum = hn::Add(hn::Load(d, row + v * kLanes),
                               hn::WidenMulPairwiseAdd(d, hn::BitCast(Shorts(), weights), excess));
      hn::Store(sum, d, row + v * kLanes);
    }
  }
}

/// Rows that are in work at once: rounded, with their scales and outliers.
template <class Dot>
struct Chunk {
  const PackedLayer& layer;
  LayerRows rows;  // of the chunk alone
  typename Dot::Value* values;
  RowScale* scales;
  Outlier* outliers;            // in the rows' order
  std::uint32_t* begins;        // of each row's outliers, and behind the last
  std::int32_t* block_offsets;  // (rows, blocks), of rows by nibbles

  float* before_norm() const { return rows.sum ? rows.sum : rows.y; }

  /// Adds to sums of `some` rows, over `inner` values of each, what their outliers have beyond 8 bits.
  HWY_INLINE void add_outliers_of(const Range& some, const Range& inner, const std::int8_t* weight,
                                  std::int32_t* sums) const {
    if constexpr (!Dot::kCentered) {  // else 16 bits hold all
      const auto begin = begins[some.first], end = begins[some.end];
      if (begin != end) add_outliers<Dot>(outliers + begin, outliers + end, inner, weight, some.first, sums);
    }
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
