// Code points as the library `tokenizers` knows them: several versions of Unicode at once (see record_unicode.py).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edgeattn::text {

/// What a code point is to one of the crates behind `tokenizers`; bits of properties().
enum Property : std::uint32_t {
  kSpace = 1U << 0,           // White_Space
  kOther = 1U << 1,           // a control, a format or a private character, of BertNormalizer
  kNonspacingMark = 1U << 2,  // of BertNormalizer
  kMark = 1U << 3,            // of StripAccents
  kPunctuationMark = 1U << 4,
  kNumber = 1U << 5,
  kWord = 1U << 6,            // \w of Whitespace and of added tokens
  kExpressionWord = 1U << 7,  // \w of a regular expression
  kHanScript = 1U << 8,
  kExtender = 1U << 9,  // continues a grapheme cluster
  kPrepender = 1U << 10,
  kPictograph = 1U << 11,
  kReordered = 1U << 12,  // has a combining class
  kDecomposed = 1U << 13,
  kLowered = 1U << 14,
};

enum Category : std::uint8_t {
  kCn, kLu, kLl, kLt, kLm, kLo, kMn, kMc, kMe, kNd, kNl, kNo, kPc, kPd, kPs, kPe, kPi, kPf, kPo, kSm, kSc, kSk, kSo,
  kZs, kZl, kZp, kCc, kCf, kCo,
  kCategoryCount
};

/// Returns the properties of a code point.
std::uint32_t properties(char32_t point);

/// Returns the general category of a code point, as regular expressions know it.
Category category(char32_t point);

inline bool is(char32_t point, std::uint32_t any) { return (properties(point) & any) != 0; }

/// Returns where a text stops to be UTF-8; none where all of it is.
std::optional<std::size_t> invalid_utf8(std::string_view text);

/// Returns the bytes of the character that begins with this byte.
inline std::size_t width(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/// Reads the character at `at` of valid UTF-8, and moves behind it.
char32_t next(std::string_view text, std::size_t& at);

/// Returns where the character begins that ends before `at`.
std::size_t previous(std::string_view text, std::size_t at);

void append(std::string& text, char32_t point);

/// Returns how many characters a text has.
std::size_t length(std::string_view text);

enum class Form { kNfc, kNfd, kNfkc, kNfkd };

/// Returns a text in a normalization form (Unicode Standard Annex 15).
std::string normalized(std::string_view text, Form form);

/// Returns a text with each character in lower case.
std::string lowered(std::string_view text);

}  // namespace edgeattn::text
