// WordPiece: the longest token that a word begins with, and so on behind it (Schuster and Nakajima, 2012).
#include "prefix_tree.hpp"
#include "token_model.hpp"
#include "unicode.hpp"

namespace edgeattn::text {
namespace {

class WordPiece : public TokenModel {
 public:
  explicit WordPiece(const Component& component)
      : unknown_(component.text("unk_token")), longest_(component.number("max_input_chars_per_word")) {
    read_vocabulary(vocabulary_, component);
    const auto prefix = component.text("continuing_subword_prefix");
    for (const auto& [token, id] : component.at("vocab").items()) tree_.add(token, id.get<std::uint32_t>());
    within_ = tree_.walk(PrefixTree::kRoot, prefix);
  }

  void append(Ids& ids, std::string_view piece) const override {
    const auto before = ids.size();
    if (length(piece) <= longest_ && cut(ids, piece)) return;
    ids.resize(before);
    const auto id = vocabulary_.id(unknown_);
    if (!id) throw unknown_piece(piece);
    ids.push_back(*id);
  }

 private:
  /// Says whether tokens make up the whole piece.
  bool cut(Ids& ids, std::string_view piece) const {
    for (std::size_t at = 0; at < piece.size();) {
      auto node = at == 0 ? PrefixTree::kRoot : within_;
      auto best = PrefixTree::kNoValue;
      auto end = at;
      for (auto i = at; i < piece.size() && node != PrefixTree::kNowhere; ++i) {
        node = tree_.step(node, piece[i]);
        if (node == PrefixTree::kNowhere || tree_.value(node) == PrefixTree::kNoValue) continue;
        best = tree_.value(node);
        end = i + 1;
      }
      if (best == PrefixTree::kNoValue) return false;
      ids.push_back(best);
      at = end;
    }
    return true;
  }

  std::string unknown_;
  std::uint32_t longest_;
  PrefixTree tree_;
  PrefixTree::Node within_ = PrefixTree::kNowhere;  // behind the prefix of what continues a word
};

}  // namespace

std::unique_ptr<TokenModel> read_wordpiece(const Component& component) { return std::make_unique<WordPiece>(component); }

}  // namespace edgeattn::text
