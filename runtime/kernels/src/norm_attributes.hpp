// The attributes of a node that say how its rows are normed.
#pragma once

#include <array>
#include <cmath>

#include "node.hpp"
#include "norm.hpp"

namespace edgeattn::kernels {

/// Reads `norm` and `epsilon`.
///
/// @throws Error where one is none that an operator may have.
inline NormParameters norm_of(const Node& node) {
  constexpr std::array kWords = {"none", "layer", "rms"};
  const NormParameters norm{static_cast<Norm>(node.choice("norm", kWords)), node.real("epsilon", 1e-5f)};
  require(norm.epsilon >= 0 && std::isfinite(norm.epsilon), "attribute epsilon is ", norm.epsilon,
          "; expected 0 or more");
  return norm;
}

}  // namespace edgeattn::kernels
