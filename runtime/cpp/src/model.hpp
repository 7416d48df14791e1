// What a Model holds.
#pragma once

#include <mutex>

#include "graph.hpp"
#include "text/tokenizer.hpp"

namespace edgeattn {

struct Model::Impl {
  Bundle bundle;
  std::optional<int> threads;
  std::vector<const Variant*> runnable;
  std::mutex opening;
  std::map<std::string, std::shared_ptr<const Graph>> graphs;  // those that were asked for
  std::shared_ptr<const text::Tokenizer> tokenizer_;  // where it was asked for
  bool closed = false;

  /// Returns a graph, opened once; the main one where none is named. Throws InputError where there is no such
  /// graph, or the model was closed.
  std::shared_ptr<const Graph> graph(const std::string& name = {});

  /// Checks inputs against the contract of a graph. Returns them with an empty cache where a decoder is given
  /// none of its own, else none. Throws InputError.
  std::optional<Tensors> completed(const Graph& graph, const std::string& asked, const Tensors& inputs) const;

  /// Returns the tokenizer, opened once. Throws InputError where the manifest has none, or the model was closed, and
  /// BundleError where it cannot be followed.
  std::shared_ptr<const text::Tokenizer> tokenizer();

  /// The tokens of a text, or of a pair, and what they were made of: a prompt with the text, and the second text.
  struct Row {
    text::Tokenizer::Encoded tokens;
    std::vector<std::string> texts;
  };

  /// Returns the tokens of texts, or of pairs where the manifest says so; throws as Model::prepare does. Where each lies,
  /// tokenizer()->spans(row.tokens, row.texts) says.
  std::vector<Row> encode(const std::vector<std::string>& texts, const TextOptions& options);

  void check_open() const;
};

/// Opens a bundle by files without a folder; throws as the others do.
Model load(LooseFiles files, const LoadOptions& options);

/// The library's own way into a Model.
struct Inside {
  using Impl = Model::Impl;
  static Model model(std::shared_ptr<Impl> impl) { return Model(std::move(impl)); }
  static Impl& of(const Model& model) { return *model.impl_; }
  static GenerationSession::State& of(GenerationSession& session) { return *session.state_; }
};

/// Which numbers of an output a golden sample holds.
struct Excerpt {
  std::vector<std::int64_t> dims;    // of the whole output
  std::vector<std::size_t> places;  // in the flattened output, ascending
};

/// One call as PyTorch answered it. Of an output with an excerpt, `outputs` has these numbers in one axis.
struct GoldenSample {
  Tensors inputs, outputs;
  std::map<std::string, Excerpt> excerpts;  // by output
};

/// The units of an output's errors, broadcast along its fixed trailing dims.
struct Spread {
  struct Axis {
    std::uint64_t dim, stride;  // of the output, and in the units: 0 where one unit holds for the whole axis
  };
  std::vector<Axis> axes;  // the last dim first
  std::vector<double> units;

  /// Returns the unit of the number at a place of the flattened output.
  double at(std::uint64_t place) const;
};

struct GoldenVectors {
  std::vector<GoldenSample> samples;
  std::map<std::string, Spread> spreads;  // by output
};

/// Reads the golden vectors; none where the bundle was packed without.
GoldenVectors read_golden(const Bundle& bundle);

/// Throws InputError where there are no golden vectors.
void require_golden(const Bundle& bundle);

}  // namespace edgeattn
