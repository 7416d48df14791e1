#include "graph.hpp"

#include <algorithm>

#include "contract.hpp"
#include "manifest.hpp"
#include "shape.hpp"
#include "words.hpp"

namespace edgeattn {

Graph::Graph(const Bundle& bundle, const std::string& name, const std::vector<const Variant*>& variants,
             std::optional<int> threads)
    : spec_(bundle.manifest.graphs.at(name)) {
  const auto symbols = symbols_of(spec_.inputs);
  for (const auto* variant : variants) {
    Sizes fixed;
    for (const auto& [symbol, size] : variant->sizes)
      if (std::count(symbols.begin(), symbols.end(), symbol)) fixed[symbol] = size;
    const auto file = bundle.graph(variant->files.at(name));
    buckets_.push_back({variant, fixed, {spec_, file, variant->engine, settings_here(*variant, threads)}});
    if (fixed.empty()) break;
  }
  if (!bundle.manifest.rows || name != bundle.manifest.main_graph()) return;
  batch_ = bundle.manifest.rows->batch;
  if (!bundle.manifest.rows->padding) return;
  padding_ = &*bundle.manifest.rows->padding;
  sequence_ = find(spec_.inputs, padding_->mask)->dims[1].symbol;
}

std::vector<const Variant*> Graph::variants() const {
  std::vector<const Variant*> found;
  for (const auto& bucket : buckets_) found.push_back(bucket.variant);
  return found;
}

const Graph::Bucket& Graph::fitting(const Tensors& inputs) const {
  if (buckets_.front().sizes.empty()) return buckets_.front();
  return fitting(sizes_of(spec_.inputs, inputs));
}

const Graph::Bucket& Graph::fitting(const Sizes& sizes) const {
  for (const auto& bucket : buckets_)
    if (std::all_of(bucket.sizes.begin(), bucket.sizes.end(), [&](const auto& fixed) {
          const auto size = sizes.at(fixed.first);
          return size == fixed.second || fixed.first == batch_ ||
                 (fixed.first == sequence_ && size < fixed.second);
        }))
      return bucket;
  throw InputError(words("inputs of ", written(sizes), " found, sizes of a variant expected: ",
                         listed(buckets_, [](const Bucket& bucket) { return written(bucket.sizes); })));
}

Tensors Graph::run(const Tensors& inputs) const {
  const auto& bucket = fitting(inputs);
  if (bucket.sizes.empty()) return bucket.session.run(inputs);
  const auto sizes = sizes_of(spec_.inputs, inputs);
  if (std::all_of(bucket.sizes.begin(), bucket.sizes.end(),
                  [&](const auto& fixed) { return sizes.at(fixed.first) == fixed.second; }))
    return bucket.session.run(inputs);
  auto outputs = run_rows(padded(inputs, bucket), bucket);
  for (const auto& tensor : spec_.outputs) {  // cut back to the call's own sizes
    auto& output = outputs.at(tensor.name);
    auto dims = output.dims;
    for (std::size_t i = 0; i < dims.size(); ++i)
      if (const auto& symbol = tensor.dims[i].symbol;
          !symbol.empty() && (symbol == batch_ || symbol == sequence_))
        dims[i] = sizes.at(symbol);
    output = resized(output, dims);
  }
  return outputs;
}

Tensors Graph::padded(const Tensors& inputs, const Bucket& bucket) const {
  if (!bucket.sizes.count(sequence_)) return inputs;
  Tensors longer;
  for (const auto& tensor : spec_.inputs) {
    auto dims = inputs.at(tensor.name).dims;
    for (std::size_t i = 0; i < dims.size(); ++i)
      if (tensor.dims[i].symbol == sequence_) dims[i] = bucket.sizes.at(sequence_);
    const auto filling = tensor.name == padding_->mask ? static_cast<int>(padding_->masked_out) : 0;
    longer.emplace(tensor.name, resized(inputs.at(tensor.name), dims, filling));
  }
  return longer;
}

/// Runs as many rows at a time as the bucket takes; its last call is filled up with the last row.
Tensors Graph::run_rows(const Tensors& inputs, const Bucket& bucket) const {
  if (!bucket.sizes.count(batch_)) return bucket.session.run(inputs);
  Tensors answers;
  const auto count = bucket.sizes.at(batch_), rows = inputs.begin()->second.dims[0];
  for (std::int64_t start = 0; start < rows; start += count) {
    Tensors part;
    for (const auto& [name, array] : inputs) part.emplace(name, take_rows(array, start, count));
    for (auto& [name, array] : bucket.session.run(part))
      if (auto [place, first] = answers.emplace(name, array); !first) append_rows(place->second, array);
  }
  return answers;
}

}  // namespace edgeattn
