// A JSON value that knows under which key it stands, so that every refusal names its key.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "words.hpp"

namespace edgeattn {

/// Parses a JSON text strictly: UTF-8, no key twice in an object, no NaN, nothing nested beyond any use.
/// Throws BundleError where the text is not such JSON.
nlohmann::json parse_json(std::string_view text);

/// One value, read by the methods that say what it must be; each throws BundleError where it is something
/// else.
class Field {
 public:
  static constexpr std::int64_t kLargest = (std::int64_t{1} << 53) - 1;  // that every JSON reader keeps exact

  using Table = std::map<std::string, Field>;
  using Names = std::vector<std::string>;

  Field(std::string key, const nlohmann::json& value) : key_(std::move(key)), value_(&value) {}

  const std::string& key() const { return key_; }
  const nlohmann::json& value() const { return *value_; }
  bool is_null() const;
  bool is_text() const;

  Table table() const;  // an object with any printable keys
  std::vector<Field> items(std::size_t least = 0) const;
  std::string text(const std::string& meaning = "a printable text") const;
  std::string any_text() const;  // of any characters, none among them too
  std::string one_of(const Names& texts) const;
  std::string hex64() const;  // 64 lowercase hex digits
  std::int64_t integer(std::int64_t least, std::int64_t most = kLargest) const;
  bool flag() const;
  double number() const;       // finite; an integer is at most 2^53 - 1
  std::string scalar() const;  // a text, a number or a boolean, as onnxruntime reads it

  BundleError refusal(const std::string& expected) const;

 private:
  std::string key_;
  const nlohmann::json* value_;
};

}  // namespace edgeattn
