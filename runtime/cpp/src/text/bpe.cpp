// Byte-pair encoding: of the pairs that stand side by side the one that was learned first is merged, again and again
// (Sennrich, Haddow and Birch, 2016).
#include <algorithm>
#include <queue>

#include "token_model.hpp"
#include "unicode.hpp"

namespace edgeattn::text {
namespace {

class Bpe : public TokenModel {
 public:
  explicit Bpe(const Component& component)
      : prefix_(component.text("continuing_subword_prefix", "")),
        suffix_(component.text("end_of_word_suffix", "")),
        unknown_(component.has("unk_token") ? std::optional(component.text("unk_token")) : std::nullopt),
        fuses_unknown_(component.flag("fuse_unk", false)),
        falls_back_(component.flag("byte_fallback", false)),
        takes_whole_(component.flag("ignore_merges", false)) {
    if (component.has("dropout") && component.at("dropout") != 0)
      throw component.refusal("a dropout found, none expected: it draws tokens");
    read_vocabulary(vocabulary_, component);
    if (!component.at("merges").is_array()) throw component.refusal("'merges' is no array");
    std::uint32_t rank = 0;
    for (const auto& merge : component.at("merges")) read_merge(component, merge, rank);
  }

  void append(Ids& ids, std::string_view piece) const override {
    if (takes_whole_)
      if (const auto id = vocabulary_.id(piece)) return ids.push_back(*id);
    auto symbols = characters(piece);
    merge(symbols);
    for (const auto& symbol : symbols)
      if (symbol.alive) ids.push_back(symbol.id);
  }

 private:
  static constexpr auto kNone = ~std::uint32_t{0};

  struct Merged {
    std::uint32_t rank = 0, id = 0;
  };
  struct Symbol {
    std::uint32_t id, before, behind;  // its neighbors' places, or kNone
    bool alive = true;
  };
  struct Candidate {
    std::uint32_t rank, place, id;
    bool operator<(const Candidate& other) const {  // the one to take first is the largest
      return rank != other.rank ? rank > other.rank : place > other.place;
    }
  };

  static std::uint64_t pair(std::uint32_t left, std::uint32_t right) { return std::uint64_t{left} << 32 | right; }

  void read_merge(const Component& component, const nlohmann::json& merge, std::uint32_t& rank) {
    std::string left, right;
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      left = merge[0].get<std::string>();
      right = merge[1].get<std::string>();
    } else if (merge.is_string()) {
      const auto text = merge.get<std::string>();
      if (text.rfind("#version", 0) == 0) return;
      const auto blank = text.find(' ');
      if (blank == std::string::npos || text.find(' ', blank + 1) != std::string::npos)
        throw component.refusal(words("the merge ", quoted(text), " is no pair"));
      left = text.substr(0, blank);
      right = text.substr(blank + 1);
    } else {
      throw component.refusal("a merge that is no pair of texts found");
    }
    const auto tail = right.size() >= prefix_.size() ? right.substr(prefix_.size()) : right;
    const auto a = vocabulary_.id(left), b = vocabulary_.id(right), both = vocabulary_.id(left + tail);
    if (!a || !b || !both)
      throw component.refusal(words("the merge of ", quoted(left), " and ", quoted(right), " is not in the vocabulary"));
    merges_[pair(*a, *b)] = {rank++, *both};
  }

  /// Returns a symbol a character, or a byte, of the piece. What is unknown is left out where there is no token for it.
  std::vector<Symbol> characters(std::string_view piece) const {
    std::vector<Symbol> symbols;
    symbols.reserve(piece.size());
    const auto add = [&](std::uint32_t id) {
      const auto place = static_cast<std::uint32_t>(symbols.size());
      if (place > 0) symbols.back().behind = place;
      symbols.push_back({id, place > 0 ? place - 1 : kNone, kNone});
    };
    std::optional<std::uint32_t> waiting;  // an unknown token that is not added yet
    const auto flush = [&] {
      if (waiting) add(*waiting);
      waiting.reset();
    };
    std::string written;
    for (std::size_t at = 0; at < piece.size();) {
      auto character = piece.substr(at, width(piece[at]));
      const bool first = at == 0, last = at + character.size() == piece.size();
      at += character.size();
      if ((!first && !prefix_.empty()) || (last && !suffix_.empty())) {
        written.assign(first ? "" : prefix_).append(character).append(last ? suffix_ : "");
        character = written;
      }
      if (const auto id = vocabulary_.id(character)) {
        flush();
        add(*id);
        continue;
      }
      if (falls_back_ && add_bytes(character, add)) continue;
      if (!unknown_) continue;
      const auto id = vocabulary_.id(*unknown_);
      if (!fuses_unknown_) flush();
      if (!waiting && !id) throw unknown_piece(character);
      if (!waiting) waiting = id;
    }
    flush();
    return symbols;
  }

  template <class Add>
  bool add_bytes(std::string_view character, Add add) const {
    Ids ids;
    for (const char byte : character) {
      const auto id = vocabulary_.id(byte_token(static_cast<unsigned char>(byte)));
      if (!id) return false;
      ids.push_back(*id);
    }
    std::for_each(ids.begin(), ids.end(), add);
    return true;
  }

  void merge(std::vector<Symbol>& symbols) const {
    std::vector<Candidate> heap;
    heap.reserve(symbols.size());
    for (std::uint32_t i = 0; i + 1 < symbols.size(); ++i)
      if (const auto* found = merges_.find(pair(symbols[i].id, symbols[i + 1].id)))
        heap.push_back({found->rank, i, found->id});
    std::priority_queue<Candidate> queue(std::less<Candidate>{}, std::move(heap));
    const auto offer = [&](std::uint32_t place) {
      const auto& left = symbols[place];
      if (const auto* found = merges_.find(pair(left.id, symbols[left.behind].id)))
        queue.push({found->rank, place, found->id});
    };
    while (!queue.empty()) {
      const auto [rank, place, id] = queue.top();
      queue.pop();
      auto& left = symbols[place];
      if (!left.alive || left.behind == kNone) continue;
      auto& right = symbols[left.behind];
      const auto* found = merges_.find(pair(left.id, right.id));
      if (!found || found->id != id) continue;  // one of the two was merged with another
      left.id = id;
      left.behind = right.behind;
      right.alive = false;
      if (left.behind != kNone) symbols[left.behind].before = place;
      if (left.before != kNone) offer(left.before);
      if (left.behind != kNone) offer(place);
    }
  }

  std::string prefix_, suffix_;
  std::optional<std::string> unknown_;
  bool fuses_unknown_, falls_back_, takes_whole_;
  FlatMap<Merged> merges_;  // by a pair of ids
};

}  // namespace

std::unique_ptr<TokenModel> read_bpe(const Component& component) { return std::make_unique<Bpe>(component); }

}  // namespace edgeattn::text
