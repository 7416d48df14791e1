// Many samples at once: rows without their padding, alike ones together, answers in the caller's order.
#include <algorithm>

#include "contract.hpp"
#include "manifest.hpp"
#include "model.hpp"
#include "shape.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

/// One row of a sample, without its padding.
struct Row {
  std::size_t sample;
  std::int64_t index;
  const Sizes* whole;  // the sample's, by symbol
  bool cropped;        // whether padding was left out
  Sizes sizes;         // the row's own
};

/// Takes batches apart into rows, and puts the rows' answers together again as batches.
class Splitter {
 public:
  Splitter(const Manifest& manifest, const Graph& graph)
      : rows_(*manifest.rows), graph_(graph), spec_(graph.spec()), symbols_(symbols_of(spec_.inputs, 1)) {
    if (!rows_.padding) return;
    sequence_ = find(spec_.inputs, rows_.padding->mask)->dims[1].symbol;
    shortest_ = std::max<std::int64_t>(1, manifest.symbols.at(sequence_).min);
  }

  /// Answers samples that keep the graph's contract.
  std::vector<Tensors> run(const std::vector<Tensors>& samples) const {
    std::vector<Tensors> answers(samples.size());
    std::vector<Sizes> wholes;
    wholes.reserve(samples.size());
    for (const auto& sample : samples) wholes.push_back(sizes_of(spec_.inputs, sample));
    std::map<std::vector<std::int64_t>, std::vector<Row>> groups;  // by the sizes of a row
    for (std::size_t i = 0; i < samples.size(); ++i)
      for (auto& row : split(i, samples[i], wholes[i])) groups[key_of(row.sizes)].push_back(std::move(row));
    for (const auto& [key, group] : groups) {
      const auto count = rows_per_call(group.front().sizes);
      for (std::size_t first = 0; first < group.size(); first += count)
        answer(samples, &group[first], std::min(count, group.size() - first), answers);
    }
    return answers;
  }

 private:
  std::vector<std::int64_t> key_of(const Sizes& sizes) const {
    std::vector<std::int64_t> key;
    for (const auto& symbol : symbols_) key.push_back(sizes.at(symbol));
    return key;
  }

  /// Returns how many rows of these sizes to run in one call: the first of the variant's stacks that holds
  /// them.
  std::size_t rows_per_call(const Sizes& sizes) const {
    for (const auto& stack : graph_.answering(sizes).stacks)
      if (std::all_of(stack.sizes.begin(), stack.sizes.end(),
                      [&](const auto& most) { return sizes.at(most.first) <= most.second; }))
        return static_cast<std::size_t>(stack.rows);
    return 1;
  }

  std::vector<Row> split(std::size_t sample, const Tensors& arrays, const Sizes& whole) const {
    std::vector<Row> rows;
    const auto masks = rows_.padding ? doubles(arrays.at(rows_.padding->mask)) : std::vector<double>{};
    for (std::int64_t index = 0; index < whole.at(rows_.batch); ++index) {
      auto& row = rows.emplace_back(Row{sample, index, &whole, false, whole});
      if (!rows_.padding) continue;
      const auto longest = whole.at(sequence_);
      const auto length = length_of(masks.data() + index * longest, longest);
      row.cropped = length < longest;
      row.sizes[sequence_] = length;
    }
    return rows;
  }

  /// Returns how many positions a row keeps: only padding behind its last visible one is left out, as what
  /// stands before may give the others their place. A row of nothing but padding keeps all.
  std::int64_t length_of(const double* mask, std::int64_t longest) const {
    auto length = longest;
    while (length > 0 && mask[length - 1] == static_cast<double>(rows_.padding->masked_out)) --length;
    return length == 0 ? longest : std::min(std::max(length, shortest_), longest);
  }

  void answer(const std::vector<Tensors>& samples, const Row* rows, std::size_t count,
              std::vector<Tensors>& answers) const {
    const auto& first = *rows;
    if (count == 1 && !first.cropped && first.whole->at(rows_.batch) == 1) {  // the row is the sample
      answers[first.sample] = graph_.run(samples[first.sample]);
      return;
    }
    put(graph_.run(stacked(samples, rows, count)), rows, count, answers);
  }

  Tensors stacked(const std::vector<Tensors>& samples, const Row* rows, std::size_t count) const {
    Tensors inputs;
    for (const auto& tensor : spec_.inputs) {
      auto sizes = rows->sizes;
      sizes[rows_.batch] = static_cast<std::int64_t>(count);
      auto& stack = inputs[tensor.name] = zeros(tensor.dtype, dims_of(tensor, sizes));
      for (std::size_t i = 0; i < count; ++i)
        copy_row(samples[rows[i].sample].at(tensor.name), rows[i].index, stack, static_cast<std::int64_t>(i));
    }
    return inputs;
  }

  void put(const Tensors& outputs, const Row* rows, std::size_t count, std::vector<Tensors>& answers) const {
    for (const auto& tensor : spec_.outputs) {
      const auto& output = outputs.at(tensor.name);
      auto sizes = rows->sizes;
      sizes[rows_.batch] = static_cast<std::int64_t>(count);
      if (output.dims != dims_of(tensor, sizes))
        throw BundleError(words("rows: ", written(tensor), " of [", listed(output.dims),
                                "] found, other sizes than theirs; export again"));
      for (std::size_t i = 0; i < count; ++i) {
        auto& answer = answers[rows[i].sample];
        auto place = answer.find(tensor.name);
        if (place == answer.end())
          place = answer.emplace(tensor.name, zeros(output.dtype, dims_of(tensor, *rows[i].whole))).first;
        copy_row(output, static_cast<std::int64_t>(i), place->second, rows[i].index);
      }
    }
  }

  static std::vector<std::int64_t> dims_of(const TensorSpec& tensor, const Sizes& sizes) {
    std::vector<std::int64_t> dims;
    for (const auto& dim : tensor.dims) dims.push_back(dim.symbol.empty() ? dim.size : sizes.at(dim.symbol));
    return dims;
  }

  const Rows& rows_;
  const Graph& graph_;
  const GraphSpec& spec_;
  const std::vector<std::string> symbols_;  // of a row: all of the inputs' but the batch
  std::string sequence_;                    // no symbol is called ""
  std::int64_t shortest_ = 1;
};

}  // namespace

std::vector<Tensors> Model::run_many(const std::vector<Tensors>& samples, const std::string& graph) const {
  const auto& asked = graph.empty() ? manifest().main_graph() : graph;
  const auto opened = impl_->graph(asked);
  std::vector<std::optional<Tensors>> completed;
  for (std::size_t i = 0; i < samples.size(); ++i) try {
      const auto& inputs = completed.emplace_back(impl_->completed(*opened, asked, samples[i]));
      opened->answering(inputs ? *inputs : samples[i]);
    } catch (const InputError& error) {
      throw InputError(words("sample ", i, ": ", error.what()));
    }
  if (manifest().rows && asked == manifest().main_graph()) return Splitter(manifest(), *opened).run(samples);
  std::vector<Tensors> answers;
  answers.reserve(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i)
    answers.push_back(opened->run(completed[i] ? *completed[i] : samples[i]));
  return answers;
}

}  // namespace edgeattn
