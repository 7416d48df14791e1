#include "streaming.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include "limits.hpp"
#include "manifest.hpp"
#include "shape.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

bool is_size(const Dim& dim) { return dim.symbol.empty(); }

bool same(const Dim& a, const Dim& b) { return a.size == b.size && a.symbol == b.symbol; }

bool same(const std::vector<Dim>& a, const std::vector<Dim>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Dim& one, const Dim& other) { return same(one, other); });
}

/// Says whether each dim is a size, or the batch.
bool are_sizes(const std::vector<Dim>& dims, const Dim& batch) {
  return std::all_of(dims.begin(), dims.end(), [&](const Dim& dim) { return is_size(dim) || same(dim, batch); });
}

const TensorSpec& required(std::string_view key, const std::string& name, const std::vector<TensorSpec>& tensors) {
  const auto* tensor = find(tensors, name);
  if (!tensor) throw BundleError(words("streaming.", key, ": no ", quoted(name), " found among ", listed(tensors)));
  return *tensor;
}

/// Checks that a step takes its hop and its states, and nothing else.
void check_takes(const Streaming& streaming, const GraphSpec& step) {
  std::multiset<std::string> taken, named = {streaming.input};
  for (const auto& input : step.inputs) taken.insert(input.name);
  for (const auto& entry : streaming.states) named.insert(entry.past);
  if (taken != named)
    throw BundleError(words("streaming.step: a graph that takes ", listed(taken), " found, one that takes ", listed(named),
                            " expected"));
}

void check_input(const Streaming& streaming, const TensorSpec& hop, const TensorSpec& whole, const Symbols& symbols) {
  const auto axis = static_cast<std::size_t>(streaming.axis);
  const auto is_batch = [&](const Dim& dim) { return is_size(dim) ? dim.size == 1 : symbols.at(dim.symbol).allows(1); };
  if (hop.dtype != "float32" || hop.dims.empty() || !is_batch(hop.dims[0]) ||
      !std::all_of(hop.dims.begin() + 1, hop.dims.end(), is_size))
    throw BundleError(words("streaming.input: ", written(hop), " found, float32 of sizes behind a batch of 1 expected"));
  if (axis >= hop.dims.size() || hop.dims[axis].size != streaming.hop)
    throw BundleError(words("streaming.hop: ", streaming.hop, " found on axis ", axis, ", that of ", written(hop), " expected"));
  if (whole.dtype != "float32" || axis >= whole.dims.size() || is_size(whole.dims[axis]) ||
      same(whole.dims[axis], whole.dims[0]))
    throw BundleError(words("streaming.axis: ", axis, " found, a symbol's axis of ", written(whole), " expected: its time"));
  auto others = whole.dims;
  others[0] = hop.dims[0];
  others[axis] = hop.dims[axis];
  if (!is_batch(whole.dims[0]) || !same(others, hop.dims))
    throw BundleError(words("streaming.input: ", written(hop), " and ", written(whole),
                            " found, dims that differ in time expected"));
}

void check_state(const StateEntry& entry, const GraphSpec& step, const Dim& batch) {
  const auto& past = required("states", entry.past, step.inputs);
  const auto& dtype = past.dtype;
  if ((dtype != "float32" && dtype != "int64" && dtype != "bool") || !are_sizes(past.dims, batch))
    throw BundleError(words("streaming.states: ", written(past), " found, float32, int64, bool of sizes expected"));
  const auto& present = required("states", entry.present, step.outputs);
  if (present.dtype != dtype || !same(present.dims, past.dims))
    throw BundleError(words("streaming.states: ", written(past), " and ", written(present), " found, the same expected of both"));
}

void check_output(const TensorSpec& hop, const TensorSpec& whole, const Dim& batch) {
  if (hop.dtype != whole.dtype || hop.dims.size() != whole.dims.size() || !are_sizes(hop.dims, batch))
    throw BundleError(
        words("streaming.outputs: ", written(hop), " found for ", written(whole), ", the same dtype and sizes expected"));
}

/// Checks what a reader keeps for a stream: a hop, its answer, and the states once.
void check_bytes(const Streaming& streaming, const GraphSpec& step) {
  std::size_t left = kMostStep;
  const auto take = [&](const TensorSpec& tensor) {
    const auto bytes = byte_count(tensor.dtype, hop_dims(tensor));
    if (!bytes || *bytes > left)
      throw BundleError(words("streaming: more than ", kMostStep, " bytes a step found, fewer expected"));
    left -= *bytes;
  };
  for (const auto& input : step.inputs) take(input);
  for (const auto& name : streaming.outputs) take(*find(step.outputs, name));
}

}  // namespace

void check_streaming(const Streaming& streaming, const Manifest& manifest) {
  const auto& main = manifest.main_graph();
  if (!manifest.graphs.count(streaming.step) || streaming.step == main)
    throw BundleError(words("streaming.step: ", quoted(streaming.step), " found, a graph beside ", quoted(main),
                            " expected; there are ", keys(manifest.graphs)));
  const auto &step = manifest.graphs.at(streaming.step), &whole = manifest.graphs.at(main);
  check_takes(streaming, step);
  const auto& hop = *find(step.inputs, streaming.input);
  check_input(streaming, hop, required("input", streaming.input, whole.inputs), manifest.symbols);
  if (sounds_of(streaming, manifest) && streaming.axis + 1 != static_cast<std::int64_t>(hop.dims.size()))
    throw BundleError(words("streaming.axis: ", streaming.axis, " found, the last of ", written(hop), " expected for sounds"));
  std::set<std::string> given(streaming.outputs.begin(), streaming.outputs.end());
  for (const auto& entry : streaming.states) {
    check_state(entry, step, hop.dims[0]);
    if (!given.insert(entry.present).second)
      throw BundleError(words("streaming.states: ", quoted(entry.present), " stands twice among presents and outputs"));
  }
  for (const auto& name : streaming.outputs)
    check_output(required("outputs", name, step.outputs), required("outputs", name, whole.outputs), hop.dims[0]);
  check_bytes(streaming, step);
}

const AudioProcessing* sounds_of(const Streaming& streaming, const Manifest& manifest) {
  const auto& how = manifest.processing;
  if (!how || !how->audio || how->audio->log_mel || how->audio->input != streaming.input) return nullptr;
  return &*how->audio;
}

const SeriesProcessing* series_of(const Streaming& streaming, const Manifest& manifest) {
  const auto& how = manifest.processing;
  return how && how->series && how->series->input == streaming.input ? &*how->series : nullptr;
}

std::vector<std::int64_t> hop_dims(const TensorSpec& tensor) {
  std::vector<std::int64_t> dims;
  for (const auto& dim : tensor.dims) dims.push_back(is_size(dim) ? dim.size : 1);
  return dims;
}

}  // namespace edgeattn
