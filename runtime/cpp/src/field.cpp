#include "field.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

namespace edgeattn {
namespace {

using nlohmann::json;

constexpr int kDeepest = 200;                                   // levels of nesting

/// Says whether a text in UTF-8 has characters, and none of them controls: C0, DEL, C1, line and paragraph
/// ends.
bool is_printable(const std::string& text) {
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const auto second = static_cast<unsigned char>(text[i + 1]);
    if (text[i] == '\xc2' && second < 0xa0) return false;
    if (text[i] == '\xe2' && second == 0x80 && (text[i + 2] == '\xa8' || text[i + 2] == '\xa9')) return false;
  }
  return !text.empty() && std::none_of(text.begin(), text.end(), control);
}

}  // namespace

json parse_json(std::string_view text) {
  std::vector<std::set<std::string>> objects;  // the keys of those that are open
  const auto watch = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > kDeepest)
      throw BundleError(words("not valid JSON (more than ", kDeepest, " levels); copy the bundle again"));
    if (event == json::parse_event_t::object_start) objects.emplace_back();
    if (event == json::parse_event_t::object_end) objects.pop_back();
    if (event == json::parse_event_t::key && !objects.back().insert(value.get<std::string>()).second)
      throw BundleError(
          words("not valid JSON (key ", value.dump(), " stands twice in an object); copy the bundle again"));
    return true;
  };
  // Both of these nlohmann-json passes over: a byte order mark, and all that follows a NUL.
  if (text.substr(0, 3) == "\xef\xbb\xbf" || text.find('\0') != text.npos)
    throw BundleError("not valid JSON (a byte order mark or a NUL); copy the bundle again");
  try {
    return json::parse(text, watch);
  } catch (const json::exception& error) {
    throw BundleError(words("not valid JSON (", error.what(), "); copy the bundle again"));
  }
}

bool Field::is_null() const { return value_->is_null(); }
bool Field::is_text() const { return value_->is_string(); }

Field::Table Field::table() const {
  Table fields;
  if (!value_->is_object()) throw refusal("an object with printable keys");
  for (const auto& [name, value] : value_->items()) {
    if (!name.empty() && !is_printable(name)) throw refusal("an object with printable keys");
    fields.emplace(name, Field(key_.empty() ? name : key_ + "." + name, value));
  }
  return fields;
}

std::vector<Field> Field::items(std::size_t least) const {
  if (!value_->is_array() || value_->size() < least)
    throw refusal(least ? words("an array of at least ", least) : "an array");
  std::vector<Field> fields;
  for (const auto& value : *value_) fields.emplace_back(words(key_, "[", fields.size(), "]"), value);
  return fields;
}

std::string Field::text(const std::string& meaning) const {
  if (!value_->is_string() || !is_printable(value_->get_ref<const std::string&>())) throw refusal(meaning);
  return value_->get<std::string>();
}

std::string Field::one_of(const Names& texts) const {
  const auto found = text("one of " + listed(texts));
  if (!std::count(texts.begin(), texts.end(), found)) throw refusal("one of " + listed(texts));
  return found;
}

std::string Field::hex64() const {
  const auto found = text("64 lowercase hex digits");
  if (found.size() != 64 || found.find_first_not_of("0123456789abcdef") != found.npos)
    throw refusal("64 lowercase hex digits");
  return found;
}

std::int64_t Field::integer(std::int64_t least, std::int64_t most) const {
  const bool fits = value_->is_number_unsigned() ? value_->get<std::uint64_t>() <= std::uint64_t{kLargest}
                                                 : value_->is_number_integer();
  if (!fits || value_->get<std::int64_t>() < least || value_->get<std::int64_t>() > most)
    throw refusal(words("an integer from ", least, " to ", most == kLargest ? "2^53 - 1" : std::to_string(most)));
  return value_->get<std::int64_t>();
}

bool Field::flag() const {
  if (!value_->is_boolean()) throw refusal("true or false");
  return value_->get<bool>();
}

double Field::number() const {
  const bool beyond = value_->is_number_unsigned()
                          ? value_->get<std::uint64_t>() > std::uint64_t{kLargest}
                          : value_->is_number_integer() && value_->get<std::int64_t>() < -kLargest;
  if (!value_->is_number() || beyond || !std::isfinite(value_->get<double>()))
    throw refusal("a finite number");
  return value_->get<double>();
}

std::string Field::scalar() const {
  if (value_->is_boolean()) return flag() ? "1" : "0";
  if (value_->is_string()) return text();
  number();
  return value_->dump();
}

BundleError Field::refusal(const std::string& expected) const {
  auto found = value_->dump(-1, ' ', true);
  if (found.size() > 60) found = found.substr(0, 57) + "...";
  return BundleError(
      words(key_.empty() ? "the manifest" : key_, ": ", found, " found, ", expected, " expected"));
}

}  // namespace edgeattn
