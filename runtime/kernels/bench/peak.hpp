// What the kernels' loops of products reach at most on this CPU.
#pragma once

namespace edgeattn::kernels {

/// Products with their sums on one thread, in thousands of millions a second: of 8 bits, and of floats.
struct Peak {
  double int8, floats;
};

/// Measures it on whole tiles of numbers that stay in the first cache. With dot products no instruction but
/// these limits the loop, so that it is the CPU's own limit too.
Peak measure_peak();

}  // namespace edgeattn::kernels
