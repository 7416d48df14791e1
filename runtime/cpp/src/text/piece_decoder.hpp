// The text of tokens as they come.
#pragma once

#include "tokenizer.hpp"

namespace edgeattn::text {

/// Only the tokens since the last piece and those of that piece are decoded: the last piece's are what a decoder needs to
/// know of the past.
class PieceDecoder {
 public:
  explicit PieceDecoder(std::shared_ptr<const Tokenizer> tokenizer) : tokenizer_(std::move(tokenizer)) {}

  /// Takes a token, and returns the text that has become certain.
  std::string push(std::int64_t token);

  /// Returns the text that was held back, and begins anew.
  std::string finish();

 private:
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<std::int64_t> ids_;  // those of the last piece, and those since
  std::size_t known_ = 0;          // how many are the last piece's
  std::string told_;               // the text of these
};

}  // namespace edgeattn::text
