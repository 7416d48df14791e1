// What a tokenizer makes of a text before it cuts it.
#pragma once

#include <memory>

#include "component.hpp"

namespace edgeattn::text {

class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual std::string apply(std::string text) const = 0;

  /// Returns how many bytes it makes of one at most.
  virtual double growth() const { return 1; }
};

/// Reads tokenizer.json's `normalizer`; throws BundleError.
std::unique_ptr<Normalizer> read_normalizer(const Component& component);

}  // namespace edgeattn::text
