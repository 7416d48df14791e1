#include "tokenizer.hpp"

#include <algorithm>
#include <numeric>

#include "byte_alphabet.hpp"
#include "limits.hpp"
#include "serde_json.hpp"
#include "truncation.hpp"
#include "unicode.hpp"

namespace edgeattn::text {
namespace {

template <class Part>
std::unique_ptr<Part> optional(const Component& file, const char* key, std::unique_ptr<Part> (*read)(const Component&)) {
  return file.has(key) ? read(Component(key, file.at(key))) : nullptr;
}

/// Returns of how many steps a part is, those of sequences one by one.
std::size_t steps(const nlohmann::json& part) {
  for (const auto* key : {"normalizers", "pretokenizers", "decoders"})
    if (part.at("type") == "Sequence" && part.contains(key))
      return std::accumulate(part.at(key).begin(), part.at(key).end(), std::size_t{0},
                             [](std::size_t sum, const auto& step) { return sum + steps(step); });
  return 1;
}

/// Says whether a part is a step of this type, or has one.
bool has_step(const nlohmann::json& part, const char* type) {
  for (const auto* key : {"normalizers", "pretokenizers"})
    if (part.contains(key))
      return std::any_of(part.at(key).begin(), part.at(key).end(), [&](const auto& step) { return has_step(step, type); });
  return part.at("type") == type;
}

}  // namespace

Tokenizer::Tokenizer(std::string_view json, const std::string& name, std::optional<std::int64_t> longest,
                     const std::optional<std::string>& truncation) try
    : Tokenizer(read_serde_json(json), longest, truncation) {
} catch (const BundleError& error) {
  throw BundleError(words(name, ": no tokenizer that this runtime can follow (", error.what(), "); export again"));
}

Tokenizer::Tokenizer(const nlohmann::json& json, std::optional<std::int64_t> longest,
                     const std::optional<std::string>& truncation)
    : truncation_(truncation) {
  const Component file("the file", json);
  if (file.text("version", "1.0") != "1.0") throw BundleError("version 1.0 expected");
  normalizer_ = optional(file, "normalizer", read_normalizer);
  pre_tokenizer_ = optional(file, "pre_tokenizer", read_pre_tokenizer);
  const Component model("model", file.at("model"));
  model_ = read_token_model(model);
  joins_bytes_ = model.type() == "Unigram";
  affixes_ = {model.text("continuing_subword_prefix", ""), model.text("end_of_word_suffix", "")};
  for (const auto* key : {"normalizer", "pre_tokenizer"}) {
    if (!file.has(key)) continue;
    in_bytes_ = in_bytes_ || has_step(file.at(key), "ByteLevel");
    marks_blanks_ = marks_blanks_ || file.at(key).dump().find("\xe2\x96\x81") != std::string::npos;
  }
  decoder_ = optional(file, "decoder", read_decoder);
  if (file.has("post_processor")) post_processor_ = PostProcessor(Component("post_processor", file.at("post_processor")));
  added_ = std::make_unique<AddedTokens>(file, *model_, normalizer_.get());
  std::size_t count = 0;
  for (const auto* key : {"normalizer", "pre_tokenizer", "decoder"})
    if (file.has(key)) count += steps(file.at(key));
  if (count > kMostParts)
    throw BundleError(words("a tokenizer of ", count, " steps found, at most ", kMostParts, " expected"));
  Growth growth;
  if (normalizer_) normalizer_->grow(growth);
  if (pre_tokenizer_) pre_tokenizer_->grow(growth);
  if (growth.all() > kMostGrowth)
    throw BundleError(words("steps that make ", growth.all(), " bytes of one found, at most ", kMostGrowth, " expected"));
  if (const auto decoded = decoder_ ? decoder_->growth() : 1; decoded > kMostDecoded)
    throw BundleError(words("a decoder that makes ", decoded, " bytes of one found, at most ", kMostDecoded, " expected"));
  const auto most = std::min(kMostNormalized / growth.last(), kMostStepped / growth.all());
  most_bytes_ = std::min(kMostTextBytes, static_cast<std::size_t>(most));
  const auto special = static_cast<std::int64_t>(whole().added());
  if (!longest) return;
  if (*longest <= special)
    throw BundleError(words("processing.text.longest: ", *longest, " found, more than its ", special,
                            " special tokens expected"));
  room_ = static_cast<std::size_t>(*longest - special);
}

Tokenizer::Encoded Tokenizer::encode(std::string_view text) const {
  std::vector<Ids> texts{own("text", text)};
  const bool cut = room_ && texts[0].size() > *room_;
  if (cut) texts[0].resize(*room_);
  return put_together(texts, cut);
}

Tokenizer::Encoded Tokenizer::encode(std::string_view text, std::string_view pair) const {
  std::vector<Ids> texts{own("text", text), own("pair", pair)};
  const auto sizes = std::pair{texts[0].size(), texts[1].size()};
  const auto counts = room_ ? kept(sizes.first, sizes.second, *room_, *truncation_) : sizes;
  texts[0].resize(counts.first);
  texts[1].resize(counts.second);
  return put_together(texts, counts != sizes);
}

Tokenizer::Encoded Tokenizer::put_together(const std::vector<Ids>& texts, bool cut) const {
  Encoded encoded{whole().apply(texts), cut};
  if (encoded.encoding.ids.empty()) throw InputError("text: no token found, at least one expected; give another");
  return encoded;
}

/// Returns a text's own tokens; of a single one no more than are needed to know that it is cut.
Ids Tokenizer::own(const char* name, std::string_view text, const OnPiece& on_piece) const {
  check(name, text);
  Ids ids;
  for (const auto& raw : added_->sections(text, false)) {
    if (full(ids)) break;
    if (raw.token) {
      if (on_piece) on_piece(raw, {}, ids.size());
      ids.push_back(*raw.token);
      continue;
    }
    std::string part(text.substr(raw.begin, raw.end - raw.begin));
    if (normalizer_) part = normalizer_->apply(std::move(part));
    for (const auto& section : added_->sections(part, true)) {
      if (full(ids)) break;
      auto stretch = part.substr(section.begin, section.end - section.begin);
      if (section.token) {
        if (on_piece) on_piece(raw, stretch, ids.size());
        ids.push_back(*section.token);
      } else {
        append(ids, std::move(stretch), raw.begin == 0 && section.begin == 0, raw, on_piece);
      }
    }
  }
  return ids;
}

std::vector<std::optional<Span>> Tokenizer::spans(const Encoded& encoded, const std::vector<std::string>& texts) const {
  std::vector<std::vector<std::optional<Range>>> all;
  for (const auto& text : texts) all.push_back(ranges(text, encoded.encoding.texts.size()));
  std::vector<std::size_t> next(texts.size());
  std::vector<std::optional<Span>> found;
  for (const auto& text : encoded.encoding.texts) {
    auto& span = found.emplace_back();
    if (!text) continue;
    if (const auto range = all.at(*text).at(next[*text]++)) span = Span{*text, *range};
  }
  return found;
}

std::vector<std::optional<Range>> Tokenizer::ranges(std::string_view text, std::size_t count) const {
  struct Piece {
    Section section;
    std::string text;
    std::size_t first;
  };
  std::vector<Piece> pieces;
  auto ids = own("text", text, [&](const Section& section, std::string_view piece, std::size_t first) {
    pieces.push_back({section, std::string(piece), first});
  });
  std::vector<std::optional<Range>> found(ids.size());
  const auto normalize = [this](std::string part) { return normalizer_ ? normalizer_->apply(std::move(part)) : part; };
  for (std::size_t i = 0; i < pieces.size();) {
    const auto [begin, end, token] = pieces[i].section;
    const auto first = pieces[i].first;
    if (token) {
      found[first] = without_blanks(text, {begin, end});
      ++i;
      continue;
    }
    Tokenized section{text.substr(begin, end - begin), {}, {}};
    for (; i < pieces.size() && pieces[i].section.begin == begin && !pieces[i].section.token; ++i) {
      const auto last = i + 1 < pieces.size() ? pieces[i + 1].first : ids.size();
      std::vector<std::string_view> tokens;
      for (auto k = pieces[i].first; k < last; ++k) {
        const auto* added = added_->text(ids[k]);
        tokens.push_back(added ? std::string_view(*added) : model_->vocabulary().token(ids[k]));
      }
      std::size_t at = 0;
      bool before = false;  // whether the token before is a byte of what has no token
      for (const auto size : cuts(pieces[i].text, tokens, affixes_)) {
        const auto bytes = std::string_view(pieces[i].text).substr(at, size);
        const auto token = tokens[section.tokens.size() + first - pieces[i].first];
        const bool is_byte = joins_bytes_ && size == 1 && token == byte_token(static_cast<unsigned char>(bytes[0]));
        section.runs.push_back(section.runs.empty() ? 0 : section.runs.back() + (is_byte && before ? 0 : 1));
        auto& out = section.tokens.emplace_back();
        in_bytes_ ? append_from_characters(out, bytes) : void(out = bytes);
        at += size;
        before = is_byte;
      }
    }
    const auto aligned = align(section, normalize, !marks_blanks_);
    for (std::size_t k = 0; k < aligned.size(); ++k)
      if (aligned[k]) found[first + k] = without_blanks(text, {aligned[k]->begin + begin, aligned[k]->end + begin});
  }
  found.resize(std::min(found.size(), count));
  return found;
}

std::string Tokenizer::decode(const std::vector<std::int64_t>& ids) const {
  Tokens tokens;
  for (const auto id : ids) {
    if (id < 0 || id > std::int64_t{~std::uint32_t{0}})
      throw InputError(words("token ids: ", id, " found, a decoder's expected"));
    const auto* added = added_->text(static_cast<std::uint32_t>(id));
    const auto token = added ? std::string_view(*added) : model_->vocabulary().token(static_cast<std::uint32_t>(id));
    if (token.data() && !added_->is_special(token)) tokens.emplace_back(token);
  }
  const bool blanks = !decoder_;
  if (decoder_) tokens = decoder_->apply(std::move(tokens));
  std::string text;
  for (std::size_t i = 0; i < tokens.size(); ++i) text.append(i > 0 && blanks ? " " : "").append(tokens[i]);
  return text;
}

void Tokenizer::check(const char* name, std::string_view text) const {
  if (text.size() > most_bytes_)
    throw InputError(words(name, ": ", text.size(), " bytes found, at most ", most_bytes_,
                           most_bytes_ < kMostTextBytes ? " expected by a tokenizer that makes more of them" : " expected",
                           "; give a part of it"));
  if (const auto at = invalid_utf8(text))
    throw InputError(words(name, ": no valid UTF-8 found at byte ", *at, ", valid Unicode expected; decode it anew"));
}

void Tokenizer::append(Ids& ids, std::string normalized, bool at_start, const Section& raw,
                       const OnPiece& on_piece) const {
  Pieces pieces(std::move(normalized), at_start);
  if (pre_tokenizer_) pre_tokenizer_->apply(pieces);
  for (std::size_t i = 0; i < pieces.spans.size() && !full(ids); ++i) {
    if (on_piece) on_piece(raw, pieces[i], ids.size());
    model_->append(ids, pieces[i]);
  }
}

bool Tokenizer::full(const Ids& ids) const {
  return room_ && !truncation_ && ids.size() > *room_ && ids.size() >= *room_ + whole().added();
}

}  // namespace edgeattn::text
