// SHA-256: the system's own where it has one, else PicoSHA2.
#pragma once

#include <istream>
#include <string>
#include <string_view>

namespace edgeattn {

/// Returns the SHA-256 of bytes in lowercase hex.
std::string sha256(std::string_view bytes);

/// Likewise of a stream, from where it stands to its end.
std::string sha256(std::istream& stream);

}  // namespace edgeattn
