#include "lockstep.hpp"

#include <algorithm>
#include <numeric>

namespace edgeattn {
namespace {

using Tasks = std::vector<Task*>;

/// Returns the tasks that may share a call: the encoder gave them tensors of the same sizes.
std::vector<Tasks> compatible(const Decoder& decoder, std::vector<Task>& tasks) {
  std::vector<Tasks> batches;
  const auto is_alike = [](const Task& a, const Task& b) {
    return std::equal(a.carried.begin(), a.carried.end(), b.carried.begin(), b.carried.end(),
                      [](const auto& x, const auto& y) { return x.second.dims == y.second.dims; });
  };
  for (auto& task : tasks) {
    const auto batch = std::find_if(batches.begin(), batches.end(), [&](const Tasks& others) {
      return decoder.carries_rows() && is_alike(*others.front(), task);
    });
    (batch == batches.end() ? batches.emplace_back() : *batch).push_back(&task);
  }
  return batches;
}

/// Searches whose rows stand behind one another in a stepper, each at first with one.
class Group {
 public:
  /// The tasks have as many tokens each.
  Group(const Decoder& decoder, const Tasks& tasks)
      : decoder_(decoder), stepper_(decoder.stepper(all_carried(tasks))), widths_(tasks.size(), 1) {
    Tokens begins;
    for (const auto* task : tasks) {
      searches_.push_back(task->search.get());
      begins.insert(begins.end(), task->begin.begin(), task->begin.end());
    }
    logits_ = decoder.step(stepper_, begins);
  }

  std::size_t length() const { return stepper_.length(); }

  /// Hands the logits out, and takes a step; false where all searches have ended.
  bool advance() {
    std::vector<Search*> searches;
    std::vector<std::size_t> rows, widths;
    Tokens tokens;
    std::size_t first = 0, shared = stepper_.length();
    for (std::size_t i = 0; i < searches_.size(); first += widths_[i++]) {
      const auto begin = logits_.rows.begin() + static_cast<std::ptrdiff_t>(first);
      const Logits part{{begin, begin + static_cast<std::ptrdiff_t>(widths_[i])}, logits_.vocabulary};
      const auto next = searches_[i]->advance(part);
      if (!next) continue;
      searches.push_back(searches_[i]);
      widths.push_back(next->rows.size());
      for (const auto row : next->rows) rows.push_back(first + row);
      tokens.insert(tokens.end(), next->tokens.begin(), next->tokens.end());
      shared = std::min(shared, next->shared);
    }
    if (searches.empty()) return false;
    // Where each search stays in its places, only what differs is copied.
    widths == widths_ ? stepper_.reorder(rows, shared) : stepper_.keep(rows);
    searches_ = std::move(searches);
    widths_ = std::move(widths);
    logits_ = decoder_.step(stepper_, tokens);
    return true;
  }

  /// Takes searches in that have as many tokens; `newcomers` stays until the next step, as its logits do.
  void join(Group& newcomers) {
    stepper_.join(newcomers.stepper_);
    searches_.insert(searches_.end(), newcomers.searches_.begin(), newcomers.searches_.end());
    widths_.insert(widths_.end(), newcomers.widths_.begin(), newcomers.widths_.end());
    logits_.rows.insert(logits_.rows.end(), newcomers.logits_.rows.begin(), newcomers.logits_.rows.end());
  }

 private:
  static std::vector<const Tensors*> all_carried(const Tasks& tasks) {
    std::vector<const Tensors*> all;
    for (const auto* task : tasks) all.push_back(&task->carried);
    return all;
  }

  const Decoder& decoder_;
  Stepper stepper_;
  std::vector<Search*> searches_;  // in the order of its rows
  std::vector<std::size_t> widths_;
  Logits logits_;
};

/// Takes the tasks at the front that have as many tokens as the first.
Tasks take_equal(Tasks& waiting) {
  const auto end = std::find_if(waiting.begin(), waiting.end(), [&](const Task* task) {
    return task->begin.size() != waiting.front()->begin.size();
  });
  Tasks equal(waiting.begin(), end);
  waiting.erase(waiting.begin(), end);
  return equal;
}

void run_group(const Decoder& decoder, Tasks waiting) {
  std::stable_sort(waiting.begin(), waiting.end(),
                   [](const Task* a, const Task* b) { return a->begin.size() < b->begin.size(); });
  while (!waiting.empty()) {
    Group group(decoder, take_equal(waiting));
    std::optional<Group> newcomers;
    while (group.advance()) {
      newcomers.reset();
      if (waiting.empty() || waiting.front()->begin.size() != group.length()) continue;
      newcomers.emplace(decoder, take_equal(waiting));
      group.join(*newcomers);
    }
  }
}

}  // namespace

void run_all(const Decoder& decoder, std::vector<Task>& tasks, std::int64_t width) {
  const auto size = decoder.most_rows() ? static_cast<std::size_t>(*decoder.most_rows() / width) : tasks.size();
  for (const auto& batch : compatible(decoder, tasks))
    for (std::size_t first = 0; first < batch.size(); first += size) {
      const auto begin = batch.begin() + static_cast<std::ptrdiff_t>(first);
      run_group(decoder, {begin, begin + static_cast<std::ptrdiff_t>(std::min(size, batch.size() - first))});
    }
}

}  // namespace edgeattn
