// How many bytes the steps of a tokenizer make of one at most.
#pragma once

namespace edgeattn::text {

/// Each step works on what the one before it made, so that they multiply.
class Growth {
 public:
  /// Adds a step that makes so many bytes of one at most.
  void add(double factor) {
    last_ *= factor;
    all_ += last_;
  }

  /// Returns what the last step makes of one, which takes memory.
  double last() const { return last_; }

  /// Returns what all steps make of one, together, which takes time; 1 without a step.
  double all() const { return all_ > 1 ? all_ : 1; }

 private:
  double last_ = 1;
  double all_ = 0;
};

}  // namespace edgeattn::text
