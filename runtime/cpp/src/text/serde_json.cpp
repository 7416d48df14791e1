#include "serde_json.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>

#include "words.hpp"

namespace edgeattn::text {
namespace {

constexpr int kMostPower = 308;  // of ten in a double

/// Returns a power of ten, rounded to the nearest double.
double power_of_ten(int exponent) {
  static const auto powers = [] {
    std::array<double, kMostPower + 1> made{};
    for (int i = 0; i <= kMostPower; ++i)
      made[static_cast<std::size_t>(i)] = std::strtod(("1e" + std::to_string(i)).c_str(), nullptr);
    return made;
  }();
  return powers[static_cast<std::size_t>(exponent)];
}

/// A number as it is written, of the digits that 64 bits have room for.
struct Written {
  std::uint64_t digits = 0;
  int exponent = 0;  // of ten
  bool negative = false;

  explicit Written(std::string_view text) : negative(text.front() == '-') {
    const auto end = std::min(text.find_first_of("eE"), text.size());
    bool fraction = false, full = false;
    for (std::size_t at = negative ? 1 : 0; at < end; ++at) {
      if (!is_digit(text[at])) {
        fraction = true;
        full = false;  // the first digit behind the point may fit where the last one before it did not
        continue;
      }
      const auto digit = static_cast<unsigned>(text[at] - '0');
      full = full || digits > (std::numeric_limits<std::uint64_t>::max() - digit) / 10;
      if (!full) digits = digits * 10 + digit;
      exponent += int{full} - int{fraction};
    }
    if (end < text.size()) exponent += exponent_of(text.substr(end + 1));
  }

  /// serde_json's f64_from_parts: one division or multiplication, each operand rounded before.
  double value() const {
    auto value = static_cast<double>(digits);
    int left = exponent;
    for (; left < -kMostPower && value != 0; left += kMostPower) value /= power_of_ten(kMostPower);
    if (value != 0) {
      const auto power = power_of_ten(std::min(std::abs(left), kMostPower));
      value = left < 0 ? value / power : value * power;
    }
    return negative ? -value : value;
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  static int exponent_of(std::string_view text) {
    constexpr int kBeyond = 1 << 24;  // of every double, and of every number of digits that a file has room for
    int exponent = 0;
    for (const char c : text)
      if (is_digit(c)) exponent = std::min(exponent * 10 + (c - '0'), kBeyond);
    return text.front() == '-' ? -exponent : exponent;
  }
};

using Dom = nlohmann::detail::json_sax_dom_parser<nlohmann::json, nlohmann::detail::string_input_adapter_type>;

struct Reader : Dom {
  explicit Reader(nlohmann::json& root) : Dom(root, /*allow_exceptions_=*/false) {}

  bool number_float(double /*nearest*/, const std::string& text) {
    const auto value = Written(text).value();
    return std::isfinite(value) && Dom::number_float(value, text);
  }
};

}  // namespace

nlohmann::json read_serde_json(std::string_view text) {
  nlohmann::json value;
  Reader reader(value);
  if (!nlohmann::json::sax_parse(text, &reader)) throw BundleError("not valid JSON");
  return value;
}

}  // namespace edgeattn::text
