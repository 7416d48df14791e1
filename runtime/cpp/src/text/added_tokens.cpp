#include "added_tokens.hpp"

#include <algorithm>

#include "limits.hpp"
#include "unicode.hpp"

namespace edgeattn::text {
namespace {

bool is_at(std::string_view text, std::size_t at, std::uint32_t property) {
  return at < text.size() && is(next(text, at), property);
}

bool is_before(std::string_view text, std::size_t at, std::uint32_t property) {
  return at > 0 && is_at(text, previous(text, at), property);
}

}  // namespace

AddedTokens::AddedTokens(const Component& tokenizer, const TokenModel& model, const Normalizer* normalizer) {
  if (!tokenizer.has("added_tokens")) return;
  std::map<std::string, std::uint32_t> ids;
  auto free = static_cast<std::uint32_t>(model.size());  // for tokens that the model lacks
  for (const auto& part : tokenizer.parts("added_tokens")) {
    part.number("id");
    Token token{part.text("content"), {},
                part.flag("single_word"), part.flag("lstrip"), part.flag("rstrip"), part.flag("normalized"), part.flag("special")};
    if (token.content.empty()) continue;
    const auto place = [&](const std::string& content) {
      if (const auto known = ids.find(content); known != ids.end()) return known->second;
      const auto own = model.vocabulary().id(content);
      return own ? *own : free++;
    };
    const auto id = ids[token.content] = place(token.content);
    if (token.special) special_[token.content] = true;
    token.written = token.normalized && normalizer ? normalizer->apply(token.content) : token.content;
    if (token.written.empty() || token.written.size() > kMostPiece)
      throw BundleError(words("added_tokens: ", quoted(token.content.substr(0, kMostPiece)), " of ", token.written.size(),
                              " bytes found, 1 to ", kMostPiece, " expected"));
    tokens_[id] = std::move(token);
  }
  for (const auto& [id, token] : tokens_) {
    (token.normalized ? normalized_ : raw_).add(token.written, id);
    (token.normalized ? any_normalized_ : any_raw_) = true;
  }
}

std::vector<Section> AddedTokens::sections(std::string_view text, bool normalized) const {
  std::vector<Section> found;
  const auto& tree = normalized ? normalized_ : raw_;
  std::size_t kept = 0;
  for (std::size_t at = 0; (normalized ? any_normalized_ : any_raw_) && at < text.size();) {
    auto id = PrefixTree::kNoValue;
    auto node = PrefixTree::kRoot;
    auto stop = at;
    for (auto i = at; i < text.size();) {
      node = tree.step(node, text[i++]);
      if (node == PrefixTree::kNowhere) break;
      if (tree.value(node) == PrefixTree::kNoValue) continue;
      id = tree.value(node);
      stop = i;
    }
    if (id == PrefixTree::kNoValue) {
      ++at;
      continue;
    }
    const auto& token = tokens_.at(id);
    auto begin = at;
    at = stop;
    if (token.single_word && (is_before(text, begin, kWord) || is_at(text, stop, kWord))) continue;
    while (token.left && begin > kept && is_before(text, begin, kSpace)) begin = previous(text, begin);
    while (token.right && is_at(text, stop, kSpace)) stop += width(text[stop]);
    if (kept < begin) found.push_back({kept, begin, {}});
    found.push_back({begin, stop, id});
    kept = stop;
  }
  if (kept < text.size()) found.push_back({kept, text.size(), {}});
  return found;
}

const std::string* AddedTokens::text(std::uint32_t id) const {
  const auto found = tokens_.find(id);
  return found == tokens_.end() ? nullptr : &found->second.written;
}

bool AddedTokens::is_special(std::string_view text) const { return special_.find(text) != special_.end(); }

}  // namespace edgeattn::text
