// How products of 8 bits are added up.
#pragma once

#include <optional>

namespace edgeattn::kernels {

/// Pairs in 16 bits by every CPU, groups of four by one with dot products, tiles by one with AMX, two rows by
/// two columns by one with Arm's i8mm. Their sums are exact, so that a layer answers alike by all of them.
enum class Products { kPairs, kQuads, kTiles, kMatrices };

/// What a CPU can multiply by. The other may be faster, which a measurement decides.
struct Ways {
  Products usual;
  std::optional<Products> other;
};

}  // namespace edgeattn::kernels
