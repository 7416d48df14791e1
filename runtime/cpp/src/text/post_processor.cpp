#include "post_processor.hpp"

namespace edgeattn::text {

Template::Template(std::size_t texts) : texts_(texts) {
  for (std::size_t i = 0; i < texts; ++i) parts_.push_back({i, 0, static_cast<std::uint32_t>(i)});
}

Template::Template(const Component& component, std::size_t texts) : texts_(texts) {
  const auto type = component.type();
  if (type == "TemplateProcessing") read_pieces(component, texts == 1 ? "single" : "pair");
  else read_ends(component, type == "RobertaProcessing");
}

void Template::read_pieces(const Component& component, const char* key) {
  const auto special = component.part("special_tokens");
  for (const auto& piece : component.parts(key)) {
    if (piece.has("Sequence")) {
      const auto sequence = piece.part("Sequence");
      const auto text = sequence.text("id");
      if (text != "A" && text != "B") throw component.refusal("a text that is neither A nor B found");
      parts_.push_back({text == "B", 0, sequence.number("type_id")});
      continue;
    }
    const auto token = piece.part("SpecialToken");
    const auto ids = special.part(token.text("id").c_str());
    if (!ids.at("ids").is_array()) throw component.refusal("'ids' is no array");
    if (!ids.at("tokens").is_array() || ids.at("tokens").size() != ids.at("ids").size())
      throw component.refusal("a special token without a token for each of its ids found");
    for (const auto& id : ids.at("ids")) parts_.push_back({{}, component.number("ids", id), token.number("type_id")});
  }
}

void Template::read_ends(const Component& component, bool doubled) {
  const auto id = [&](const char* key) {
    const auto& pair = component.at(key);
    if (!pair.is_array() || pair.size() != 2) throw component.refusal(words(quoted(key), " is no token with its id"));
    return component.number(key, pair[1]);
  };
  const auto start = id("cls"), end = id("sep");
  parts_ = {{{}, start, 0}, {0, 0, 0}, {{}, end, 0}};
  if (texts_ == 1) return;
  if (doubled) parts_.push_back({{}, end, 0});
  const std::uint32_t type = doubled ? 0 : 1;
  parts_.push_back({1, 0, type});
  parts_.push_back({{}, end, type});
}

bool Template::is_whole() const {
  std::vector<int> counts(2);
  for (const auto& part : parts_)
    if (part.text) ++counts[*part.text];
  return counts[0] == 1 && counts[1] == static_cast<int>(texts_) - 1;
}

Encoding Template::apply(const std::vector<Ids>& texts) const {
  Encoding whole;
  for (const auto& [text, id, type] : parts_) {
    const auto& ids = text ? texts.at(*text) : Ids{id};
    whole.ids.insert(whole.ids.end(), ids.begin(), ids.end());
    whole.types.insert(whole.types.end(), ids.size(), type);
    whole.texts.insert(whole.texts.end(), ids.size(), text);
  }
  return whole;
}

PostProcessor::PostProcessor(const Component& component) {
  const auto type = component.type();
  if (type == "Sequence") read_sequence(component);
  if (type == "Sequence" || type == "ByteLevel") return;  // which moves offsets alone
  if (type != "TemplateProcessing" && type != "BertProcessing" && type != "RobertaProcessing") throw component.unknown();
  adds_ = true;
  single_ = Template(component, 1);
  if (!single_.is_whole()) throw component.refusal("a template of one text A, once, expected");
  pair_ = Template(component, 2);
}

void PostProcessor::read_sequence(const Component& component) {
  for (const auto& part : component.parts("processors")) {
    PostProcessor one(part);
    if (!one.adds_) continue;
    if (adds_) throw component.refusal("several processors that add tokens found, one expected");
    *this = std::move(one);
  }
}

const Template& PostProcessor::pair() const {
  if (!pair_.is_whole()) throw BundleError("post_processor: no template of a pair that has each text once");
  return pair_;
}

}  // namespace edgeattn::text
