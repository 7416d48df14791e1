#include "token_model.hpp"

#include "unicode.hpp"

namespace edgeattn::text {
namespace {

/// A token a piece.
class WordLevel : public TokenModel {
 public:
  explicit WordLevel(const Component& component) : unknown_(component.text("unk_token")) {
    read_vocabulary(vocabulary_, component);
  }

  void append(Ids& ids, std::string_view piece) const override {
    auto id = vocabulary_.id(piece);
    if (!id) id = vocabulary_.id(unknown_);
    if (!id) throw unknown_piece(piece);
    ids.push_back(*id);
  }

 private:
  std::string unknown_;
};

}  // namespace

void read_vocabulary(Vocabulary& vocabulary, const Component& component) {
  const auto& tokens = component.at("vocab");
  if (!tokens.is_object()) throw component.refusal("'vocab' is no object");
  for (const auto& [token, id] : tokens.items()) vocabulary.add(token, component.number("vocab", id));
}

std::string byte_token(unsigned char byte) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  return std::string("<0x") + kDigits[byte >> 4] + kDigits[byte & 15] + ">";
}

InputError unknown_piece(std::string_view piece) {
  constexpr std::size_t kShown = 40;
  auto end = std::min(piece.size(), kShown);
  if (end < piece.size()) end = previous(piece, end + 1);
  return InputError(words("text: ", quoted(std::string(piece.substr(0, end))),
                          " cannot be tokenized (the vocabulary lacks it, and has no unknown token); give another"));
}

std::unique_ptr<TokenModel> read_word_level(const Component& component) {
  return std::make_unique<WordLevel>(component);
}

std::unique_ptr<TokenModel> read_token_model(const Component& component) {
  static const std::map<std::string, std::unique_ptr<TokenModel> (*)(const Component&)> known = {
      {"BPE", read_bpe}, {"Unigram", read_unigram}, {"WordLevel", read_word_level}, {"WordPiece", read_wordpiece}};
  // Files of before tokenizers 0.10 say nothing of their kind.
  const auto type = component.has("type")                     ? component.type()
                    : component.has("merges")                 ? "BPE"
                    : component.has("max_input_chars_per_word") ? "WordPiece"
                    : component.has("unk_token")              ? "WordLevel"
                                                              : "Unigram";
  const auto found = known.find(type);
  if (found == known.end()) throw component.unknown();
  return found->second(component);
}

}  // namespace edgeattn::text
