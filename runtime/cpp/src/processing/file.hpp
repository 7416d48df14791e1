// Files of an app's own data: read whole, and named where they are refused.
#pragma once

#include "edgeattn.hpp"

namespace edgeattn {

/// Returns a file's bytes; throws InputError where there is no such file. `kind` is what was expected.
std::string read_input_file(const std::string& path, const std::string& kind);

/// Returns what `decode` makes of a file's bytes; a refusal begins with its path.
template <class Decode>
auto decoded(const std::string& path, const std::string& kind, Decode decode) {
  const auto bytes = read_input_file(path, kind);
  try {
    return decode(std::string_view(bytes));
  } catch (const InputError& error) {
    throw InputError(path + ": " + error.what());
  }
}

}  // namespace edgeattn
