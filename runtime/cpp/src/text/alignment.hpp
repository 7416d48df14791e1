// Where the tokens of a text lie in it.
//
// A text's characters, each with its marks, are normalized one by one; the bytes of this stand in the same order as the
// bytes of the pieces that the model was given. Where a normalizer works on several characters, the two differ, and are
// put side by side again behind the difference.
#pragma once

#include <functional>

#include "token_model.hpp"

namespace edgeattn::text {

/// Bytes of a text, the end not included.
struct Range {
  std::size_t begin, end;
};

/// A stretch of a text that was tokenized as a whole, and its tokens' bytes, one token's behind the other's. Tokens of the
/// same run, which follow one another, lie where all of them do.
struct Tokenized {
  std::string_view text;
  std::vector<std::string> tokens;
  std::vector<std::size_t> runs;  // of each token a number
};

/// Returns the bytes of a text that each token was made from; none where it has none, such as a blank.
std::vector<std::optional<Range>> align(const Tokenized& tokenized, const std::function<std::string(std::string)>& normalize,
                                        bool keeps_marks);

/// Returns a range without blanks (White_Space) at its ends; none where nothing else is there.
std::optional<Range> without_blanks(std::string_view text, Range range);

/// Notations of a model in its tokens' texts.
struct Affixes {
  std::string prefix, suffix;  // of what continues a word, and of what ends it
};

/// Returns how many bytes of a piece each of its tokens takes; an unknown one those before the next known one.
std::vector<std::size_t> cuts(std::string_view piece, const std::vector<std::string_view>& tokens, const Affixes& affixes);

}  // namespace edgeattn::text
