// A tokenizer.json: texts to token ids and back, equal to the library `tokenizers` to the token.
#pragma once

#include "added_tokens.hpp"
#include "decoder.hpp"
#include "normalizer.hpp"
#include "post_processor.hpp"
#include "pre_tokenizer.hpp"
#include "token_model.hpp"

namespace edgeattn::text {

class Tokenizer {
 public:
  /// Reads the file's JSON; `name` is what errors call it. The file's own truncation and padding are ignored. Throws
  /// BundleError where it is no tokenizer.json, has a component that is not known here, has a decoder that makes a text
  /// more than kMostDecoded times as long, or where `longest` leaves no room for a token of a text.
  Tokenizer(std::string_view json, const std::string& name, std::optional<std::int64_t> longest);

  /// A text's tokens with the special ones, at most `longest` of them.
  struct Encoded {
    Encoding encoding;
    bool cut = false;  // whether its last tokens are left out
  };

  /// Throws InputError where it is no UTF-8, too long, or has something that the vocabulary lacks, or where there is no
  /// token.
  Encoded encode(std::string_view text) const;

  /// Returns the text of token ids, without special tokens and ids that are nobody's. Throws InputError where one is no
  /// number from 0 to 2^32 - 1.
  std::string decode(const std::vector<std::int64_t>& ids) const;

 private:
  Tokenizer(const nlohmann::json& json, std::optional<std::int64_t> longest);

  void check(std::string_view text) const;
  void append(Ids& ids, std::string normalized, bool at_start) const;
  bool full(const Ids& ids) const;

  std::unique_ptr<Normalizer> normalizer_;         // or none
  std::unique_ptr<PreTokenizer> pre_tokenizer_;    // or none
  std::unique_ptr<TokenModel> model_;
  std::unique_ptr<Decoder> decoder_;  // or none
  PostProcessor post_processor_;
  std::unique_ptr<AddedTokens> added_;
  std::size_t most_bytes_ = 0;
  std::optional<std::size_t> room_;  // for a text's own tokens
};

}  // namespace edgeattn::text
