// The special tokens that a tokenizer puts around a text, or around and between two.
#pragma once

#include "component.hpp"
#include "token_model.hpp"

namespace edgeattn::text {

/// Token ids with their type ids, and of which text each is: 0 or 1, or none of a special token; as many of each.
struct Encoding {
  Ids ids, types;
  std::vector<std::optional<std::size_t>> texts;
};

/// What a text, or a pair, becomes, in order.
class Template {
 public:
  /// Of so many texts, one behind the other, each with a type id of its own.
  explicit Template(std::size_t texts);

  /// Reads a TemplateProcessing's `single` or `pair`, a BertProcessing or a RobertaProcessing. Throws BundleError.
  Template(const Component& component, std::size_t texts);

  /// Says whether each text stands there once.
  bool is_whole() const;

  /// Returns how many special tokens there are.
  std::size_t added() const { return parts_.size() - texts_; }

  /// Puts texts' tokens together.
  Encoding apply(const std::vector<Ids>& texts) const;

 private:
  /// All tokens of a text, or a special token.
  struct Part {
    std::optional<std::size_t> text;
    std::uint32_t id, type;
  };

  void read_pieces(const Component& component, const char* key);
  void read_ends(const Component& component, bool doubled);

  std::size_t texts_;
  std::vector<Part> parts_;
};

class PostProcessor {
 public:
  /// Adds nothing.
  PostProcessor() = default;

  /// Reads tokenizer.json's `post_processor`; throws BundleError.
  explicit PostProcessor(const Component& component);

  const Template& single() const { return single_; }

  /// Throws BundleError where the file has none that takes each text once.
  const Template& pair() const;

 private:
  void read_sequence(const Component& component);

  bool adds_ = false;  // it is a template, or a sequence with one
  Template single_{1}, pair_{2};
};

}  // namespace edgeattn::text
