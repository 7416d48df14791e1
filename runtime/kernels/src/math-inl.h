// Functions of float vectors. Errors are bounds over all floats, held by test_math.
#if defined(EDGEATTN_MATH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_MATH_INL_H
#undef EDGEATTN_MATH_INL_H
#else
#define EDGEATTN_MATH_INL_H
#endif

#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Returns the polynomial of these coefficients, the highest power first, by Horner's rule.
template <class D, std::size_t kCount>
HWY_INLINE hn::Vec<D> polynomial(D d, const float (&coefficients)[kCount], hn::Vec<D> x) {
  auto sum = hn::Set(d, coefficients[0]);
  for (std::size_t i = 1; i < kCount; ++i) sum = hn::MulAdd(sum, x, hn::Set(d, coefficients[i]));
  return sum;
}

/// Returns e to the power x; relative error 3e-7. Below -87.3 it is 1.2e-38, above 88 it is 1.7e38; of NaN it
/// is undefined.
///
/// x = n ln 2 + r with a whole n and |r| <= ln 2 / 2; e^r by its Taylor series, 2^n by the exponent's bits.
template <class D>
HWY_INLINE hn::Vec<D> exp(D d, hn::Vec<D> x) {
  const hn::RebindToSigned<D> di;
  constexpr float kSeries[] = {1.f / 720, 1.f / 120, 1.f / 24, 1.f / 6, 1.f / 2, 1.f, 1.f};
  x = hn::Min(hn::Max(x, hn::Set(d, -87.3f)), hn::Set(d, 88.f));
  const auto n = hn::Round(hn::Mul(x, hn::Set(d, 1.44269504f)));
  // ln 2 in two parts: the first has few bits, so that its product with n is exact.
  const auto r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x));
  const auto power = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127))));
  return hn::Mul(polynomial(d, kSeries, r), power);
}

/// Returns 1 / (1 + e^-x); absolute error 2e-7.
template <class D>
HWY_INLINE hn::Vec<D> sigmoid(D d, hn::Vec<D> x) {
  const auto one = hn::Set(d, 1.f);
  return hn::Div(one, hn::Add(one, exp(d, hn::Neg(x))));
}

/// Returns x / (1 + e^-x); error 3e-7 of |x|.
template <class D>
HWY_INLINE hn::Vec<D> silu(D d, hn::Vec<D> x) {
  return hn::Mul(x, sigmoid(d, x));
}

/// Returns tanh x = 2 sigmoid(2x) - 1; absolute error 4e-7.
template <class D>
HWY_INLINE hn::Vec<D> tanh(D d, hn::Vec<D> x) {
  const auto two = hn::Set(d, 2.f);
  const auto y = hn::MulSub(two, sigmoid(d, hn::Mul(two, x)), hn::Set(d, 1.f));
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

/// Returns x times a half and x times a polynomial of u = 2 (x / 5)^2 - 1, held to 0 and 1 beyond |x| = 5.
template <class D>
HWY_INLINE hn::Vec<D> gelu_by(const float (&coefficients)[12], D d, hn::Vec<D> x) {
  const auto near = hn::Min(hn::Max(x, hn::Set(d, -5.f)), hn::Set(d, 5.f));
  const auto u = hn::MulSub(hn::Mul(near, near), hn::Set(d, 2.f / 25), hn::Set(d, 1.f));
  const auto share = hn::MulAdd(near, polynomial(d, coefficients, u), hn::Set(d, .5f));
  return hn::Mul(x, hn::Min(hn::Max(share, hn::Zero(d)), hn::Set(d, 1.f)));
}

/// Returns x (1 + erf(x / sqrt 2)) / 2; absolute error 3e-6, and none beyond |x| = 5 but rounding.
///
/// The normal distribution less a half is x times a polynomial of u: the best one by weighted least squares
/// (Lawson's iteration), held to a half at |x| = 5, so that what is far below 0 is exactly 0.
template <class D>
HWY_INLINE hn::Vec<D> gelu(D d, hn::Vec<D> x) {
  constexpr float kCoefficients[] = {-0.00094867294f, 0.0031202028f, -0.00423319591f, 0.00526660541f,
                                     -0.00987410825f, 0.0168017317f, -0.0237304568f,  0.0313871466f,
                                     -0.0403766967f,  0.0515225157f, -0.0702988356f,  0.141363785f};
  return gelu_by(kCoefficients, d, x);
}

/// Returns x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. It is x times a sigmoid, with an error of 3e-7
/// of |x|; where vectors have 16 lanes, whose divisions are slow, a polynomial, with an absolute error of
/// 3e-6.
template <class D>
HWY_INLINE hn::Vec<D> gelu_tanh(D d, hn::Vec<D> x) {
  if constexpr (hn::MaxLanes(D()) == 16) {
    constexpr float kCoefficients[] = {-0.00145379745f, 0.00415506074f, -0.00440396089f, 0.00446018064f,
                                       -0.00933178887f, 0.0165409632f,  -0.0234208629f,  0.0312666781f,
                                       -0.0404844061f,  0.0516614616f,  -0.0703680068f,  0.141378492f};
    return gelu_by(kCoefficients, d, x);
  } else {
    constexpr float kFactor = 1.5957691216f;  // 2 sqrt(2 / pi)
    const auto inner = hn::MulAdd(hn::Mul(x, x), hn::Set(d, kFactor * 0.044715f), hn::Set(d, kFactor));
    return hn::Mul(x, sigmoid(d, hn::Mul(x, inner)));
  }
}

/// Returns max(x, 0); of NaN it is NaN.
template <class D>
HWY_INLINE hn::Vec<D> relu(D d, hn::Vec<D> x) {
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Zero(d), x);
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
