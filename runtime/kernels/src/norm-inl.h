// Layer and RMS norm of a row.
#if defined(EDGEATTN_NORM_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_NORM_INL_H
#undef EDGEATTN_NORM_INL_H
#else
#define EDGEATTN_NORM_INL_H
#endif

#include <cmath>

#include "round_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

/// Returns the mean of `term(vector)` over a row; of what stands behind the row it must be zero.
template <class Term>
HWY_INLINE float mean(const float* x, std::size_t count, const Term& term) {
  const Floats d;
  auto sum = hn::Zero(d);
  for_vectors(count, [&](std::size_t k, std::size_t lanes) HWY_ATTR {
    sum = hn::Add(sum, hn::IfThenElseZero(hn::FirstN(d, lanes), term(load(x + k, lanes))));
  });
  return hn::ReduceSum(d, sum) / static_cast<float>(count);
}

/// y = (x - center) / sqrt(mean((x - center)^2) + epsilon) [* scale] [+ bias]; the center is the mean, or 0
/// for RMS norm. x and y may be one row.
HWY_INLINE void norm_row(const float* x, bool centered, float epsilon, const float* scale, const float* bias,
                         std::size_t count, float* y) {
  const Floats d;
  const auto center = hn::Set(d, centered ? mean(x, count, [](FloatVector v) HWY_ATTR { return v; }) : 0.f);
  const float variance = mean(x, count, [&](FloatVector v) HWY_ATTR {
    const auto distance = hn::Sub(v, center);
    return hn::Mul(distance, distance);
  });
  const auto factor = hn::Set(d, 1 / std::sqrt(variance + epsilon));
  for_vectors(count, [&](std::size_t k, std::size_t lanes) HWY_ATTR {
    auto v = hn::Mul(hn::Sub(load(x + k, lanes), center), factor);
    if (scale) v = hn::Mul(v, load(scale + k, lanes));
    if (bias) v = hn::Add(v, load(bias + k, lanes));
    store(v, y + k, lanes);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
