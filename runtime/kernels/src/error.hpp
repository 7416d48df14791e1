// What a kernel cannot do: thrown inside the library, and told to onnxruntime as an OrtStatus.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace edgeattn {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Returns one text of these values.
template <class... Values>
std::string words(const Values&... values) {
  std::ostringstream text;
  (text << ... << values);
  return text.str();
}

/// Throws an Error of these words where the condition does not hold.
template <class... Values>
void require(bool condition, const Values&... values) {
  if (!condition) throw Error(words(values...));
}

}  // namespace edgeattn
