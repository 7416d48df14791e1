// What a bundle says of itself: manifest.json, read and checked. See runtime/README.md for what each part
// means.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace edgeattn {

/// A size of at least 1, or a symbol's name.
struct Dim {
  std::int64_t size = 0;
  std::string symbol;
};

/// An input or output of a graph; `dtype` is numpy's name of it.
struct TensorSpec {
  std::string name, dtype;
  std::vector<Dim> dims;
  std::optional<std::int64_t> table_rows;  // of an input whose values are indices into a lookup table
  std::optional<std::string> lengths_of;   // of an input of lengths: the symbol whose size the longest is
};

/// The sizes that a symbol may take, both ends included; no `max` is unbounded.
struct Bounds {
  std::int64_t min = 0;
  std::optional<std::int64_t> max;
  bool allows(std::int64_t size) const { return min <= size && (!max || size <= *max); }
};

struct GraphSpec {
  std::vector<TensorSpec> inputs, outputs;
};

using Sizes = std::map<std::string, std::int64_t>;  // by symbol
using Symbols = std::map<std::string, Bounds>;

using Tokens = std::vector<std::int64_t>;

/// An input of a decoder for keys or values, and the output that continues it.
struct CacheEntry {
  std::string past, present;
};

/// When a search by beams ends: where as many sequences have ended as there are beams; where, besides, none
/// could score better at its present length; where none could at any.
enum class EarlyStopping { yes, no, never };

/// GenerateOptions where a caller leaves them open, as far as the bundle has any.
struct GenerationDefaults {
#define EDGEATTN_BUNDLED(type, name, otherwise, limits) type name;
#include "edgeattn_options.inc"
};

struct Generation {
  std::string decoder;
  std::optional<std::string> encoder;
  std::vector<std::string> sources, carried;  // empty without an encoder
  std::string tokens, logits, length;
  std::vector<CacheEntry> cache;
  std::optional<std::int64_t> positions;
  GenerationDefaults defaults;
};

/// A state of a step: an input, and the output that the next step takes for it.
struct StateEntry {
  std::string past, present;
};

/// How a sequence is answered a hop at a time, by a graph that keeps its state.
struct Streaming {
  std::string step, input;
  std::int64_t axis = 1, hop = 1;  // the time of the input, and its size in a step
  std::vector<std::string> outputs;
  std::vector<StateEntry> states;
};

struct Padding {
  std::string mask;
  std::int64_t masked_out = 0;
};

struct Rows {
  std::string batch;
  std::optional<Padding> padding;
};

/// Pairs of texts: which of them is cut, "longest_first", "only_first" or "only_second".
struct PairProcessing {
  std::string truncation;
};

struct TextProcessing {
  std::string tokenizer, ids;
  std::optional<std::string> mask, types;
  std::optional<std::int64_t> longest;
  std::optional<PairProcessing> pair;          // none: single texts are taken
  std::map<std::string, std::string> prompts;  // what may be put before a text, by name
  std::optional<std::string> default_prompt;   // the one that is, where a caller names none
};

/// What size an image is made before it is laid into the input: by its shorter side, or by a box.
struct Resize {
  std::optional<std::int64_t> shorter, longer, multiple;
  std::int64_t height = 1, width = 1;  // without `shorter`
  std::optional<std::string> fit;
};

struct ImageProcessing {
  std::string input;
  std::optional<std::int64_t> height, width;  // none: the resized image's own
  std::string channels, layout, resample;
  double scale = 1;
  std::vector<double> mean, std;
  std::optional<Resize> resize;
  std::string align;  // empty: it fills the input
  std::optional<std::vector<double>> border;
};

/// Features in place of samples; see the specification.
struct LogMel {
  std::int64_t frame = 0, hop = 0, bands = 0, stack = 0;
  double floor = 0;
};

struct AudioProcessing {
  std::string input;
  std::int64_t rate = 0, channels = 0;
  std::optional<LogMel> log_mel;
};

struct SeriesProcessing {
  std::string input;
  std::optional<std::string> output;
  std::vector<std::string> names;
  std::vector<double> mean, std;
  std::string missing;
};

struct Labels {
  std::string output;
  std::vector<std::string> names;
};

/// How the output of the labels is read by a person: all labels of a vector with their scores.
struct Classes {
  std::string scores;  // "softmax", "sigmoid" or "none"
};

/// The text of frames, by connectionist temporal classification; both are labels by their places.
struct Transcript {
  std::int64_t blank = 0;
  std::optional<std::int64_t> delimiter;
};

/// What a detector sees.
struct Objects {
  std::string boxes, form, scores;  // `form` is "center" or "corners"
  std::optional<std::int64_t> background;
  double threshold = 0;
};

/// The labels of words, or of the entities that they make up where there is a label of those outside of any.
struct Tags {
  std::optional<std::int64_t> outside;
};

/// The part of a pair's second text that answers the first; both outputs are [batch, sequence].
struct AnswerSpan {
  std::string start, end;
  std::int64_t longest = 1;  // tokens
};

using PredictionReader = std::variant<Classes, Transcript, Objects, AnswerSpan, Tags>;

struct Processing {
  std::optional<TextProcessing> text;
  std::optional<ImageProcessing> image;
  std::optional<AudioProcessing> audio;
  std::optional<SeriesProcessing> series;
  std::optional<Labels> labels;
  std::optional<PredictionReader> prediction;
};

/// What must be there to run a variant; options are texts as onnxruntime reads them.
struct Engine {
  std::string name, version;
  std::vector<std::string> providers;
  std::map<std::string, std::string> options;
};

struct SessionSettings {
  std::int64_t threads = 1;
  bool spinning = false, arena = true, memory_pattern = true;
};

struct Stack {
  Sizes sizes;
  std::int64_t rows = 1;
};

struct Variant {
  std::string target;
  Engine engine;
  std::map<std::string, std::string> files;  // by graph
  Sizes sizes;
  std::optional<SessionSettings> session;  // none for the defaults
  std::vector<Stack> stacks;
  std::map<std::string, double> tolerance;  // by output the largest error of its golden vectors
  std::map<std::string, double> scores;
  std::string verdict;
  std::optional<std::string> measured;
};

struct FileEntry {
  std::string sha256;
  std::int64_t size = 0;  // bytes
};

struct Manifest {
  std::string name;
  std::map<std::string, GraphSpec> graphs;
  Symbols symbols;
  std::optional<Generation> generation;
  std::optional<Streaming> streaming;
  std::optional<Rows> rows;
  std::optional<Processing> processing;
  std::vector<Variant> variants;
  std::map<std::string, FileEntry> files;
  std::string golden_file;  // empty where it was packed without golden vectors
  std::int64_t golden_samples = 0;
  std::map<std::string, double> budget;
  std::string provenance;                    // JSON
  std::optional<std::string> signature_key;  // of Ed25519, shown and not verified

  /// The graph that an app calls, and that the golden vectors prove.
  const std::string& main_graph() const {
    static const std::string model = "model";
    return graphs.count(model) ? model : graphs.begin()->first;
  }
};

}  // namespace edgeattn
