// The types of numbers that arrays hold, by numpy's names of them.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <variant>

namespace edgeattn {

/// A bool: a byte of 0 or 1.
struct Bool {
  std::uint8_t byte = 0;
  Bool() = default;
  explicit Bool(std::uint32_t number) : byte(number != 0) {}
  operator double() const { return byte; }
};

/// IEEE 754's binary16, by its bits.
struct Half {
  std::uint16_t bits = 0;
  Half() = default;

  /// Makes one of a whole number; what it has no room for is another number then.
  explicit Half(std::uint32_t number) {
    int exponent = 0;
    const auto digits = static_cast<int>(std::ldexp(std::frexp(number, &exponent), 11));  // 1024 to 2047, or 0
    bits = static_cast<std::uint16_t>(number == 0 ? 0 : exponent > 16 ? 0x7c00 : (exponent + 14) << 10 | (digits & 0x3ff));
  }

  operator double() const {
    const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
    const double beyond =
        fraction ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
    const double size = exponent == 31  ? beyond
                        : exponent == 0 ? std::ldexp(fraction, -24)
                                        : std::ldexp(1024 + fraction, exponent - 25);
    return bits >> 15 ? -size : size;
  }
};

using Number = std::variant<Bool, std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,
                            std::uint32_t, std::int64_t, std::uint64_t, Half, float, double>;

/// A zero of each dtype, for std::visit.
inline const std::map<std::string, Number> kZeros = {
    {"bool", Bool()},            {"int8", std::int8_t()},    {"uint8", std::uint8_t()}, {"int16", std::int16_t()},
    {"uint16", std::uint16_t()}, {"int32", std::int32_t()},  {"uint32", std::uint32_t()}, {"int64", std::int64_t()},
    {"uint64", std::uint64_t()}, {"float16", Half()},        {"float32", float()},       {"float64", double()}};

}  // namespace edgeattn
