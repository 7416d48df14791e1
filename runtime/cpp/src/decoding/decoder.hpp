// A bundle that is ready to generate: it checks requests, and runs the encoder and the decoder.
#pragma once

#include "model.hpp"
#include "stepper.hpp"

namespace edgeattn {

/// The graphs of a bundle that generates.
class Decoder {
 public:
  /// Throws InputError where the bundle does not generate, or was closed.
  explicit Decoder(const Model& model);

  const Model& model() const { return model_; }

  std::int64_t vocabulary() const { return vocabulary_; }

  /// What holds where a caller says nothing.
  const GenerationDefaults& defaults() const { return names_.defaults; }

  /// The most sequences of one call; none is any number.
  std::optional<std::int64_t> most_rows() const { return most_rows_; }

  /// Returns the tokens that the decoder begins with; `name` is the prompt's. Throws InputError where they are
  /// none, too many, outside the vocabulary, or not what the bundle begins with.
  Tokens first_tokens(const std::string& name, const Prompt& prompt, const Tokens& start) const;

  /// Returns a text as the bundle takes it: as token ids, or as what its encoder reads; other prompts as they are.
  Prompt read(const Prompt& prompt) const;

  /// Returns arrays of several sequences one by one. Throws InputError where they do not keep the contract.
  std::vector<Prompt> rows(const std::string& name, const Tensors& sources) const;

  /// Returns the encoder's inputs for one sequence; nothing for a decoder alone. Throws InputError.
  Tensors sources(const std::string& name, const Prompt& prompt) const;

  /// Returns what the decoder takes in every call; nothing for a decoder alone.
  Tensors carried(const Tensors& sources) const;

  /// Returns how many new tokens there may be behind a prompt of `length` tokens. Throws InputError.
  std::int64_t limit(const std::optional<std::int64_t>& max_new_tokens, std::size_t length) const;

  /// Throws InputError where a call may not have as many rows as there are beams.
  void check_rows(std::int64_t num_beams) const;

  /// Throws InputError where a cache of so many tokens, in so many rows, cannot be had.
  void check_memory(std::int64_t total, std::int64_t batch) const;

  /// Whether the encoder gives a row of all that the decoder takes for every sequence.
  bool carries_rows() const { return axes_.size() == names_.carried.size(); }

  /// Begins sequences, each with as many tokens and what the encoder gave of it.
  Stepper stepper(const std::vector<const Tensors*>& carried) const;

  /// Takes a step. Throws BundleError where it answers no numbers.
  Logits step(Stepper& stepper, const Tokens& tokens) const;

 private:
  Tensors read_sources(const std::string& name, const Prompt& prompt) const;
  std::int64_t count_sequences(const Tensors& sources) const;
  const GraphSpec& encoder() const { return manifest_.graphs.at(*names_.encoder); }

  const Model model_;  // which shares what it opened
  Inside::Impl& opened_;
  const Manifest& manifest_;
  const Generation& names_;
  std::shared_ptr<const Graph> decoder_;
  std::map<std::string, std::size_t> axes_;  // of the sequences in what the encoder gives
  std::string batch_;                        // the symbol of them
  std::int64_t vocabulary_;
  std::optional<std::int64_t> most_rows_;
};

}  // namespace edgeattn
