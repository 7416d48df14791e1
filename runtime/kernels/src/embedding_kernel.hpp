// The embedding kernel: rows of tables, looked up, added and normed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "instruction_set.hpp"
#include "norm.hpp"
#include "parallel.hpp"

namespace edgeattn::kernels {

/// A table of some rows, in float or in int8 with a scale a row, and the rows that are looked up.
struct Lookup {
  const std::int64_t* ids = nullptr;  // row r of y is of ids[r % count]; below 0 from the table's end
  std::size_t count = 0;
  std::size_t rows = 0;
  const float* floats = nullptr;       // (rows, width)
  const std::int8_t* bytes = nullptr;  // the same in int8, in their place
  const float* scale = nullptr;        // (rows), of bytes
};

constexpr std::size_t kMostLookups = 3;  // as of words, positions and segments

/// y = norm(sum of rows).
struct EmbeddingCall {
  std::array<Lookup, kMostLookups> lookups;
  std::size_t lookup_count = 0;
  std::size_t rows = 0, width = 0;  // of y
  NormParameters norm;
  const float *norm_scale = nullptr, *norm_bias = nullptr;  // (width), or null
  float* y = nullptr;
};

/// Computes y. Rows are added in the order of the lookups.
///
/// @throws Error where a table has no row of an id.
void embed(const EmbeddingCall& call, const Parallel& threads, std::int64_t target = targets().front());

}  // namespace edgeattn::kernels
