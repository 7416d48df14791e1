// What the number of an option may be, whether a caller or a bundle gives it.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <type_traits>

#include "words.hpp"

namespace edgeattn {

class Limits {
 public:
  Limits at_least(double bound) const { return with(&Limits::least_, bound); }
  Limits above(double bound) const { return with(&Limits::above_, bound); }
  Limits at_most(double bound) const { return with(&Limits::most_, bound); }

  bool allow(double number) const {
    return std::isfinite(number) && (!least_ || number >= *least_) && (!above_ || number > *above_) &&
           (!most_ || number <= *most_);
  }

  std::int64_t least() const { return static_cast<std::int64_t>(least_.value_or(0)); }
  std::int64_t most(std::int64_t otherwise) const { return most_ ? static_cast<std::int64_t>(*most_) : otherwise; }

  /// Says what is expected, such as "1 to 8", or "a finite number above 0".
  template <class Number>
  std::string written() const {
    if constexpr (std::is_integral_v<Number>)
      return most_ ? words(*least_, " to ", *most_) : words("at least ", *least_);
    return words("a finite number", above_ ? words(" above ", *above_) : "", least_ ? words(" of at least ", *least_) : "",
                 most_ ? words(" and at most ", *most_) : "");
  }

 private:
  Limits with(std::optional<double> Limits::* member, double bound) const {
    auto limits = *this;
    limits.*member = bound;
    return limits;
  }

  std::optional<double> least_, above_, most_;
};

}  // namespace edgeattn
