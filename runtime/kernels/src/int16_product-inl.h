// Scores of a few queries, rounded to 16 bits, and keys in int8, which are read as they lie.
//
// Two numbers of 16 bits fill a lane, and one instruction multiplies both, where products in float convert
// each key first. A query is rounded to 65,535 numbers over its own range, a key was to 255 over its own: the
// bound of what the query's rounding adds to a score is 1/258 of that of the key's.

#if defined(EDGEATTN_INT16_PRODUCT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_INT16_PRODUCT_INL_H
#undef EDGEATTN_INT16_PRODUCT_INL_H
#else
#define EDGEATTN_INT16_PRODUCT_INL_H
#endif

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "buffer.hpp"
#include "dot-inl.h"
#include "float_product-inl.h"
#include "hwy/highway.h"
#include "quads-inl.h"
#include "round_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

constexpr std::size_t kInt16Rows = 2;  // queries at once: more would take registers that products need
constexpr std::int32_t kMostInt16 = std::numeric_limits<std::int16_t>::max();
constexpr std::int32_t kMostByte = std::numeric_limits<std::uint8_t>::max();
// Numbers of a head: sums of more products of a byte and 16 bits could leave 32 bits.
constexpr std::size_t kMostInt16Size =
    std::numeric_limits<std::int32_t>::max() / (kMostByte * kMostInt16);  // 257

constexpr std::size_t kPairs = 2 * kLanes;  // numbers of 16 bits of a vector

/// One or two queries that share keys, rounded to 16 bits.
///
/// Four keys are multiplied at once, a key a lane of each block of 4 lanes. So a query's vector holds two of
/// its numbers for all lanes of a block: 0 and 2 of a quad, or 1 and 3. Blocks have quads 4 quads apart.
struct Int16Queries {
  std::size_t size;                  // numbers of a query
  const std::int16_t* pairs;         // (4 for each vector of a key, queries, 2, kPairs)
  float steps[kInt16Rows];           // of the rounding, times the scale of scores
  std::int32_t offsets[kInt16Rows];  // what bytes without a sign add to its sums
};

/// Returns the numbers of 16 bits that the pairs of so many queries take.
constexpr std::size_t int16_pairs(std::size_t queries, std::size_t size) {
  return round_up(size, kQuadGroup) * 4 * queries;
}

/// Rounds a row of x to 16 bits over its own range; what follows, up to `padded`, is 0. Returns the step.
///
/// A row with a NaN or an infinity gets the step NaN. A row that reaches less far than 4e-34 counts as zeros.
inline float round_to_int16(const float* HWY_RESTRICT x, std::size_t size, std::size_t padded,
                            std::int16_t* HWY_RESTRICT to) {
  const Floats d;
  const Ints di;
  const hn::Rebind<std::int16_t, Ints> narrow;
  auto bits = hn::Zero(di);  // of the greatest magnitude; those of infinity and NaN are above all others
  for_vectors(size, [&](std::size_t k, std::size_t lanes) HWY_ATTR {
    bits = hn::Max(bits, hn::BitCast(di, hn::Abs(load(x + k, lanes))));
  });
  const float most = hn::GetLane(hn::BitCast(d, hn::Set(di, hn::ReduceMax(di, bits))));
  const bool finite = std::isfinite(most);
  const float step = finite && most / kMostInt16 >= FLT_MIN ? most / kMostInt16 : 0;
  const FloatVector inverse = hn::Set(d, step > 0 ? 1 / step : 0);
  std::fill(to + size, to + padded, std::int16_t{0});
  for_vectors(size, [&](std::size_t k, std::size_t lanes) HWY_ATTR {
    const auto value = hn::DemoteTo(narrow, hn::NearestInt(hn::Mul(load(x + k, lanes), inverse)));
    if (lanes == kLanes)
      hn::StoreU(value, narrow, to + k);
    else
      hn::StoreN(value, narrow, to + k, lanes);
  });
  return finite ? step : std::numeric_limits<float>::quiet_NaN();
}

/// Lays out a rounded row of `padded` numbers as one of `queries`; returns its offset.
inline std::int32_t lay_out_query(const std::int16_t* HWY_RESTRICT row, std::size_t padded,
                                  std::size_t queries, std::int16_t* HWY_RESTRICT to) {
  const hn::FixedTag<std::int16_t, 8> block;
  std::int32_t even = 0;
  for (std::size_t k = 0; k < padded; k += kQuad) {
    const std::size_t lane = k / kQuad % kLanes, quad = k / kQuadGroup * 4 + lane % 4;
    std::int16_t* const at = to + quad * queries * 2 * kPairs + lane / 4 * hn::MaxLanes(block);
    for (std::size_t i = 0; i < 2; ++i) {
      const std::int16_t pair[] = {row[k + i], row[k + i + 2]};
      hn::StoreU(hn::ResizeBitCast(block, Pairs::broadcast(pair, 0)), block, at + i * kPairs);
    }
    even += row[k] + row[k + 2];
  }
  return even * 128;
}

// The last bytes of a key; for all keys in one place, as it is long where the CPU has no masks.
HWY_NOINLINE inline hn::Vec<Bytes> load_rest(const std::int8_t* key, std::size_t left) {
  return hn::LoadN(Bytes(), key, left);
}

/// Returns numbers of a key, of which `left` remain; each even one is 128 higher, as a byte without a sign.
HWY_INLINE IntVector load_key(const std::int8_t* key, std::size_t left) {
  const auto bytes = left >= kQuadGroup ? hn::LoadU(Bytes(), key) : load_rest(key, left);
  return hn::BitCast(Ints(), hn::Xor(hn::BitCast(Shorts(), bytes), hn::Set(Shorts(), 0x80)));
}

// Adds the products of kRows queries and four keys to the sums, those of a key to its lane of each block.
template <std::size_t kRows>
HWY_INLINE void add_four(const std::int16_t* HWY_RESTRICT pairs, const std::int8_t* const* keys,
                         std::size_t k, std::size_t left, Pairs::Sum (&sums)[kRows]) {
  IntVector quads[4];
  transpose_blocks(load_key(keys[0] + k, left), load_key(keys[1] + k, left), load_key(keys[2] + k, left),
                   load_key(keys[3] + k, left), quads);
  HWY_UNROLL(4)
  for (const IntVector& lanes : quads) {
    const auto quad = hn::BitCast(Shorts(), lanes);
    const auto even = hn::And(quad, hn::Set(Shorts(), 0xFF)), odd = hn::ShiftRight<8>(quad);
    HWY_UNROLL(2)
    for (std::size_t r = 0; r < kRows; ++r, pairs += 2 * kPairs) {
      Pairs::add(sums[r], hn::LoadU(Shorts(), pairs), even);
      Pairs::add(sums[r], hn::LoadU(Shorts(), pairs + kPairs), odd);
    }
  }
}

// The sums over all blocks of each of kGroups vectors, behind each other.
template <std::size_t kGroups>
HWY_INLINE hn::Vec<hn::FixedTag<std::int32_t, 4 * kGroups>> join_sums(const IntVector* sums) {
  if constexpr (kGroups == 1) {
    return sum_blocks(*sums);
  } else {
    return hn::Combine(hn::FixedTag<std::int32_t, 4 * kGroups>(), join_sums<kGroups / 2>(sums + kGroups / 2),
                       join_sums<kGroups / 2>(sums));
  }
}

// out (kRows, lanes) = the scores of as many keys as there are lanes.
template <std::size_t kRows>
HWY_INLINE void score_keys(const Int16Queries& queries, const std::int8_t* const (&keys)[kLanes],
                           FloatVector scale, float* HWY_RESTRICT out, std::size_t out_stride) {
  constexpr std::size_t kGroups = kLanes / 4;
  const Floats d;
  const Ints di;
  IntVector sums[kRows][kGroups];
  HWY_UNROLL(4)
  for (std::size_t g = 0; g < kGroups; ++g) {
    Pairs::Sum group[kRows];
    HWY_UNROLL(2)
    for (std::size_t r = 0; r < kRows; ++r) group[r] = Pairs::zero();
    const std::int16_t* pairs = queries.pairs;
    std::size_t k = 0;
    for (; k + kQuadGroup <= queries.size; k += kQuadGroup, pairs += 4 * kRows * 2 * kPairs)
      add_four<kRows>(pairs, keys + 4 * g, k, kQuadGroup, group);
    if (k < queries.size) add_four<kRows>(pairs, keys + 4 * g, k, queries.size - k, group);
    HWY_UNROLL(2)
    for (std::size_t r = 0; r < kRows; ++r) sums[r][g] = Pairs::total(&group[r], 0);
  }
  HWY_UNROLL(2)
  for (std::size_t r = 0; r < kRows; ++r) {
    const auto sum = hn::Sub(join_sums<kGroups>(sums[r]), hn::Set(di, queries.offsets[r]));
    hn::StoreU(hn::Mul(hn::ConvertTo(d, sum), hn::Mul(scale, hn::Set(d, queries.steps[r]))), d,
               out + r * out_stride);
  }
}

// out (rows, count in whole vectors) = steps (rows) * queries (rows, size) * keys (count, size)ᵀ * scales
// (count), for one row or two. What follows the last key is of a copy of it.
template <std::size_t kRows = kInt16Rows>
void score(std::size_t rows, const Int16Queries& queries, RowsOf<std::int8_t> keys, const float* scales,
           std::size_t count, float* HWY_RESTRICT out, std::size_t out_stride) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return score<kRows - 1>(rows, queries, keys, scales, count, out, out_stride);
  }
  const std::int8_t* x[kLanes];
  std::size_t t = 0;
  for (; t + kLanes <= count; t += kLanes) {
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kLanes; ++i) x[i] = keys.data + (t + i) * keys.stride;
    score_keys<kRows>(queries, x, load_floats(scales + t), out + t, out_stride);
  }
  if (t == count) return;
  for (std::size_t i = 0; i < kLanes; ++i) x[i] = keys.data + std::min(t + i, count - 1) * keys.stride;
  score_keys<kRows>(queries, x, load_floats(scales + t, count - t), out + t, out_stride);
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();

#endif
