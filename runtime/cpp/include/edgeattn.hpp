// edgeattn for C++17: opens a bundle, checks it whole, runs it with onnxruntime. edgeattn.h is the same for
// C.
//
//     auto model = edgeattn::load("sentence.edge");
//     auto outputs = model.run(model.prepare(std::vector<std::string>{"The cat sat on the mat."}));
//     const float* embedding = outputs.at("embedding").as<float>();
//
// Every error is an EdgeAttnError with a message of one line: what was found, what was expected, what to do.
// A Model may be called from several threads at once.
// It belongs to the static library: the shared one exports edgeattn.h alone, whose binary interface stays.
#pragma once

#if !defined(EDGEATTN_STATIC) && !defined(EDGEATTN_BUILDING)
#error "edgeattn.hpp found with the shared library, which exports edgeattn.h alone; link the static one (EDGEATTN_STATIC)"
#endif
#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 201703L
#error "edgeattn.hpp needs C++17; in CMake target_compile_features(app PRIVATE cxx_std_17)"
#endif

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "edgeattn_export.h"
#include "edgeattn_manifest.hpp"

namespace edgeattn {

namespace text {
class Tokenizer;  // the library's own
class PieceDecoder;
}

/// The root of all errors.
struct EdgeAttnError : std::runtime_error {
  explicit EdgeAttnError(std::string message);
};
/// A call: a tensor's name, dtype, dims, or a NaN; a prompt or a setting; a model that was closed.
struct InputError : EdgeAttnError {
  using EdgeAttnError::EdgeAttnError;
};
/// A bundle: missing, changed, escaping, of an unknown schema.
struct BundleError : EdgeAttnError {
  using EdgeAttnError::EdgeAttnError;
};
/// A bundle that needs another engine or execution provider.
struct IncompatibleRuntimeError : EdgeAttnError {
  using EdgeAttnError::EdgeAttnError;
};
/// The machine lacks memory or open files; what was handed over may be right.
struct ResourceError : EdgeAttnError {
  using EdgeAttnError::EdgeAttnError;
};
/// A call did not end by its deadline, or was cancelled.
struct DeadlineError : EdgeAttnError {
  using EdgeAttnError::EdgeAttnError;
};

/// numpy's name of a type of numbers, such as "int64".
template <class Number>
std::string dtype_of() {
  static_assert(std::is_arithmetic_v<Number> && sizeof(Number) <= 8,
                "numpy's numbers alone; float16 by its bytes");
  const auto bits = std::to_string(8 * sizeof(Number));
  if constexpr (std::is_same_v<Number, bool>) return "bool";
  if constexpr (std::is_floating_point_v<Number>) return "float" + bits;
  return (std::is_signed_v<Number> ? "int" : "uint") + bits;
}

/// An array: its dtype by numpy's name, its dims, and its numbers in C order.
struct Tensor {
  std::string dtype;
  std::vector<std::int64_t> dims;
  std::vector<std::byte> data;

  /// Copies numbers, as many as the dims say.
  template <class Number>
  static Tensor of(std::vector<std::int64_t> dims, const std::vector<Number>& numbers) {
    static_assert(!std::is_same_v<Number, bool>, "std::vector<bool> has no bytes; fill `data` instead");
    const auto* first = reinterpret_cast<const std::byte*>(numbers.data());
    return {dtype_of<Number>(), std::move(dims), {first, first + numbers.size() * sizeof(Number)}};
  }

  /// Returns the numbers, as many as the dims say. Throws InputError where the dtype is another.
  template <class Number>
  const Number* as() const {
    if (dtype != dtype_of<Number>()) throw InputError(dtype + " found, " + dtype_of<Number>() + " asked for");
    return reinterpret_cast<const Number*>(data.data());
  }
};

using Tensors = std::map<std::string, Tensor>;  // by the names of the contract

/// How near one output of one golden sample came.
struct GoldenResult {
  std::int64_t sample = 0;
  std::string output;
  /// The root mean square of its numbers' errors, each in units of its channel's spread.
  std::optional<double> error;    // none where no number says it: another shape, NaN, infinity
  std::optional<double> max_abs;  // the same
  bool ok = false;
};

struct LoadOptions {
  std::string target;          // its variants alone; empty for the first that runs here
  std::optional<int> threads;  // intra-op; none leaves it to the bundle
  bool kernels = true;         // those of EDGEATTN_KERNELS, where this was built with them
  /// Ed25519 public keys, each 64 lowercase hex digits: what none of them signed is refused, and no file is
  /// read after it was hashed. Weights then take memory that is else mapped. None verifies nothing.
  std::optional<std::vector<std::string>> trusted_keys = {};
  /// Hears how many bytes were checked, and of how many; false ends the load: DeadlineError.
  std::function<bool(std::uint64_t done, std::uint64_t total)> on_progress = {};
};

/// What lies in a bundle's files, by their names such as "manifest.json". The bytes stay as they are for as long as
/// there are models of them.
using BundleFiles = std::map<std::string, std::string_view>;

/// Ends the calls that it was given to, and refuses later ones; its copies are one.
class Cancellation {
 public:
  Cancellation();
  void cancel() const;  // from any thread

 private:
  friend class Deadline;
  std::shared_ptr<class Ending> ending_;
};

/// Ends the calls that this thread makes while it lives, by a time or a cancellation: they throw
/// DeadlineError. Inside another one the inner one counts.
///
///     const edgeattn::Deadline deadline(std::chrono::seconds(2));
///     auto outputs = model.run(inputs);
class Deadline {
 public:
  /// Throws InputError where the time is not above 0.
  explicit Deadline(std::optional<std::chrono::milliseconds> time, Cancellation cancellation = {});
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

 private:
  friend class EndedCall;
  class Timer;
  std::optional<std::chrono::milliseconds> time_;
  std::shared_ptr<class Ending> timed_, cancelled_;
  std::unique_ptr<Timer> timer_;
  const Deadline* outer_;
};

/// What is continued: token ids; a text; or, by name, what an encoder reads where that is more than tokens.
using Prompt = std::variant<std::vector<std::int64_t>, std::string, Tensors>;

class GenerationSession;

/// How tokens are chosen, and when to stop: edgeattn_options.inc has the members, edgeattn.h what they mean. What is left
/// open is as the manifest's generation.defaults say, and else the default there.
struct GenerateOptions {
#define EDGEATTN_BUNDLED(type, name, otherwise, limits) type name = {};
#define EDGEATTN_CALLERS(type, name, otherwise, limits) type name = otherwise;
#include "edgeattn_options.inc"
  std::vector<std::string> stop_strings = {};            // texts that end it
  std::function<bool(std::int64_t)> on_token = {};       // hears each as it comes; false ends it
  std::function<bool(const std::string&)> on_text = {};  // likewise the text, in whole characters
  GenerationSession* session = nullptr;                  // keeps the cache of one prompt, for what continues it
};

/// A sequence that ended, and its log-probability over its length to the power of the length penalty.
struct Hypothesis {
  std::vector<std::int64_t> tokens;
  double score = 0;
  std::optional<std::string> text = {};  // where a prompt or a stop was a text
};

/// Pixels of 8 bits, rows from the top: 1 channel is grey, 2 grey and alpha, 3 RGB, 4 RGBA.
struct Image {
  std::int64_t height = 0, width = 0, channels = 3;
  std::vector<std::uint8_t> pixels;
};

/// Decodes a PNG or JPEG file, or its bytes. Throws InputError where it is none of 8 bits of grey or RGB,
/// whole.
Image read_image(const std::string& path);
Image decode_image(std::string_view bytes);

/// A sound: its samples a second, and samples of -1 to 1, one channel behind the other.
struct Sound {
  std::int64_t rate = 0, channels = 1;
  std::vector<float> samples;
};

/// Reads a WAV file of integers or float32, or its bytes. Throws InputError where it is none, or cut.
Sound read_wav(const std::string& path);
Sound decode_wav(std::string_view bytes);

/// Series in their own units, one behind the other; NaN is a missing number.
struct Series {
  std::int64_t count = 0;
  std::vector<double> values;
};

/// Reads the columns of those names from a CSV file in UTF-8, or its text. Throws InputError where it is
/// none.
Series read_csv(const std::string& path, const std::vector<std::string>& names);
Series decode_csv(std::string_view text, const std::vector<std::string>& names);

/// What belongs to a batch of texts.
struct TextOptions {
  std::vector<std::string> pairs;     // the second text of each, where the bundle takes pairs; empty: none
  std::optional<std::string> prompt;  // the name of what is put before each text; none: the bundle's default, "": nothing
};

using Label = std::pair<std::string, float>;  // a name, and the output's value at its place

/// One thing that an output says; what does not belong to its kind is none.
struct Prediction {
  std::optional<std::string> label;
  std::optional<double> score;
  std::optional<std::string> text;          // transcribed, or a part of the text that was given
  std::optional<std::array<double, 4>> box;  // left, top, right, bottom
  std::optional<std::array<std::int64_t, 2>> span = {};  // an answer's first character in its context and the one behind its last
};

/// What outputs are answers to: the text of each row, or its pair of them, and the width and height of each image; none
/// where they are unknown.
struct PredictionSource {
  std::vector<std::string> texts;
  std::vector<std::array<std::int64_t, 2>> sizes;
  std::vector<std::string> pairs = {};  // the second text of each
};

/// A bundle that was opened and checked. Its copies are one.
class Model {
 public:
  const Manifest& manifest() const;
  const std::string& manifest_json() const;  // as it stands in the bundle

  /// Tells what it is, what it takes and gives, and how it runs here: a fact a line.
  std::string describe() const;

  /// Opens a graph now rather than at its first call; the main one where none is named.
  void open(const std::string& graph = {}) const;

  /// Answers the golden inputs once, so that the first call of an app takes no longer than later ones.
  void warm_up() const;

  /// Lets go of the graphs' memory, once calls that run have ended; later ones throw InputError. Twice is
  /// fine.
  void close() const;

  /// Throws InputError where it was closed.
  void check_open() const;

  /// Answers inputs that keep the contract of a graph, the main one where none is named. A decoder that is
  /// given none of its cache begins with an empty one. Throws InputError, DeadlineError, or BundleError where
  /// the graph fails.
  Tensors run(const Tensors& inputs, const std::string& graph = {}) const;

  /// Answers samples, each as a call of its own would, but faster where the manifest's `rows` allow it:
  /// padding is left out, and rows of equal sizes run together. Zeros stand where padding was left out.
  std::vector<Tensors> run_many(const std::vector<Tensors>& samples, const std::string& graph = {}) const;

  /// Replays the golden vectors here.
  std::vector<GoldenResult> check() const;

  /// Continues a prompt by a bundle with a key-value cache, and returns the new tokens.
  std::vector<std::int64_t> generate(const Prompt& prompt, const GenerateOptions& options = {}) const;

  /// Continues prompts of any lengths together, with beams where asked for: for each its sequences, the best
  /// first. One prompt of arrays may hold several sequences in its batch, and is then as many prompts.
  std::vector<std::vector<Hypothesis>> generate_many(const std::vector<Prompt>& prompts,
                                                     const GenerateOptions& options = {}) const;

  /// Makes inputs of a batch of images, sounds, sets of series or texts, as the manifest's `processing` says.
  Tensors prepare(const std::vector<Image>& images) const;
  Tensors prepare(const std::vector<Sound>& sounds) const;
  Tensors prepare(const std::vector<Series>& sets) const;
  /// `cut` is told how many texts lost their last tokens to the manifest's `longest`.
  Tensors prepare(const std::vector<std::string>& texts, std::size_t* cut = nullptr) const;
  Tensors prepare(const std::vector<std::string>& texts, const TextOptions& options, std::size_t* cut = nullptr) const;

  /// Returns the token ids of a text, special ones included, as `prepare` gives them.
  std::vector<std::int64_t> tokens_of(const std::string& text) const;

  /// Returns the text of token ids, special tokens left out.
  std::string decode(const std::vector<std::int64_t>& tokens) const;

  /// Reads an output by its labels: for every vector, from the largest value to the least.
  std::vector<std::vector<Label>> labels(const Tensors& outputs) const;

  /// Reads an output as a person would, by the manifest's `processing.prediction`: for every row labels with scores, a
  /// text, an answer, or objects, whose boxes are in pixels where the source has sizes, and else shares of the image. Where
  /// images lie in a border, or are cut, sizes are needed.
  std::vector<std::vector<Prediction>> predictions(const Tensors& outputs, const PredictionSource& source = {}) const;

  /// Returns what a call forecast, in the series' own units: float64 [batch, series, time].
  Tensor forecast(const Tensors& outputs) const;

 private:
  friend struct Inside;  // the library's own way into it
  struct Impl;
  explicit Model(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

/// Keeps the key-value cache of one text, such as a chat, for the next turn: a prompt that begins as what it holds is
/// computed from there on.
///
///     edgeattn::GenerationSession session(model);
///     options.session = &session;
///     const auto answer = model.generate(text, options);
///     model.generate(text_answer_and_next_turn, options);
///
/// It changes no answer but by the noise of int8. Calls that go on at the same time take turns in it.
class GenerationSession {
 public:
  /// Throws InputError where the bundle is no decoder alone, or was closed.
  explicit GenerationSession(const Model& model);
  GenerationSession(GenerationSession&& other) noexcept;
  GenerationSession& operator=(GenerationSession&& other) noexcept;
  ~GenerationSession();

 private:
  friend struct Inside;
  struct State;
  std::unique_ptr<State> state_;
};

/// Opens the folder of a bundle. Throws BundleError where it is not whole, IncompatibleRuntimeError where no
/// variant runs here, InputError where it has no such target, DeadlineError where a Deadline around it ends.
Model load(const std::string& folder, const LoadOptions& options = {});

/// Likewise of files in memory, such as an app's resources.
Model load(const BundleFiles& files, const LoadOptions& options = {});

struct StreamOptions {
  std::int64_t hop = 0;                // samples, or numbers of each series, from an answer to the next
  std::optional<std::int64_t> window;  // as many are looked at; none takes as many as the input has
};

/// What a window, or a hop, was answered with, and where it ended: how many samples had come by then.
struct Moment {
  std::int64_t end = 0;
  Tensors outputs;
};

/// A sound, or series, that never end, answered a window at a time:
///
///     edgeattn::Stream stream(model, {800});
///     stream.push(samples);
///     while (auto moment = stream.next()) show(model.labels(moment->outputs));
///
/// The first answer comes with as many samples as a window has, the others a hop later each.
class Stream {
 public:
  /// Throws InputError where the hop or window is below 1, the window is missing and the input takes any, or
  /// the bundle prepares neither sounds nor series.
  Stream(const Model& model, const StreamOptions& options);
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;
  ~Stream();

  /// Takes what has come: samples, one channel behind the other, or numbers, one series behind the other. Throws
  /// InputError where more than 16,777,216 numbers would wait beyond a window: take answers first.
  void push(const std::vector<float>& samples);
  void push(const std::vector<double>& values);

  /// Answers the next window that is complete; none where there is none. Throws InputError where the bundle
  /// refuses it, and goes on with the window behind it.
  std::optional<Moment> next();

  /// Begins anew: nothing has come.
  void reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A sound, series or features that never end, of which each hop is computed once, by a bundle with `streaming` in its
/// manifest. What a hop needs of the past is in the state that the graph keeps:
///
///     edgeattn::StepStream stream(model);
///     stream.push(samples);
///     while (auto moment = stream.next()) show(model.labels(moment->outputs));
///
/// It is one thread's at a time.
class StepStream {
 public:
  /// Throws InputError where the manifest has no `streaming`, or the model was closed.
  explicit StepStream(const Model& model);
  StepStream(StepStream&& other) noexcept;
  StepStream& operator=(StepStream&& other) noexcept;
  ~StepStream();

  std::int64_t hop() const;  // what a step takes of the time: samples, numbers of each series, or places

  /// Takes what has come: samples, one channel behind the other; numbers, one series behind the other; or, where the
  /// bundle prepares neither, float32 in the input's dims without the batch. Throws InputError where it is of another
  /// kind or shape.
  void push(const std::vector<float>& samples);
  void push(const std::vector<double>& values);
  void push(const Tensor& array);

  /// Answers the next hop that is complete; none where there is none. Throws InputError where it is refused, and goes
  /// on with the hop behind it and the state before it.
  std::optional<Moment> next();

  /// Begins anew: nothing has come, and zeros are in every state.
  void reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Puts the bundle in `folder` in the place of the one at `over`, once its copy there was checked whole, opened, and
/// has replayed its golden vectors on this device; else leaves that one. A process that is killed at any moment
/// leaves one of the two there, whole. Throws EdgeAttnError where a golden output misses its tolerance, and
/// InputError where `over` is no bundle or, with trusted keys, one of another name.
std::vector<GoldenResult> install(const std::string& folder, const std::string& over,
                                               const LoadOptions& options = {});

/// The text of tokens as they come: together, the pieces are what Model::decode makes of them all.
class TextStream {
 public:
  /// Throws InputError where the bundle has no tokenizer.
  explicit TextStream(const Model& model);
  TextStream(TextStream&& other) noexcept;
  TextStream& operator=(TextStream&& other) noexcept;
  ~TextStream();

  /// Takes a token, and returns the text that has become certain: none where a character is not whole yet.
  std::string push(std::int64_t token);

  /// Returns the text that was held back, and begins anew.
  std::string finish();

 private:
  std::unique_ptr<text::PieceDecoder> pieces_;
};

struct BenchOptions {
  std::string target;
  std::vector<int> threads;  // each is timed; empty for as many as the bundle says
  int rounds = 100, warmup = 10;
  bool kernels = true;
};

/// Times a bundle on its golden inputs: JSON, as `python -m edgeattn_runtime bench --json` prints it.
std::string bench(const std::string& folder, const BenchOptions& options = {});

}  // namespace edgeattn
