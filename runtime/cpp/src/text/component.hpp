// A part of tokenizer.json: an object that its `type` says the meaning of.
#pragma once

#include <nlohmann/json.hpp>

#include "words.hpp"

namespace edgeattn::text {

class Component {
 public:
  /// `place` is such as "pre_tokenizer". Throws BundleError where the value is no object.
  Component(std::string place, const nlohmann::json& value, int depth = 0)
      : place_(std::move(place)), value_(&value), depth_(depth) {
    if (!value.is_object()) throw BundleError(words(place_, ": no object found, one expected"));
    if (depth > kDeepest) throw BundleError(words(place_, ": nested too deep"));
  }

  /// Returns what it is, such as "ByteLevel".
  std::string type() const { return has("type") ? text("type") : std::string("no type"); }

  bool has(const char* key) const { return value_->contains(key) && !value_->at(key).is_null(); }

  const nlohmann::json& at(const char* key) const {
    const auto found = value_->find(key);
    if (found == value_->end()) throw refusal(words(quoted(key), " is missing"));
    return *found;
  }

  std::string text(const char* key) const {
    if (!at(key).is_string()) throw refusal(words(quoted(key), " is no text"));
    return at(key).get<std::string>();
  }
  std::string text(const char* key, const char* otherwise) const { return has(key) ? text(key) : otherwise; }

  bool flag(const char* key) const {
    if (!at(key).is_boolean()) throw refusal(words(quoted(key), " is neither true nor false"));
    return at(key).get<bool>();
  }
  bool flag(const char* key, bool otherwise) const { return has(key) ? flag(key) : otherwise; }

  std::uint32_t number(const char* key) const { return number(key, at(key)); }

  std::uint32_t number(const char* key, const nlohmann::json& value) const {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= ~std::uint32_t{0})
      throw refusal(words(quoted(key), " is no number from 0 to 2^32 - 2"));
    return value.get<std::uint32_t>();
  }

  /// Returns the components of an array.
  std::vector<Component> parts(const char* key) const {
    if (!at(key).is_array()) throw refusal(words(quoted(key), " is no array"));
    std::vector<Component> found;
    for (const auto& item : at(key)) found.emplace_back(place_, item, depth_ + 1);
    return found;
  }

  Component part(const char* key) const { return {words(place_, ".", key), at(key), depth_ + 1}; }

  /// Returns an error that names this component.
  BundleError refusal(const std::string& why) const {
    const bool named = value_->contains("type") && value_->at("type").is_string();
    return BundleError(words(place_, named ? " " + value_->at("type").get<std::string>() : "", ": ", why));
  }

  /// Returns the error of a component that this runtime does not have.
  BundleError unknown() const { return BundleError(words(place_, ": ", type(), " is not known here")); }

 private:
  static constexpr int kDeepest = 32;

  std::string place_;
  const nlohmann::json* value_;
  int depth_;
};

}  // namespace edgeattn::text
