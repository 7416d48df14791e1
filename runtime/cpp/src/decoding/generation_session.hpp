// The key-value cache of one text, kept between calls.
#pragma once

#include <atomic>

#include "decoder.hpp"

namespace edgeattn {

struct GenerationSession::State {
  explicit State(const Model& model);

  /// Holds the session while one call uses it.
  class Use {
   public:
    explicit Use(State& state) : state_(state) {}
    ~Use() { state_.in_use_ = false; }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    State& state_;
  };

  /// Begins a call of a model. Throws InputError where another call uses the session, or it is of another model.
  Use use(const Model& model);

  /// Returns the logits behind a sequence, of which it computes what it does not hold; the next call overwrites them.
  Logits logits(const Tokens& sequence);

 private:
  Decoder decoder_;
  Stepper stepper_;
  Tokens held_;  // the tokens in the cache
  std::atomic<bool> in_use_ = false;
};

}  // namespace edgeattn
