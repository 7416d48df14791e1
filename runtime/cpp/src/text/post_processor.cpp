#include "post_processor.hpp"

namespace edgeattn::text {

PostProcessor::PostProcessor(const Component& component) {
  const auto type = component.type();
  if (type == "TemplateProcessing") read_template(component);
  else if (type == "BertProcessing" || type == "RobertaProcessing") read_ends(component);
  else if (type == "Sequence") read_sequence(component);
  else if (type != "ByteLevel") throw component.unknown();  // which moves offsets alone
}

void PostProcessor::read_sequence(const Component& component) {
  bool found = false;  // one that adds or types
  for (const auto& part : component.parts("processors")) {
    PostProcessor one(part);
    if (part.type() == "ByteLevel" || (part.type() == "Sequence" && one.added() == 0 && one.type_ == 0)) continue;
    if (found) throw component.refusal("several processors that add tokens found, one expected");
    found = true;
    *this = std::move(one);
  }
}

void PostProcessor::read_template(const Component& component) {
  const auto special = component.part("special_tokens");
  bool text = false;
  for (const auto& piece : component.parts("single")) {
    if (piece.has("Sequence")) {
      const auto sequence = piece.part("Sequence");
      if (text || sequence.text("id") != "A") throw component.refusal("a template of one text A, once, expected");
      text = true;
      type_ = sequence.number("type_id");
      continue;
    }
    const auto token = piece.part("SpecialToken");
    const auto ids = special.part(token.text("id").c_str());
    if (!ids.at("ids").is_array()) throw component.refusal("'ids' is no array");
    auto& side = text ? behind_ : before_;
    for (const auto& id : ids.at("ids")) {
      side.ids.push_back(component.number("ids", id));
      side.types.push_back(token.number("type_id"));
    }
  }
  if (!text) throw component.refusal("a template of one text A, once, expected");
}

void PostProcessor::read_ends(const Component& component) {
  const auto id = [&](const char* key) {
    const auto& pair = component.at(key);
    if (!pair.is_array() || pair.size() != 2) throw component.refusal(words(quoted(key), " is no token with its id"));
    return component.number(key, pair[1]);
  };
  before_ = {{id("cls")}, {0}};
  behind_ = {{id("sep")}, {0}};
}

Encoding PostProcessor::apply(const Ids& text) const {
  auto whole = before_;
  whole.ids.insert(whole.ids.end(), text.begin(), text.end());
  whole.types.insert(whole.types.end(), text.size(), type_);
  whole.ids.insert(whole.ids.end(), behind_.ids.begin(), behind_.ids.end());
  whole.types.insert(whole.types.end(), behind_.types.begin(), behind_.types.end());
  return whole;
}

}  // namespace edgeattn::text
