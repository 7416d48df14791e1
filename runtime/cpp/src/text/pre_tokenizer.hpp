// How a tokenizer cuts a normalized text into the pieces that its model takes one by one.
#pragma once

#include <memory>

#include "component.hpp"
#include "growth.hpp"
#include "regex.hpp"

namespace edgeattn::text {

/// A text and its pieces, none of them empty, in order.
struct Pieces {
  std::string text;
  std::vector<Match> spans;
  bool at_start = true;  // the first piece begins where the app's text does

  explicit Pieces(std::string whole, bool starts) : text(std::move(whole)), at_start(starts) {
    if (!text.empty()) spans.push_back({0, text.size()});
  }

  std::string_view operator[](std::size_t i) const {
    return std::string_view(text).substr(spans[i].begin, spans[i].end - spans[i].begin);
  }
};

class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  virtual void apply(Pieces& pieces) const = 0;

  /// Adds its steps to those before it.
  virtual void grow(Growth& growth) const { growth.add(1); }
};

/// Reads tokenizer.json's `pre_tokenizer`; throws BundleError.
std::unique_ptr<PreTokenizer> read_pre_tokenizer(const Component& component);

/// Reads whether Metaspace puts its character before a text: "always", "first" or "never".
std::string read_prepend_scheme(const Component& metaspace);

/// Reads a text of one character; throws BundleError.
std::string read_character(const Component& component, const char* key);

}  // namespace edgeattn::text
