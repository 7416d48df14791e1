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
  const auto smoothed = [&](std::size_t k, std::size_t lanes) HWY_ATTR {
    const auto v = load(x + k, lanes);
    return smoothing ? hn::Mul(v, load(smoothing + k, lanes)) : v;
  };

  // Four extremes of each kind: none waits for the one before. Not finite is what gives NaN times 0.
  constexpr std::size_t kChains = 4;
  FloatVector low[kChains], high[kChains], odd[kChains];
  for (std::size_t i = 0; i < kChains; ++i) low[i] = high[i] = odd[i] = hn::Zero(d);
  const auto look = [&](std::size_t i, std::size_t k, std::size_t lanes) HWY_ATTR {
    const auto v = smoothed(k, lanes);
    low[i] = hn::Min(low[i], v);
    high[i] = hn::Max(high[i], v);
    odd[i] = hn::MulAdd(v, hn::Zero(d), odd[i]);
  };
  std::size_t seen = 0;
  for (; seen + kChains * kLanes <= inner; seen += kChains * kLanes) {
    HWY_UNROLL(4)
    for (std::size_t i = 0; i < kChains; ++i) look(i, seen + i * kLanes, kLanes);
  }
  for_vectors(inner - seen, [&](std::size_t k, std::size_t lanes) HWY_ATTR { look(0, seen + k, lanes); });
  for (std::size_t i = 1; i < kChains; ++i) {
    low[0] = hn::Min(low[0], low[i]);
    high[0] = hn::Max(high[0], high[i]);
    odd[0] = hn::Add(odd[0], odd[i]);
  }
  const float lowest = hn::ReduceMin(d, low[0]), highest = hn::ReduceMax(d, high[0]);
  const bool finite = hn::AllFalse(d, hn::IsNaN(odd[0]));
  const float range = finite ? highest / 255 - lowest / 255 : 0;  // of one step; the whole may overflow
  const float scale = range < FLT_MIN ? 0 : range, inverse = scale > 0 ? 1 / scale : 0;
  const auto zero = static_cast<std::int32_t>(-std::nearbyint(finite ? lowest * inverse : 0));

  // Rounded before the zero point is added, so that all instruction sets round alike: 1.5 * 2^23 leaves the
  // nearest whole number in a float's low bits. None is below -zero; the upper end may come to 256.
  constexpr std::int32_t kWholeBits = 0x4b400000;
  const auto to_whole = hn::BitCast(d, hn::Set(di, kWholeBits));
  const auto offset = Dot::kCentered ? 0 : zero + Dot::kOffset;
  const auto shift = hn::Set(di, offset - kWholeBits), top = hn::Set(di, 255 - zero + offset);
  using Unsigned = hwy::MakeUnsigned<typename Dot::Value>;
  const hn::Rebind<Unsigned, Ints> narrow;
  auto* const stored = reinterpret_cast<Unsigned*>(values);
  for_vectors(inner, [&](std::size_t k, std::size_t lanes) HWY_ATTR {
    const auto whole = hn::BitCast(di, hn::Add(hn::Mul(smoothed(k, lanes), hn::Set(d, inverse)), to_whole));
    const auto value = hn::Min(hn::Add(whole, shift), top);
    const auto low_bits = hn::TruncateTo(narrow, hn::BitCast(hn::RebindToUnsigned<Ints>(), value));
    if (lanes == kLanes)
      hn::StoreU(low_bits, narrow, stored + k);
    else
      hn::StoreN(low_bits, narrow, stored + k, lanes);
  });
  for (std::size_t k = inner; k < padded; ++k) values[k] = 0;
  return {finite ? scale : std::numeric_limits<float>::quiet_NaN(), offset};
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
