#include "cache.hpp"

#include <algorithm>
#include <fstream>

#include "manifest.hpp"
#include "shape.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

constexpr std::int64_t kBlock = 64;  // tokens that a cache grows by

/// Returns the room that a cache is given for `total` tokens: whole blocks, and at most the positions.
std::int64_t capacity_for(std::int64_t total, const Generation& names) {
  const auto blocks = (total + kBlock - 1) / kBlock * kBlock;
  return std::min(blocks, names.positions.value_or(blocks));
}

/// Returns the memory to be had in bytes, where the kernel tells it.
std::optional<double> available_memory() {
  std::ifstream meminfo("/proc/meminfo");
  for (std::string name, unit; meminfo >> name;) {
    double kib = 0;
    if (name == "MemAvailable:" && meminfo >> kib) return kib * 1024;
    std::getline(meminfo, unit);
  }
  return std::nullopt;
}

}  // namespace

void check_room(const Generation& names, const Tensors& inputs) {
  const auto capacity = inputs.at(names.cache[0].past).dims[2], added = inputs.at(names.tokens).dims[1];
  const auto held = *inputs.at(names.length).as<std::int64_t>();
  if (held < 0 || held > capacity - added)
    throw InputError(words(names.length, ": ", held, " tokens found before ", added,
                           " new ones in a cache with room for ", capacity,
                           "; give a larger cache, and the number of tokens that it holds"));
}

void check_memory(const Generation& names, const GraphSpec& decoder, std::int64_t total) {
  double needed = 0, largest = 0;
  for (const auto& entry : names.cache) {
    const auto& dims = find(decoder.inputs, entry.past)->dims;
    const auto bytes = 4.0 * static_cast<double>(dims[1].size) * static_cast<double>(dims[3].size) *
                       static_cast<double>(capacity_for(total, names));
    needed += bytes;
    largest = std::max(largest, bytes);
  }
  if (const auto available = available_memory(); available && needed + largest > *available)
    throw InputError(words("a cache of ", total, " tokens: ", (needed + largest) / 1e6,
                           " MB needed while it grows, ", *available / 1e6,
                           " MB available; ask for fewer new tokens"));
}

Tensors empty_cache(const Generation& names, const GraphSpec& decoder, std::int64_t batch,
                    std::int64_t capacity) {
  Tensors cache{{names.length, zeros("int64", {1})}};
  for (const auto& entry : names.cache) {
    const auto& dims = find(decoder.inputs, entry.past)->dims;
    cache.emplace(entry.past, zeros("float32", {batch, dims[1].size, capacity, dims[3].size}));
  }
  return cache;
}

Stepper::Stepper(const Graph& decoder, const Generation& names, Tensors carried)
    : decoder_(decoder),
      names_(names),
      fed_(std::move(carried)),
      vocabulary_(find(decoder.spec().outputs, names.logits)->dims[2].size) {
  fed_.merge(empty_cache(names, decoder.spec(), 1, 0));
}

const float* Stepper::step(const std::vector<std::int64_t>& tokens) {
  const auto added = static_cast<std::int64_t>(tokens.size());
  make_room(held_ + added);
  fed_[names_.tokens] = Tensor::of<std::int64_t>({1, added}, tokens);
  fed_[names_.length] = Tensor::of<std::int64_t>({1}, {held_});
  if (logits_.dims != std::vector{std::int64_t{1}, added, vocabulary_})
    logits_ = zeros("float32", {1, added, vocabulary_});
  std::map<std::string, Tensor*> inputs, outputs{{names_.logits, &logits_}};
  for (auto& [name, tensor] : fed_) inputs[name] = &tensor;
  for (const auto& entry : names_.cache) outputs[entry.present] = inputs.at(entry.past);
  decoder_.session().run_in_place(inputs, outputs);
  held_ += added;
  return logits_.as<float>() + (added - 1) * vocabulary_;
}

void Stepper::make_room(std::int64_t total) {
  if (total <= capacity_) return;
  capacity_ = capacity_for(total, names_);
  for (const auto& entry : names_.cache) {
    auto& past = fed_.at(entry.past);
    past = resized(past, {past.dims[0], past.dims[1], capacity_, past.dims[3]});
  }
}

}  // namespace edgeattn
