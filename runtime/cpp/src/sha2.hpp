// SHA-256 and SHA-512 (FIPS 180-4).
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <istream>
#include <string>
#include <string_view>

namespace edgeattn {

/// Returns the SHA-256 of bytes in lowercase hex.
std::string sha256(std::string_view bytes);

/// Likewise of a stream, from where it stands to its end.
std::string sha256(std::istream& stream);

/// Returns the SHA-512 of texts, one behind the other.
std::array<std::uint8_t, 64> sha512(std::initializer_list<std::string_view> parts);

}  // namespace edgeattn
