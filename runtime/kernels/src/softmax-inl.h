// A softmax that is taken block by block: what was summed before a block is scaled to the greatest score so
// far. After Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018.

#if defined(EDGEATTN_SOFTMAX_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_SOFTMAX_INL_H
#undef EDGEATTN_SOFTMAX_INL_H
#else
#define EDGEATTN_SOFTMAX_INL_H
#endif

#include <algorithm>
#include <cstdint>
#include <limits>

#include "float_product-inl.h"
#include "hwy/highway.h"
#include "math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

constexpr float kLowest = std::numeric_limits<float>::lowest();
constexpr float kNegativeInfinity = -std::numeric_limits<float>::infinity();

// e^x for x of at most 0, to 2 in 10^7; 0 below -87.3, NaN of NaN. Minimax polynomial of degree 5 on |x| <=
// ln(2) / 2.
HWY_INLINE FloatVector exp_of_negative(FloatVector x) {
  const Floats d;
  const hn::RebindToSigned<Floats> di;
  constexpr float kSeries[] = {8.29761949e-3f, 4.19156299e-2f, 1.66675765e-1f,
                               4.99988927e-1f, 9.99999691e-1f, 1.00000007f};
  const FloatVector round = hn::Set(d, 12582912.0f);  // 1.5 * 2^23: the low bits of a sum are an integer
  const FloatVector shifted = hn::MulAdd(x, hn::Set(d, 1.44269504f), round);  // log2(e)
  const FloatVector n = hn::Sub(shifted, round);
  const FloatVector r = hn::NegMulAdd(n, hn::Set(d, 0.693147181f), x);                               // ln(2)
  const auto power = hn::Add(hn::ShiftLeft<23>(hn::BitCast(di, shifted)), hn::Set(di, 0x3F800000));  // 2^n
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -87.3f)),
                            hn::Mul(polynomial(d, kSeries, r), hn::BitCast(d, power)));
}

// scores = cap * tanh(scores / cap), by e^(-2|x|)
inline void cap_softly(float* HWY_RESTRICT scores, std::size_t count, float cap) {
  const Floats d;
  const FloatVector one = hn::Set(d, 1.0f), limit = hn::Set(d, cap), inverse = hn::Set(d, 1.0f / cap);
  for (std::size_t t = 0; t < count; t += kLanes) {
    const FloatVector x = hn::Mul(hn::LoadU(d, scores + t), inverse);
    const FloatVector e = exp_of_negative(hn::Mul(hn::Abs(x), hn::Set(d, -2.0f)));
    const FloatVector tanh = hn::CopySign(hn::Div(hn::Sub(one, e), hn::Add(one, e)), x);
    hn::StoreU(hn::Mul(limit, tanh), d, scores + t);
  }
}

// The next vector of a mask, of which `left` elements remain: what it adds to the scores.
HWY_INLINE FloatVector load_bias(const float* mask, std::size_t left) {
  const Floats d;
  return left >= kLanes ? hn::LoadU(d, mask) : hn::LoadNOr(hn::Set(d, kNegativeInfinity), d, mask, left);
}

HWY_INLINE FloatVector load_bias(const std::uint8_t* mask, std::size_t left) {
  const Floats d;
  const hn::RebindToUnsigned<Floats> du;
  const hn::Rebind<std::uint8_t, Floats> bytes;
  const auto shown =
      hn::PromoteTo(du, left >= kLanes ? hn::LoadU(bytes, mask) : hn::LoadN(bytes, mask, left));
  return hn::IfThenElse(hn::RebindMask(d, hn::Ne(shown, hn::Zero(du))), hn::Zero(d), hn::Set(d, kLowest));
}

// What a block of scores reaches, and whether its mask shows any of its keys.
struct Extent {
  float greatest;
  bool shown;
};

// `count` is a multiple of the lanes.
HWY_INLINE Extent extent_of(const float* HWY_RESTRICT scores, std::size_t count) {
  const Floats d;
  FloatVector top = hn::Set(d, kLowest);
  for (std::size_t t = 0; t < count; t += kLanes) top = hn::Max(hn::LoadU(d, scores + t), top);
  return {hn::ReduceMax(d, top), true};
}

// Adds a row of a mask. What is not above the lowest float hides a key, as in onnxruntime. Scores behind
// `count` are kept.
template <typename T>
HWY_INLINE Extent add_mask(const T* HWY_RESTRICT mask, std::size_t count, float* HWY_RESTRICT scores) {
  const Floats d;
  FloatVector most = hn::Set(d, kLowest), top = hn::Set(d, kLowest);
  const auto add = [&](std::size_t t, std::size_t left) HWY_ATTR {
    const FloatVector bias = load_bias(mask + t, left);
    const FloatVector score = hn::Add(hn::LoadU(d, scores + t), bias);
    most = hn::Max(bias, most);
    top = hn::Max(score, top);
    hn::StoreU(score, d, scores + t);
  };
  std::size_t t = 0;
  for (; t + kLanes <= count; t += kLanes) add(t, kLanes);
  if (t < count) add(t, count - t);
  return {hn::ReduceMax(d, top), !hn::AllFalse(d, hn::Gt(most, hn::Set(d, kLowest)))};
}

// What a row's softmax has come to.
struct RunningSoftmax {
  float greatest = kLowest;
  float sum = 0.0f;    // of e^(score - greatest)
  bool shown = false;  // some key is not hidden by the mask
};

// `count` scores become weights, e^(score - greatest), as `stored(t, left, weight)` has them, where `left` of
// a vector's weights remain; returns the factor for what was summed with the weights of earlier blocks.
// Scores behind `count` hide their keys, up to whole vectors. Where all are at the lowest float or below,
// weights are 0.
template <class Stored>
HWY_INLINE float weigh(float* HWY_RESTRICT scores, std::size_t count, Extent extent, RunningSoftmax& row,
                       const Stored& stored) {
  const Floats d;
  const float greatest = std::max(row.greatest, extent.greatest);
  const FloatVector shift = hn::Set(d, greatest <= kLowest ? 0.0f : greatest);
  FloatVector sum = hn::Zero(d);
  const auto weigh_next = [&](std::size_t t, std::size_t left) HWY_ATTR {
    const FloatVector weight = exp_of_negative(hn::Sub(hn::LoadU(d, scores + t), shift));
    sum = hn::Add(sum, weight);
    hn::StoreU(stored(t, left, weight), d, scores + t);
  };
  std::size_t t = 0;
  for (; t + kLanes <= count; t += kLanes) weigh_next(t, kLanes);
  if (t < count) weigh_next(t, count - t);
  // Before the first block that shows a key, all sums are 0.
  const float decay =
      row.greatest <= kLowest ? 1.0f : hn::GetLane(exp_of_negative(hn::Set(d, row.greatest - greatest)));
  row.sum = row.sum * decay + hn::ReduceSum(d, sum);
  row.greatest = greatest;
  row.shown |= extent.shown;
  return decay;
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();

#endif
