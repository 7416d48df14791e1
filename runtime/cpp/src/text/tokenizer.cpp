#include "tokenizer.hpp"

#include <numeric>

#include "limits.hpp"
#include "serde_json.hpp"
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

}  // namespace

Tokenizer::Tokenizer(std::string_view json, const std::string& name, std::optional<std::int64_t> longest) try
    : Tokenizer(read_serde_json(json), longest) {
} catch (const BundleError& error) {
  throw BundleError(words(name, ": no tokenizer that this runtime can follow (", error.what(), "); export again"));
}

Tokenizer::Tokenizer(const nlohmann::json& json, std::optional<std::int64_t> longest) {
  const Component file("the file", json);
  if (file.text("version", "1.0") != "1.0") throw BundleError("version 1.0 expected");
  normalizer_ = optional(file, "normalizer", read_normalizer);
  pre_tokenizer_ = optional(file, "pre_tokenizer", read_pre_tokenizer);
  model_ = read_token_model(Component("model", file.at("model")));
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
  if (!longest) return;
  const auto special = static_cast<std::int64_t>(post_processor_.added());
  if (*longest <= special)
    throw BundleError(words("processing.text.longest: ", *longest, " found, more than its ", special,
                            " special tokens expected"));
  room_ = static_cast<std::size_t>(*longest - special);
}

Tokenizer::Encoded Tokenizer::encode(std::string_view text) const {
  check(text);
  Ids ids;
  for (const auto& raw : added_->sections(text, false)) {
    if (full(ids)) break;
    if (raw.token) {
      ids.push_back(*raw.token);
      continue;
    }
    std::string part(text.substr(raw.begin, raw.end - raw.begin));
    if (normalizer_) part = normalizer_->apply(std::move(part));
    for (const auto& section : added_->sections(part, true)) {
      if (full(ids)) break;
      if (section.token) ids.push_back(*section.token);
      else append(ids, part.substr(section.begin, section.end - section.begin), raw.begin == 0 && section.begin == 0);
    }
  }
  Encoded encoded;
  encoded.cut = room_ && ids.size() > *room_;
  if (encoded.cut) ids.resize(*room_);
  encoded.encoding = post_processor_.apply(ids);
  if (encoded.encoding.ids.empty()) throw InputError("text: no token found, at least one expected; give another");
  return encoded;
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

void Tokenizer::check(std::string_view text) const {
  if (text.size() > most_bytes_)
    throw InputError(words("text: ", text.size(), " bytes found, at most ", most_bytes_,
                           most_bytes_ < kMostTextBytes ? " expected by a tokenizer that makes more of them" : " expected",
                           "; give a part of it"));
  if (const auto at = invalid_utf8(text))
    throw InputError(words("text: no valid UTF-8 found at byte ", *at, ", valid Unicode expected; decode it anew"));
}

void Tokenizer::append(Ids& ids, std::string normalized, bool at_start) const {
  Pieces pieces(std::move(normalized), at_start);
  if (pre_tokenizer_) pre_tokenizer_->apply(pieces);
  for (std::size_t i = 0; i < pieces.spans.size() && !full(ids); ++i) model_->append(ids, pieces[i]);
}

bool Tokenizer::full(const Ids& ids) const {
  return room_ && ids.size() > *room_ && ids.size() >= *room_ + post_processor_.added();
}

}  // namespace edgeattn::text
