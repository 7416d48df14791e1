// The norm of an operator's rows.
#pragma once

namespace edgeattn::kernels {

enum class Norm { kNone, kLayer, kRms };

struct NormParameters {
  Norm norm = Norm::kNone;
  float epsilon = 0;  // added to the variance
};

}  // namespace edgeattn::kernels
