// Functions of vectors against doubles, for every instruction set of this CPU.
#include "compiled_for.hpp"
//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "test_math.cpp"
#include "hwy/foreach_target.h"  // before all that includes highway.h
//
#include "instruction_set.hpp"
#include "math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

enum class Function { kExp, kSigmoid, kSilu, kTanh, kGelu, kGeluTanh };

constexpr hn::CappedTag<float, 16> d;

/// The absolute error of gelu_tanh: a polynomial where vectors have 16 lanes, whose error does not vanish with x.
double gelu_tanh_error() { return hn::MaxLanes(d) == 16 ? 3e-6 : 1e-30; }

float apply(int function, float x) {
  const auto v = hn::Set(d, x);
  switch (static_cast<Function>(function)) {
    case Function::kExp:
      return hn::GetLane(exp(d, v));
    case Function::kSigmoid:
      return hn::GetLane(sigmoid(d, v));
    case Function::kSilu:
      return hn::GetLane(silu(d, v));
    case Function::kTanh:
      return hn::GetLane(tanh(d, v));
    case Function::kGelu:
      return hn::GetLane(gelu(d, v));
    case Function::kGeluTanh:
      return hn::GetLane(gelu_tanh(d, v));
  }
  return 0;
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <cmath>

#include "expectations.hpp"
#include "tested_targets.hpp"

namespace edgeattn::kernels {
namespace {

constexpr decltype(&HWY_STATIC_DISPATCH(apply)) kApply[] = COMPILED_FOR_TARGETS(apply);
constexpr decltype(&HWY_STATIC_DISPATCH(gelu_tanh_error)) kGeluTanhError[] =
    COMPILED_FOR_TARGETS(gelu_tanh_error);

struct Case {
  const char* name;
  double (*exact)(double);
  double absolute, relative_to_x, relative;  // what it may be off by
};

constexpr Case kCases[] = {
    {"exp", [](double x) { return std::exp(x); }, 0, 0, 3e-7},
    {"sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }, 2e-7, 0, 0},
    {"silu", [](double x) { return x / (1 + std::exp(-x)); }, 1e-30, 3e-7, 0},
    {"tanh", [](double x) { return std::tanh(x); }, 4e-7, 0, 0},
    {"gelu", [](double x) { return x * .5 * std::erfc(-x / std::sqrt(2.)); }, 3e-6, 1e-7, 0},
    {"gelu_tanh",
     [](double x) { return x / (1 + std::exp(-1.5957691216057308 * (x + .044715 * x * x * x))); }, 0,
     3e-7, 0},  // and kGeluTanhError
};

}  // namespace
}  // namespace edgeattn::kernels

int main() {
  using namespace edgeattn::kernels;
  for (const auto target : tested_targets())
    for (int function = 0; function < 6; ++function) {
      const auto& c = kCases[function];
      const double absolute = function == 5 ? kGeluTanhError[table_index(target)]() : c.absolute;
      double worst = 0, at = 0;
      for (float x = -87; x <= 88; x += x > -6 && x < 6 ? .001f : .01f) {
        const double exact = c.exact(x), off = std::fabs(kApply[table_index(target)](function, x) - exact);
        const double bound = absolute + c.relative_to_x * std::fabs(x) + c.relative * std::fabs(exact);
        if (off / bound > worst) worst = off / bound, at = x;
      }
      expect(worst <= 1, hwy::TargetName(target), ": ", c.name, " is off by ", worst, " bounds at ", at);
      if (function == 0) continue;
      for (const float x : {-1e30f, -1000.f, 1000.f, 1e30f}) {
        const double exact = function == 1 ? x > 0 : function == 3 ? (x > 0 ? 1 : -1) : x > 0 ? x : 0;
        const double y = kApply[table_index(target)](function, x);
        expect(std::fabs(y - exact) <= 1e-6 * (1 + std::fabs(exact)), hwy::TargetName(target), ": ", c.name,
               "(", x, ") = ", y);
      }
    }
  return summary();
}
#endif
