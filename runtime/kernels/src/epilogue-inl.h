// What follows a product while its tile is in the first cache: bias, activation, gate, residual.
#if defined(EDGEATTN_EPILOGUE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_EPILOGUE_INL_H
#undef EDGEATTN_EPILOGUE_INL_H
#else
#define EDGEATTN_EPILOGUE_INL_H
#endif

#include "int8_product-inl.h"
#include "math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

/// Where a tile's outputs go: the first column of the first row, rows `stride` floats apart.
struct Destination {
  float* y;
  const float* residual;  // or null
  std::size_t stride, columns;
};

/// y = activate(product * row scale + bias) [* the same of the gate's half] [+ residual]
template <class Dot, class Activate>
HWY_INLINE void finish_tile(Tile<Dot, float>* products, std::size_t halves, const RowScale* row_scales,
                            std::size_t count, const float* HWY_RESTRICT bias, const Destination& to,
                            const Activate& activate) {
  const Floats d;
  const auto stride = to.stride;  // kept here: to a compiler, what is stored may change `to`
  for (std::size_t v = 0; v * kLanes < to.columns; ++v) {
    const auto lanes = HWY_MIN(kLanes, to.columns - v * kLanes);
    const auto own_bias = hn::Load(d, bias + v * kLanes);
    const auto gate_bias = hn::Load(d, bias + (halves - 1) * kWidth<Dot> + v * kLanes);
    auto* const first = to.y + v * kLanes;
    const auto* const residual = to.residual ? to.residual + v * kLanes : nullptr;
    for (std::size_t r = 0; r < count; ++r) {
      const auto row_scale = hn::Set(d, row_scales[r].scale);
      auto y = activate(hn::MulAdd(hn::Load(d, products[0].at(r, v)), row_scale, own_bias));
      if (halves == 2) y = hn::Mul(y, hn::MulAdd(hn::Load(d, products[1].at(r, v)), row_scale, gate_bias));
      if (residual) y = hn::Add(y, load(residual + r * stride, lanes));
      store(y, first + r * stride, lanes);
    }
  }
}

template <class Dot>
HWY_NOINLINE void finish_tile(Activation activation, Tile<Dot, float>* products, std::size_t halves,
                              const RowScale* row_scales, std::size_t count, const float* bias,
                              const Destination& to) {
  using V = FloatVector;
  const Floats d;
  const auto finish = [&](const auto& activate) HWY_ATTR {
    finish_tile<Dot>(products, halves, row_scales, count, bias, to, activate);
  };
  switch (activation) {
    case Activation::kNone:
      return finish([](V x) HWY_ATTR { return x; });
    case Activation::kGelu:
      return finish([d](V x) HWY_ATTR { return gelu(d, x); });
    case Activation::kGeluTanh:
      return finish([d](V x) HWY_ATTR { return gelu_tanh(d, x); });
    case Activation::kRelu:
      return finish([d](V x) HWY_ATTR { return relu(d, x); });
    case Activation::kSilu:
      return finish([d](V x) HWY_ATTR { return silu(d, x); });
    case Activation::kTanh:
      return finish([d](V x) HWY_ATTR { return tanh(d, x); });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
