// A tokenizer.json: texts to token ids and back, equal to the library `tokenizers` to the token.
#pragma once

#include "added_tokens.hpp"
#include "alignment.hpp"
#include "decoder.hpp"
#include "normalizer.hpp"
#include "post_processor.hpp"
#include "pre_tokenizer.hpp"
#include "token_model.hpp"

namespace edgeattn::text {

/// Where a token lies: of which text it is, and its bytes there.
struct Span {
  std::size_t text;
  Range range;
};

class Tokenizer {
 public:
  /// Reads the file's JSON; `name` is what errors call it. The file's own truncation and padding are ignored. Throws
  /// BundleError where it is no tokenizer.json, has a component that is not known here, has a decoder that makes a text
  /// more than kMostDecoded times as long, or where `longest` leaves no room for a token of a text. `truncation`, where
  /// pairs are encoded, says which of their texts is cut.
  Tokenizer(std::string_view json, const std::string& name, std::optional<std::int64_t> longest,
            const std::optional<std::string>& truncation = {});

  /// The tokens of a text, or a pair, with the special ones, at most `longest` of them.
  struct Encoded {
    Encoding encoding;
    bool cut = false;  // whether last tokens are left out
  };

  /// Throws InputError where it is no UTF-8, too long, or has something that the vocabulary lacks, or where there is no
  /// token.
  Encoded encode(std::string_view text) const;

  /// Likewise of a pair, where the tokenizer was opened for pairs.
  Encoded encode(std::string_view text, std::string_view pair) const;

  /// Returns where each token of a text, or of both texts of a pair, lies; none of a special one, and of one of blanks alone.
  std::vector<std::optional<Span>> spans(const Encoded& encoded, const std::vector<std::string>& texts) const;

  /// Returns the bytes of a text that each of its own tokens was made from, of no more tokens than `count`; none of a
  /// token of blanks alone. Throws as `encode`.
  std::vector<std::optional<Range>> ranges(std::string_view text, std::size_t count) const;

  /// Returns a text's own tokens, without special ones; of one that is cut no more than show it. Throws as `encode`.
  Ids own(std::string_view text) const { return own("text", text, {}); }

  /// Returns the text of token ids, without special tokens and ids that are nobody's. Throws InputError where one is no
  /// number from 0 to 2^32 - 1.
  std::string decode(const std::vector<std::int64_t>& ids) const;

 private:
  Tokenizer(const nlohmann::json& json, std::optional<std::int64_t> longest, const std::optional<std::string>& truncation);

  void check(const char* name, std::string_view text) const;
  /// Hears of a piece of a section of a text, and where its tokens begin among all; an added token is its own.
  using OnPiece = std::function<void(const Section& section, std::string_view piece, std::size_t first)>;
  Ids own(const char* name, std::string_view text, const OnPiece& on_piece = {}) const;
  const Template& whole() const { return truncation_ ? post_processor_.pair() : post_processor_.single(); }
  Encoded put_together(const std::vector<Ids>& texts, bool cut) const;
  void append(Ids& ids, std::string normalized, bool at_start, const Section& raw, const OnPiece& on_piece) const;
  bool full(const Ids& ids) const;

  std::unique_ptr<Normalizer> normalizer_;         // or none
  std::unique_ptr<PreTokenizer> pre_tokenizer_;    // or none
  std::unique_ptr<TokenModel> model_;
  std::unique_ptr<Decoder> decoder_;  // or none
  PostProcessor post_processor_;
  std::unique_ptr<AddedTokens> added_;
  Affixes affixes_;          // of the model's tokens
  bool in_bytes_ = false;    // pieces are in characters that each stand for a byte
  bool joins_bytes_ = false;   // the bytes of what has no token lie where all of it does
  bool marks_blanks_ = false;  // pieces have Metaspace's sign for a blank
  std::size_t most_bytes_ = 0;
  std::optional<std::size_t> room_;        // for the tokens of a text, or of both
  std::optional<std::string> truncation_;  // of pairs
};

}  // namespace edgeattn::text
