// GPT-2's alphabet: a printable character for each of 256 bytes.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "unicode.hpp"

namespace edgeattn::text {

/// Returns the character of every byte: itself where it is printable, else one from 256 on.
inline const std::array<char32_t, 256>& byte_characters() {
  static const auto characters = [] {
    std::array<char32_t, 256> table{};
    char32_t free = 256;
    for (char32_t byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte != 0xad);
      table[byte] = printable ? byte : free++;
    }
    return table;
  }();
  return characters;
}

/// Adds the characters of a text's bytes.
inline void append_bytes(std::string& out, std::string_view text) {
  for (const char byte : text) append(out, byte_characters()[static_cast<unsigned char>(byte)]);
}

/// Adds the bytes that a text's characters stand for, or the text itself where one stands for none.
inline void append_from_characters(std::string& bytes, std::string_view text) {
  static const auto table = [] {
    std::array<int, 512> numbers{};
    numbers.fill(-1);
    for (std::size_t byte = 0; byte < 256; ++byte) numbers[byte_characters()[byte]] = static_cast<int>(byte);
    return numbers;
  }();
  const auto size = bytes.size();
  for (std::size_t at = 0; at < text.size();) {
    const auto point = next(text, at);
    if (point >= table.size() || table[point] < 0) {
      bytes.resize(size);
      bytes.append(text);
      return;
    }
    bytes.push_back(static_cast<char>(table[point]));
  }
}

}  // namespace edgeattn::text
