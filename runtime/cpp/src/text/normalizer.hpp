// What a tokenizer makes of a text before it cuts it.
#pragma once

#include <memory>

#include "component.hpp"
#include "growth.hpp"

namespace edgeattn::text {

class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual std::string apply(std::string text) const = 0;

  /// Adds its steps to those before it.
  virtual void grow(Growth& growth) const { growth.add(1); }
};

/// Reads tokenizer.json's `normalizer`; throws BundleError.
std::unique_ptr<Normalizer> read_normalizer(const Component& component);

}  // namespace edgeattn::text
