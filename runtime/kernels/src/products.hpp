// How products of 8 bits are added up.
#pragma once

namespace edgeattn::kernels {

/// Pairs in 16 bits by every CPU, groups of four by one with dot products, tiles by one with AMX. Their sums
/// are exact, so that a layer answers alike by all three.
enum class Products { kPairs, kQuads, kTiles };

}  // namespace edgeattn::kernels
