// The key-value cache of one text, kept between calls.
#pragma once

#include <mutex>

#include "decoder.hpp"

namespace edgeattn {

struct GenerationSession::State {
  explicit State(const Model& model);

  /// Throws InputError where it is of another model.
  void check(const Model& model) const;

  /// Returns the logits behind a sequence, of which it computes what it does not hold; from one thread after the other.
  std::vector<float> logits(const Tokens& sequence);

 private:
  Decoder decoder_;
  Stepper stepper_;
  Tokens held_;  // the tokens in the cache
  std::mutex turn_;
};

}  // namespace edgeattn
