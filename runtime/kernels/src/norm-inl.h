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

// Sums that do not wait for each other. Narrower vectors keep one, and with it their answers.
constexpr std::size_t kSums = kLanes == 16 ? 4 : 1;

/// Returns the mean of `term(vector)` over a row; of what stands behind the row it must be zero.
template <class Term>
HWY_INLINE float mean(const float* x, std::size_t count, const Term& term) {
  const Floats d;
  FloatVector sums[kSums];
  for (auto& sum : sums) sum = hn::Zero(d);
  std::size_t done = 0;
  for (; done + kSums * kLanes <= count; done += kSums * kLanes) {
    HWY_UNROLL(4)
    for (std::size_t i = 0; i < kSums; ++i)
      sums[i] = hn::Add(sums[i], term(hn::LoadU(d, x + done + i * kLanes)));
  }
  for_vectors(count - done, [&](std::size_t k, std::size_t lanes) HWY_ATTR {
    sums[0] = hn::Add(sums[0], hn::IfThenElseZero(hn::FirstN(d, lanes), term(load(x + done + k, lanes))));
  });
  for (std::size_t i = 1; i < kSums; ++i) sums[0] = hn::Add(sums[0], sums[i]);
  return hn::ReduceSum(d, sums[0]) / static_cast<float>(count);
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
