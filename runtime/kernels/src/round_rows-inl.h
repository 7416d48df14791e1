// Rows of floats rounded to 8 bits, each over its own range.
#if defined(EDGEATTN_ROUND_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_ROUND_ROWS_INL_H
#undef EDGEATTN_ROUND_ROWS_INL_H
#else
#define EDGEATTN_ROUND_ROWS_INL_H
#endif

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>

#include "dot-inl.h"
#include "outliers.hpp"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

/// A row's floats are scale * (value - zero); its outliers' are scale * (value + excess - zero).
struct RowScale {
  float scale;
  std::int32_t zero;
  std::uint32_t outliers;
};

/// Calls `body(k, lanes)` for each vector of a row of `count`; the last may have fewer lanes.
template <class Body>
HWY_INLINE void for_vectors(std::size_t count, const Body& body) {
  std::size_t k = 0;
  for (; k + kLanes <= count; k += kLanes) body(k, kLanes);
  if (k < count) body(k, count - k);
}

/// Returns `lanes` floats, zeros behind them.
HWY_INLINE FloatVector load(const float* x, std::size_t lanes) {
  return lanes == kLanes ? hn::LoadU(Floats(), x) : hn::LoadN(Floats(), x, lanes);
}

HWY_INLINE void store(FloatVector v, float* y, std::size_t lanes) {
  if (lanes == kLanes)
    hn::StoreU(v, Floats(), y);
  else
    hn::StoreN(v, Floats(), y, lanes);
}

// Extremes are looked for in four chains: none waits for the one before.
constexpr std::size_t kChains = 4;

/// Calls `body(chain, k, lanes)` for each vector of a row of `count`.
template <class Body>
HWY_INLINE void for_chains(std::size_t count, const Body& body) {
  std::size_t k = 0;
  for (; k + kChains * kLanes <= count; k += kChains * kLanes) {
    HWY_UNROLL(4)
    for (std::size_t i = 0; i < kChains; ++i) body(i, k + i * kLanes, kLanes);
  }
  for_vectors(count - k, [&](std::size_t rest, std::size_t lanes) HWY_ATTR { body(0, k + rest, lanes); });
}

HWY_INLINE float least_of(const FloatVector (&v)[kChains]) {
  return hn::ReduceMin(Floats(), hn::Min(hn::Min(v[0], v[1]), hn::Min(v[2], v[3])));
}

HWY_INLINE float greatest_of(const FloatVector (&v)[kChains]) {
  return hn::ReduceMax(Floats(), hn::Max(hn::Max(v[0], v[1]), hn::Max(v[2], v[3])));
}

/// The lowest and the highest value of a row, or of a part of it, zero included.
struct RowRange {
  float low, high;

  float step() const { return high / 255 - low / 255; }  // the whole range may overflow

  /// Returns a third of the range: about zero, as far as the row reaches on either side.
  RowRange third() const {
    const float sixth = high / 6 - low / 6;
    if (low > -sixth) return {low, low + 2 * sixth};
    if (high < sixth) return {high - 2 * sixth, high};
    return {-sixth, sixth};
  }
};

/// One row of x, times `smoothing` unless that is null.
struct SmoothedRow {
  const float* HWY_RESTRICT x;
  const float* HWY_RESTRICT smoothing;
  std::size_t inner;

  HWY_INLINE FloatVector operator()(std::size_t k, std::size_t lanes) const {
    const auto v = load(x + k, lanes);
    return smoothing ? hn::Mul(v, load(smoothing + k, lanes)) : v;
  }
  float operator[](std::size_t k) const { return smoothing ? x[k] * smoothing[k] : x[k]; }
};

/// The places of a row's outliers.
struct OutlierPlaces {
  std::size_t count = 0;
  std::int32_t k[kMostOutliers + kLanes];  // a vector may be stored behind the last that counts
};

/// Finds what lies outside of a third of a row's range; returns the range of all other values, or `whole`
/// where more than most_outliers() do.
inline RowRange split_outliers(const SmoothedRow& row, RowRange whole, OutlierPlaces& places) {
  const Floats d;
  const Ints di;
  const auto most = most_outliers(row.inner);
  const auto third = whole.third();
  const auto begin = hn::Set(d, third.low), end = hn::Set(d, third.high);
  FloatVector low[kChains], high[kChains];
  for (std::size_t i = 0; i < kChains; ++i) low[i] = high[i] = hn::Zero(d);
  for_chains(row.inner, [&](std::size_t i, std::size_t k, std::size_t lanes) HWY_ATTR {
    const auto v = row(k, lanes);
    const auto outside = hn::Or(hn::Lt(v, begin), hn::Gt(v, end));
    if (HWY_UNLIKELY(!hn::AllFalse(d, outside)) && places.count <= most) {
      const auto k_of_lanes = hn::Iota(di, static_cast<std::int32_t>(k));
      places.count += hn::CompressStore(k_of_lanes, hn::RebindMask(di, outside), di, places.k + places.count);
    }
    const auto inside = hn::IfThenZeroElse(outside, v);
    low[i] = hn::Min(low[i], inside);
    high[i] = hn::Max(high[i], inside);
  });
  if (places.count <= most) return {least_of(low), greatest_of(high)};
  places.count = 0;
  return whole;
}

/// Rounds one row to `padded` values; those behind `inner` are zeros.
///
/// A row with a NaN or an infinity gets the scale NaN. A row whose range is below 3e-36 counts as zeros.
/// Where at most most_outliers() values lie outside of a third of a row's range, its scale is that of all
/// others' range, and those values go to `outliers`.
template <class Dot>
HWY_INLINE RowScale round_row(const SmoothedRow& row, std::size_t padded,
                              typename Dot::Value* HWY_RESTRICT values, Outlier* HWY_RESTRICT outliers) {
  const Floats d;
  const Ints di;
  const auto inner = row.inner;

  FloatVector low[kChains], high[kChains], odd[kChains];
  for (std::size_t i = 0; i < kChains; ++i) low[i] = high[i] = odd[i] = hn::Zero(d);
  for_chains(inner, [&](std::size_t i, std::size_t k, std::size_t lanes) HWY_ATTR {
    const auto v = row(k, lanes);
    low[i] = hn::Min(low[i], v);
    high[i] = hn::Max(high[i], v);
    odd[i] = hn::MulAdd(v, hn::Zero(d), odd[i]);  // not finite is what gives NaN times 0
  });
  for (std::size_t i = 1; i < kChains; ++i) odd[0] = hn::Add(odd[0], odd[i]);
  const bool finite = hn::AllFalse(d, hn::IsNaN(odd[0]));
  RowRange range{least_of(low), greatest_of(high)};

  // Each lane that has a value outside has one at least: most rows need not be looked at again.
  OutlierPlaces places;
  const float shortest = range.step() / kShortest;
  if (finite && shortest >= FLT_MIN && inner >= kOutlierShare) {
    const auto third = range.third();
    const auto begin = hn::Set(d, third.low), end = hn::Set(d, third.high);
    std::size_t lanes = 0;
    for (std::size_t i = 0; i < kChains; ++i)
      lanes += hn::CountTrue(d, hn::Or(hn::Lt(low[i], begin), hn::Gt(high[i], end)));
    if (lanes <= most_outliers(inner)) range = split_outliers(row, range, places);
  }

  const float step = finite ? std::max(range.step(), places.count ? shortest : 0) : 0;
  const float scale = step < FLT_MIN ? 0 : step, inverse = scale > 0 ? 1 / scale : 0;
  const auto zero = static_cast<std::int32_t>(-std::nearbyint(finite ? range.low * inverse : 0));

  // Rounded before the zero point is added, so that all instruction sets round alike: 1.5 * 2^23 leaves the
  // nearest whole number in a float's low bits. The upper end may come to 256.
  constexpr std::int32_t kWholeBits = 0x4b400000;
  const auto to_whole = hn::BitCast(d, hn::Set(di, kWholeBits));
  const auto offset = Dot::kCentered ? 0 : zero + Dot::kOffset;
  const auto lowest = offset - zero, highest = lowest + 255;
  const auto shift = hn::Set(di, offset - kWholeBits), bottom = hn::Set(di, lowest),
             top = hn::Set(di, highest);
  using Unsigned = hwy::MakeUnsigned<typename Dot::Value>;
  const hn::Rebind<Unsigned, Ints> narrow;
  auto* const stored = reinterpret_cast<Unsigned*>(values);
  for_vectors(inner, [&](std::size_t k, std::size_t lanes) HWY_ATTR {
    const auto whole = hn::BitCast(di, hn::Add(hn::Mul(row(k, lanes), hn::Set(d, inverse)), to_whole));
    const auto value = hn::Max(hn::Min(hn::Add(whole, shift), top), bottom);
    const auto low_bits = hn::TruncateTo(narrow, hn::BitCast(hn::RebindToUnsigned<Ints>(), value));
    if (lanes == kLanes)
      hn::StoreU(low_bits, narrow, stored + k);
    else
      hn::StoreN(low_bits, narrow, stored + k, lanes);
  });
  for (std::size_t k = inner; k < padded; ++k) values[k] = 0;
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < places.count; ++i) {
    const auto k = static_cast<std::uint32_t>(places.k[i]);
    const auto value = static_cast<std::int32_t>(std::nearbyint(row[k] * inverse)) + offset;
    const auto excess = value - std::clamp(value, lowest, highest);
    if constexpr (Dot::kCentered)
      values[k] = static_cast<typename Dot::Value>(value);
    else if (excess)
      outliers[count++] = {0, k, excess};
  }
  return {finite ? scale : std::numeric_limits<float>::quiet_NaN(), offset, count};
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
