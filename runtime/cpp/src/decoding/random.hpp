// The numbers that tokens are drawn by: those of numpy's default_rng, so that every runtime draws alike.
#pragma once

#include <cstdint>

namespace edgeattn {

/// PCG64 (O'Neill 2014, XSL-RR 128/64), seeded as numpy's SeedSequence does.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  /// Returns the next number, at least 0 and below 1, of 53 bits.
  double next();

 private:
  struct Wide {  // of 128 bits
    std::uint64_t high, low;
  };
  static Wide plus(Wide a, Wide b);
  static Wide times(Wide a, Wide b);
  void step();

  Wide state_, increment_;
};

}  // namespace edgeattn
