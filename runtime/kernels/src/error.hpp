// What a kernel cannot do: thrown inside the library, and told to onnxruntime as an OrtStatus.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace edgeattn::kernels {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Values as messages show them; without streams, which would triple the library.
inline std::string text(const std::string& value) { return value; }
inline std::string text(const char* value) { return value; }
template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
std::string text(T value) {
  if constexpr (std::is_integral_v<T>) return std::to_string(value);
  char digits[32];
  std::snprintf(digits, sizeof digits, "%g", static_cast<double>(value));
  return digits;
}

/// Returns one text of these values.
template <class... Values>
std::string words(const Values&... values) {
  std::string all;
  (all.append(text(values)), ...);
  return all;
}

/// Throws an Error of these words where the condition does not hold.
template <class... Values>
void require(bool condition, const Values&... values) {
  if (!condition) throw Error(words(values...));
}

}  // namespace edgeattn::kernels
