// SHA-256 and SHA-512 (FIPS 180-4).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

namespace edgeattn {

/// Returns the SHA-256 of bytes in lowercase hex; `on_bytes` hears how many more were read, a piece after the other.
std::string sha256(std::string_view bytes, const std::function<void(std::size_t)>& on_bytes = {});

/// Likewise of what a function reads: it fills a place with as many bytes at most, and returns how many; 0 at the end.
std::string sha256(const std::function<std::size_t(char*, std::size_t)>& read,
                   const std::function<void(std::size_t)>& on_bytes = {});

/// Returns the SHA-512 of texts, one behind the other.
std::array<std::uint8_t, 64> sha512(std::initializer_list<std::string_view> parts);

}  // namespace edgeattn
