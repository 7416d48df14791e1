// Rows of floats rounded to 8 bits, each over its own range.
#if defined(EDGEATTN_ROUND_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_ROUND_ROWS_INL_H
#undef EDGEATTN_ROUND_ROWS_INL_H
#else
#define EDGEATTN_ROUND_ROWS_INL_H
#endif

#include <cfloat>
#include <cmath>
#include <limits>

#include "dot-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

/// A row's floats are scale * (value - zero).
struct RowScale {
  float scale;
  std::int32_t zero;
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

/// Rounds one row of x (times `smoothing`, unless null) to `padded` values; those behind `inner` are zeros.
///
/// A row with a NaN or an infinity gets the scale NaN. A row whose range is below 3e-36 counts as zeros.
template <class Dot>
HWY_INLINE RowScale round_row(const float* HWY_RESTRICT x, const float* HWY_RESTRICT smoothing,
                              std::size_t inner, std::size_t padded,
                              typename Dot::Value* HWY_RESTRICT values) {
  const Floats d;
  const Ints di;
  const hn::Rebind<typename Dot::Value, Ints> narrow;
  const auto smoothed = [&](std::size_t k, std::size_t lanes) HWY_ATTR {
    const auto v = load(x + k, lanes);
    return smoothing ? hn::Mul(v, load(smoothing + k, lanes)) : v;
  };

  auto low = hn::Zero(d), high = hn::Zero(d);
  auto size =
      hn::Zero(di);  // the greatest magnitude by its bits, in which infinity and NaN are above all others
  for_vectors(inner, [&](std::size_t k, std::size_t lanes) HWY_ATTR {
    const auto v = smoothed(k, lanes);
    low = hn::Min(low, v);
    high = hn::Max(high, v);
    size = hn::Max(size, hn::BitCast(di, hn::Abs(v)));
  });
  const float lowest = hn::ReduceMin(d, low), highest = hn::ReduceMax(d, high);
  constexpr std::int32_t kInfinity = 0x7f800000;
  const bool finite = hn::ReduceMax(di, size) < kInfinity;
  const float range = finite ? highest / 255 - lowest / 255 : 0;  // of one step; the whole may overflow
  const float scale = range < FLT_MIN ? 0 : range, inverse = scale > 0 ? 1 / scale : 0;
  const auto zero = static_cast<std::int32_t>(-std::nearbyint(finite ? lowest * inverse : 0));

  // Rounded before the zero point is added, so that all instruction sets round alike. The upper end may come
  // to 256.
  const auto offset = hn::Set(di, Dot::kCentered ? 0 : zero + Dot::kOffset);
  const auto top = hn::Set(di, 255 - zero), bottom = hn::Set(di, -zero);
  for_vectors(inner, [&](std::size_t k, std::size_t lanes) HWY_ATTR {
    const auto whole = hn::NearestInt(hn::Mul(smoothed(k, lanes), hn::Set(d, inverse)));
    const auto value = hn::DemoteTo(narrow, hn::Add(hn::Max(hn::Min(whole, top), bottom), offset));
    if (lanes == kLanes)
      hn::StoreU(value, narrow, values + k);
    else
      hn::StoreN(value, narrow, values + k, lanes);
  });
  for (std::size_t k = inner; k < padded; ++k) values[k] = 0;
  return {finite ? scale : std::numeric_limits<float>::quiet_NaN(), Dot::kCentered ? 0 : zero + Dot::kOffset};
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
