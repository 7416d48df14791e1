// A sequence that never ends, answered hop by hop by an encoder that keeps its state.
#include "contract.hpp"
#include "manifest.hpp"
#include "model.hpp"
#include "shape.hpp"
#include "stream_buffer.hpp"
#include "streaming.hpp"
#include "words.hpp"

namespace edgeattn {

/// The graph of a step with the state that it keeps: a step reads one array of each state and writes the other, so that
/// one that fails leaves the state as it was.
class Step {
 public:
  Step(std::shared_ptr<const Graph> graph, const Streaming& names) : graph_(std::move(graph)) {
    const auto& spec = graph_->spec();
    const auto zeros_of = [](const TensorSpec& tensor) { return zeros(tensor.dtype, hop_dims(tensor)); };
    for (const auto& tensor : spec.inputs) {
      inputs_[tensor.name] = &fed_.emplace(tensor.name, zeros_of(tensor)).first->second;
      for (const auto& dim : tensor.dims)
        if (!dim.symbol.empty()) sizes_[dim.symbol] = 1;
    }
    for (const auto& name : names.outputs) given_.emplace(name, zeros_of(*find(spec.outputs, name)));
    for (auto& [name, tensor] : given_) outputs_[name] = &tensor;
    states_.reserve(names.states.size());
    for (const auto& [past, present] : names.states) {
      auto& [read, written] = states_.emplace_back(inputs_.at(past), *inputs_.at(past));
      outputs_[present] = &written;
    }
    input_ = inputs_.at(names.input);
    session();
  }

  /// Answers a hop, and keeps the state behind it.
  Tensors operator()(Tensor hop) {
    *input_ = std::move(hop);
    session().run_in_place(inputs_, outputs_);
    for (auto& [read, written] : states_) read->data.swap(written.data);
    return given_;
  }

  void reset() {
    for (auto& state : states_) std::fill(state.first->data.begin(), state.first->data.end(), std::byte{0});
  }

 private:
  const GraphSession& session() const { return graph_->session(sizes_); }

  std::shared_ptr<const Graph> graph_;
  Sizes sizes_;           // the batch, of 1
  Tensors fed_, given_;   // the hop and the states that it reads; what a step answers
  Tensor* input_ = nullptr;
  std::vector<std::pair<Tensor*, Tensor>> states_;  // what is read, and what is written
  std::map<std::string, Tensor*> inputs_, outputs_;
};

namespace {

const Streaming& streaming_of(const Model& model) {
  const auto& manifest = model.manifest();
  if (!manifest.streaming)
    throw InputError(words(manifest.name, ": no 'streaming' in its manifest; move a window over what comes, by Stream"));
  return *manifest.streaming;
}

std::int64_t product(const std::vector<std::int64_t>& dims, std::size_t first, std::size_t end) {
  std::int64_t numbers = 1;
  for (; first < end; ++first) numbers *= dims[first];
  return numbers;
}

}  // namespace

struct StepStream::State {
  explicit State(Model opened)
      : model(std::move(opened)),
        names(streaming_of(model)),
        input(*find(model.manifest().graphs.at(names.step).inputs, names.input)),
        dims(hop_dims(input)),
        step(Inside::of(model).graph(names.step), names) {
    const auto axis = static_cast<std::size_t>(names.axis);
    if (const auto* audio = sounds_of(names, model.manifest())) {
      numbers.emplace(audio->channels, names.hop, names.hop);
      heard.push_back({audio->rate, audio->channels, {}});
    } else if (const auto* from = series_of(names, model.manifest())) {
      const auto count = static_cast<std::int64_t>(from->names.size());
      series.emplace(count, names.hop, names.hop);
      seen.push_back({count, {}});
    } else {
      const auto inner = static_cast<std::size_t>(product(dims, axis + 1, dims.size()));
      numbers.emplace(product(dims, 0, axis), names.hop, names.hop, inner);
    }
  }

  bool takes_arrays() const { return !series && heard.empty(); }

  /// Returns the next hop as a step takes it; none where none is complete. Throws InputError where it is refused.
  std::optional<Tensor> next(std::int64_t& end) {
    auto& window = heard.empty() ? place : heard[0].samples;
    if (!(series ? series->next(seen[0].values, end) : numbers->next(window, end))) return std::nullopt;
    if (takes_arrays()) {
      const Tensors inputs = {{names.input, Tensor::of(dims, place)}};
      check_inputs({input}, model.manifest().symbols, inputs);
      return inputs.at(names.input);
    }
    return (series ? model.prepare(seen) : model.prepare(heard)).at(names.input);
  }

  Model model;
  const Streaming& names;
  const TensorSpec& input;  // of a step
  std::vector<std::int64_t> dims;
  Step step;
  std::optional<StreamBuffer<float>> numbers;  // of a sound, or of arrays
  std::optional<StreamBuffer<double>> series;
  std::vector<Sound> heard;  // a hop, as it is prepared: one of either, or none of arrays
  std::vector<Series> seen;
  std::vector<float> place;
};

StepStream::StepStream(const Model& model) : state_(std::make_unique<State>(model)) {}

StepStream::StepStream(StepStream&&) noexcept = default;
StepStream& StepStream::operator=(StepStream&&) noexcept = default;
StepStream::~StepStream() = default;

std::int64_t StepStream::hop() const { return state_->names.hop; }

void StepStream::push(const std::vector<float>& samples) {
  state_->model.check_open();
  if (state_->heard.empty()) throw InputError("a sound found, which this bundle does not take");
  state_->numbers->push(samples);
}

void StepStream::push(const std::vector<double>& values) {
  state_->model.check_open();
  if (!state_->series) throw InputError("series found, which this bundle does not take");
  state_->series->push(values);
}

void StepStream::push(const Tensor& array) {
  state_->model.check_open();
  if (!state_->takes_arrays()) throw InputError("an array found, which this bundle does not take");
  const auto time = static_cast<std::size_t>(state_->names.axis) - 1;  // without the batch
  const std::vector<std::int64_t> own(state_->dims.begin() + 1, state_->dims.end());
  auto dims = array.dims;
  if (dims.size() == own.size()) dims[time] = own[time];
  if (array.dtype != "float32" || dims != own) {
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < own.size(); ++i) expected.push_back(i == time ? "time" : std::to_string(own[i]));
    throw InputError(words(array.dtype, " [", array.dims.empty() ? "" : listed(array.dims), "] found, float32 of [",
                           listed(expected), "] expected"));
  }
  if (byte_count(array.dtype, array.dims) != array.data.size())
    throw InputError(words(array.data.size(), " bytes found, dims [", listed(array.dims), "] expected of them"));
  const auto* first = array.as<float>();
  state_->numbers->push({first, first + array.data.size() / sizeof(float)});
}

std::optional<Moment> StepStream::next() {
  state_->model.check_open();
  std::int64_t end = 0;
  auto hop = state_->next(end);
  if (!hop) return std::nullopt;
  return Moment{end, state_->step(std::move(*hop))};
}

void StepStream::reset() {
  state_->step.reset();
  if (state_->numbers) state_->numbers->clear();
  if (state_->series) state_->series->clear();
}

}  // namespace edgeattn
