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

/// Rows or panels from `first` to `end`: part `i` of `parts` about equal parts of `count`.
struct Range {
  std::size_t first, end;

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

/// Rows that are in work at once: rounded, with their scales.
template <class Dot>
struct Chunk {
  const PackedLayer& layer;
  LayerRows rows;  // of the chunk alone
  typename Dot::Value* values;
  RowScale* scales;

  float* before_norm() const { return rows.sum ? rows.sum : rows.y; }
};

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
