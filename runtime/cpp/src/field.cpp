#include "field.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "legible.hpp"

namespace edgeattn {
namespace {

using nlohmann::json;

constexpr int kDeepest = 200;                                   // levels of nesting

/// Returns which numbers of a JSON text, counted from 0, are integers that no integer type of the parser holds: it would
/// make floats of them.
std::set<std::size_t> large_integers(std::string_view text) {
  constexpr std::size_t kDigits = 19;  // fewer always fit
  std::set<std::size_t> found;
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\';
      ++at;
    } else if (text[at] == '-' || (text[at] >= '0' && text[at] <= '9')) {
      const auto end = std::min(text.find_first_not_of("+-.0123456789eE", at), text.size());
      const auto number = text.substr(at, end - at);
      if (number.size() >= kDigits && number.find_first_of(".eE") == std::string::npos) found.insert(count);
      ++count;
      at = end;
    } else {
      ++at;
    }
  }
  return found;
}

}  // namespace

json parse_json(std::string_view text) {
  const auto large = large_integers(text);
  std::size_t numbers = 0;
  std::vector<std::set<std::string>> objects;  // the keys of those that are open
  const auto watch = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > kDeepest)
      throw BundleError(words("not valid JSON (more than ", kDeepest, " levels); copy the bundle again"));
    if (event == json::parse_event_t::object_start) objects.emplace_back();
    if (event == json::parse_event_t::object_end) objects.pop_back();
    if (event == json::parse_event_t::key && !objects.back().insert(value.get<std::string>()).second)
      throw BundleError(
          words("not valid JSON (key ", value.dump(), " stands twice in an object); copy the bundle again"));
    if (event == json::parse_event_t::value && value.is_number() && large.count(numbers++) && value.is_number_float())
      value = std::numeric_limits<double>::quiet_NaN();  // which is refused wherever a number is read
    return true;
  };
  // Both of these nlohmann-json passes over: a byte order mark, and all that follows a NUL.
  if (text.substr(0, 3) == "\xef\xbb\xbf" || text.find('\0') != std::string::npos)
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

std::string Field::any_text() const {
  if (!value_->is_string()) throw refusal("a text");
  return value_->get<std::string>();
}

std::string Field::one_of(const Names& texts) const {
  auto found = text("one of " + listed(texts));
  if (!std::count(texts.begin(), texts.end(), found)) throw refusal("one of " + listed(texts));
  return found;
}

std::string Field::hex64() const {
  auto found = text("64 lowercase hex digits");
  if (found.size() != 64 || found.find_first_not_of("0123456789abcdef") != std::string::npos)
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
