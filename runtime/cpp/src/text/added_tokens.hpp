// Tokens that are found in a text before all else, such as "[MASK]" or "<|endoftext|>".
#pragma once

#include <map>

#include "normalizer.hpp"
#include "prefix_tree.hpp"
#include "token_model.hpp"

namespace edgeattn::text {

/// A stretch of a text: an added token, or what lies between two.
struct Section {
  std::size_t begin, end;
  std::optional<std::uint32_t> token;
};

class AddedTokens {
 public:
  /// Reads tokenizer.json's `added_tokens`; throws BundleError.
  AddedTokens(const Component& tokenizer, const TokenModel& model, const Normalizer* normalizer);

  /// Returns the sections of a text that is not normalized yet, or of a normalized one, by the tokens of that kind.
  std::vector<Section> sections(std::string_view text, bool normalized) const;

  /// Returns a token's text; none where the id is no added token's.
  const std::string* text(std::uint32_t id) const;

  bool is_special(std::string_view text) const;

 private:
  struct Token {
    std::string content, written;  // as the file has it, and as it is looked for and decoded
    bool single_word, left, right, normalized, special;
  };

  std::map<std::uint32_t, Token> tokens_;
  std::map<std::string, bool, std::less<>> special_;  // the content of special ones
  PrefixTree raw_, normalized_;
  bool any_raw_ = false, any_normalized_ = false;
};

}  // namespace edgeattn::text
