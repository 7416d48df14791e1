// How tokens become text again.
#pragma once

#include <memory>

#include "component.hpp"

namespace edgeattn::text {

using Tokens = std::vector<std::string>;

class Decoder {
 public:
  virtual ~Decoder() = default;

  /// Returns tokens as texts that are joined without anything between them.
  virtual Tokens apply(Tokens tokens) const = 0;

  /// Returns how many bytes it makes of one at most.
  virtual double growth() const { return 1; }
};

/// Reads tokenizer.json's `decoder`; throws BundleError.
std::unique_ptr<Decoder> read_decoder(const Component& component);

}  // namespace edgeattn::text
