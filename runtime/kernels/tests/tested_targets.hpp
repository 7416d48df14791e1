// The instruction sets that a test is of.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "error.hpp"
#include "instruction_set.hpp"

namespace edgeattn::kernels {

/// Those that the environment's EDGEATTN_KERNELS_TESTED names ("AVX3_DL AVX3"), for an emulator, which is
/// slow; else all that this CPU has.
inline const std::vector<std::int64_t>& tested_targets() {
  static const auto tested = [] {
    const char* const names = std::getenv("EDGEATTN_KERNELS_TESTED");
    if (names == nullptr) return targets();
    std::istringstream listed{names};
    std::vector<std::int64_t> list;
    for (std::string name; listed >> name;) {
      const auto found = std::find_if(targets().begin(), targets().end(),
                                      [&](auto target) { return name == hwy::TargetName(target); });
      require(found != targets().end(), "EDGEATTN_KERNELS_TESTED names ", name, ", which this CPU lacks");
      list.push_back(*found);
    }
    require(!list.empty(), "EDGEATTN_KERNELS_TESTED names no instruction set");
    return list;
  }();
  return tested;
}

}  // namespace edgeattn::kernels
