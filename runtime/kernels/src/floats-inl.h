// Vectors of floats: the widest that a target has, up to 16 lanes.
#if defined(EDGEATTN_FLOATS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_FLOATS_INL_H
#undef EDGEATTN_FLOATS_INL_H
#else
#define EDGEATTN_FLOATS_INL_H
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using FloatVector = hn::Vec<Floats>;
constexpr std::size_t kLanes = hn::MaxLanes(Floats());

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
