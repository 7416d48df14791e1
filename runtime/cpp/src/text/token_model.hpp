// The model of a tokenizer: how a piece of text becomes token ids.
#pragma once

#include <memory>

#include "component.hpp"
#include "vocabulary.hpp"

namespace edgeattn::text {

using Ids = std::vector<std::uint32_t>;

class TokenModel {
 public:
  virtual ~TokenModel() = default;

  /// Adds the token ids of a piece that is not empty. Throws InputError where the vocabulary lacks something in it.
  virtual void append(Ids& ids, std::string_view piece) const = 0;

  /// Returns the first id behind the model's own.
  virtual std::size_t size() const { return vocabulary_.size(); }

  const Vocabulary& vocabulary() const { return vocabulary_; }

 protected:
  Vocabulary vocabulary_;
};

/// Reads tokenizer.json's `model`; throws BundleError.
std::unique_ptr<TokenModel> read_token_model(const Component& component);

/// Each reads a model of one kind.
std::unique_ptr<TokenModel> read_bpe(const Component& component);
std::unique_ptr<TokenModel> read_unigram(const Component& component);
std::unique_ptr<TokenModel> read_wordpiece(const Component& component);
std::unique_ptr<TokenModel> read_word_level(const Component& component);

/// Reads a vocabulary of ids by token.
void read_vocabulary(Vocabulary& vocabulary, const Component& component);

/// Returns the token of a byte, such as "<0x0A>".
std::string byte_token(unsigned char byte);

/// Returns the error of a piece that the vocabulary lacks.
InputError unknown_piece(std::string_view piece);

}  // namespace edgeattn::text
