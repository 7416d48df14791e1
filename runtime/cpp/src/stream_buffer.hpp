// Numbers as they come, of which no more is kept than the windows to come look at.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "limits.hpp"
#include "words.hpp"

namespace edgeattn {

/// Arrays (rows, time, numbers of a place), out of which windows of the time are taken that are a hop apart.
template <class Number>
class StreamBuffer {
 public:
  StreamBuffer(std::int64_t rows, std::int64_t hop, std::int64_t window, std::size_t numbers = 1)
      : hop_(hop), window_(window), next_(window), rows_(static_cast<std::size_t>(rows)), numbers_(numbers) {}

  /// Adds what has come. Throws InputError where it is not as much in each row, or too much would wait.
  void push(const std::vector<Number>& came) {
    if (came.size() % place() != 0)
      throw InputError(words(came.size(), " numbers found, as many in each of ", rows_, " rows expected"));
    const auto time = came.size() / place();
    const auto passed = std::clamp<std::int64_t>(next_ - window_ - begin_, 0, kept());
    begin_ += passed;
    kept_.erase(kept_.begin(), kept_.begin() + passed * static_cast<std::int64_t>(place()));
    const auto size = static_cast<std::int64_t>(place());
    const auto waiting = kept() + static_cast<std::int64_t>(time) - window_;
    if (waiting > kMostWaiting / size)
      throw InputError(words("a stream: ", waiting * size, " numbers that wait beyond its window found, at most ",
                             kMostWaiting, " expected; take its answers before you push more"));
    auto at = kept_.size();
    kept_.resize(at + came.size());
    for (std::size_t t = 0; t < time; ++t)
      for (std::size_t row = 0; row < rows_; ++row, at += numbers_)
        std::copy_n(came.data() + (row * time + t) * numbers_, numbers_, kept_.data() + at);
  }

  /// Moves the next complete window into `window`; false where there is none.
  bool next(std::vector<Number>& window, std::int64_t& end) {
    if (next_ > begin_ + kept()) return false;
    const auto time = static_cast<std::size_t>(window_);
    window.resize(time * place());
    auto at = static_cast<std::size_t>(next_ - window_ - begin_) * place();
    for (std::size_t t = 0; t < time; ++t)
      for (std::size_t row = 0; row < rows_; ++row, at += numbers_)
        std::copy_n(kept_.data() + at, numbers_, window.data() + (row * time + t) * numbers_);
    end = next_;
    next_ += std::min(hop_, std::numeric_limits<std::int64_t>::max() - next_);
    return true;
  }

  /// Begins anew: nothing has come.
  void clear() {
    kept_.clear();
    next_ = window_;
    begin_ = 0;
  }

  /// How many numbers there are of a place of the time, in all rows.
  std::size_t place() const { return rows_ * numbers_; }

 private:
  std::int64_t kept() const { return static_cast<std::int64_t>(kept_.size() / place()); }

  std::int64_t hop_, window_, next_, begin_ = 0;  // the end of the next window; the beginning of what is kept
  std::size_t rows_, numbers_;
  std::vector<Number> kept_;  // place by place
};

}  // namespace edgeattn
