// Unigram: of all ways to cut a piece into tokens the likeliest, by Viterbi's algorithm (Kudo, 2018).
#include <algorithm>
#include <limits>

#include "limits.hpp"
#include "prefix_tree.hpp"
#include "token_model.hpp"
#include "unicode.hpp"

namespace edgeattn::text {
namespace {

class Unigram : public TokenModel {
 public:
  explicit Unigram(const Component& component) : falls_back_(component.flag("byte_fallback", false)) {
    const auto& tokens = component.at("vocab");
    if (!tokens.is_array()) throw component.refusal("'vocab' is no array");
    double least = std::numeric_limits<double>::infinity();
    for (const auto& pair : tokens) {
      if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_number())
        throw component.refusal("a token without its score found in 'vocab'");
      const auto& token = pair[0].get_ref<const std::string&>();
      if (token.size() > kMostPiece)
        throw component.refusal(words("a token of ", token.size(), " bytes found, at most ", kMostPiece, " expected"));
      const auto id = static_cast<std::uint32_t>(scores_.size());
      vocabulary_.add(token, id);
      if (!token.empty()) tree_.add(token, id);
      scores_.push_back(pair[1].get<double>());
      least = std::min(least, scores_.back());
    }
    unknown_score_ = least - kUnknownPenalty;
    if (!component.has("unk_id")) return;
    unknown_ = component.number("unk_id");
    if (*unknown_ >= scores_.size()) throw component.refusal("'unk_id' is beyond the vocabulary");
  }

  void append(Ids& ids, std::string_view piece) const override {
    const auto ends = best_path(piece);
    std::vector<Cut> cuts;
    for (auto end = piece.size(); end > 0; end = ends[end].start) {
      const bool unknown = ends[end].id == unknown_;
      // Unknown ones that follow each other are one.
      if (unknown && !cuts.empty() && cuts.back().unknown) cuts.back().begin = ends[end].start;
      else cuts.push_back({ends[end].start, end, unknown});
    }
    for (auto cut = cuts.rbegin(); cut != cuts.rend(); ++cut)
      append_token(ids, piece.substr(cut->begin, cut->end - cut->begin), piece);
  }

  std::size_t size() const override { return scores_.size(); }

 private:
  static constexpr double kUnknownPenalty = 10;
  static constexpr auto kNowhere = ~std::size_t{0};

  /// The last token of the best path to a place.
  struct End {
    std::uint32_t id = 0;
    double score = 0;
    std::size_t start = kNowhere;
  };
  struct Cut {
    std::size_t begin, end;
    bool unknown;
  };

  std::vector<End> best_path(std::string_view piece) const {
    std::vector<End> ends(piece.size() + 1);
    const auto offer = [&](std::size_t start, std::size_t end, std::uint32_t id, double score) {
      const auto sum = score + ends[start].score;
      if (ends[end].start == kNowhere || sum > ends[end].score) ends[end] = {id, sum, start};
    };
    for (std::size_t start = 0; start < piece.size();) {
      const auto behind = start + width(piece[start]);
      bool single = false;  // a token of this one character
      auto node = PrefixTree::kRoot;
      for (auto at = start; at < piece.size();) {
        node = tree_.step(node, piece[at++]);
        if (node == PrefixTree::kNowhere) break;
        const auto id = tree_.value(node);
        if (id == PrefixTree::kNoValue) continue;
        offer(start, at, id, scores_[id]);
        single = single || at == behind;
      }
      if (!single) {
        if (!unknown_) {
          if (ends[behind].start == kNowhere || unknown_score_ + ends[start].score > ends[behind].score)
            throw unknown_piece(piece.substr(start));
        } else {
          offer(start, behind, *unknown_, unknown_score_);
        }
      }
      start = behind;
    }
    return ends;
  }

  void append_token(Ids& ids, std::string_view token, std::string_view piece) const {
    if (const auto id = vocabulary_.id(token)) return ids.push_back(*id);
    const auto before = ids.size();
    for (std::size_t i = 0; falls_back_ && i < token.size(); ++i) {
      const auto id = vocabulary_.id(byte_token(static_cast<unsigned char>(token[i])));
      if (!id) break;
      ids.push_back(*id);
    }
    if (falls_back_ && ids.size() == before + token.size()) return;
    ids.resize(before);
    if (!unknown_) throw unknown_piece(piece);
    ids.push_back(*unknown_);
  }

  bool falls_back_;
  std::vector<double> scores_;  // by id
  PrefixTree tree_;
  double unknown_score_ = 0;
  std::optional<std::uint32_t> unknown_;
};

}  // namespace

std::unique_ptr<TokenModel> read_unigram(const Component& component) { return std::make_unique<Unigram>(component); }

}  // namespace edgeattn::text
