// The words of a text, and where each begins among its tokens.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "token_model.hpp"

namespace edgeattn::text {

/// A word: its bytes in the text, and the place of its first token among the text's own.
struct Word {
  std::size_t begin, end, token;
};

/// Returns the words of a text that have a token, in order. A word is a run of characters between blanks, or between spaces
/// where the tokenizer takes other blanks for characters; a punctuation mark and an ideograph are words of their own, where
/// it parts them too. `ids` are the text's own tokens, those that are cut left out; `ids_of` returns the tokens of a text
/// without special ones. Throws InputError where a token reaches beyond a run.
std::vector<Word> words_of(std::string_view text, const Ids& ids, const std::function<Ids(std::string_view)>& ids_of);

}  // namespace edgeattn::text
