// What the number of an option may be, whether a caller or a bundle gives it.
#pragma once

#include <cmath>
#include <limits>

#include "words.hpp"

namespace edgeattn {

class Limits {
 public:
  Limits at_least(double bound) const { return with(&Limits::least, bound, " of at least "); }
  Limits above(double bound) const { return with(&Limits::above_, bound, " above "); }
  Limits at_most(double bound) const { return with(&Limits::most, bound, " and at most "); }

  bool allow(double number) const {
    return std::isfinite(number) && number >= least && number > above_ && number <= most;
  }

  /// Says what is expected, such as "1 to 8", or "a finite number above 0".
  template <class Number>
  std::string written() const {
    if (!std::is_integral_v<Number>) return "a finite number" + bounds_;
    return std::isfinite(most) ? words(least, " to ", most) : words("at least ", least);
  }

  double least = -std::numeric_limits<double>::infinity(), most = -least;

 private:
  Limits with(double Limits::* member, double bound, const char* word) const {
    auto limits = *this;
    limits.*member = bound;
    limits.bounds_ += words(word, bound);
    return limits;
  }

  double above_ = least;
  std::string bounds_;
};

}  // namespace edgeattn
