// What a Model holds.
#pragma once

#include <mutex>

#include "graph.hpp"

namespace edgeattn {

struct Model::Impl {
  Bundle bundle;
  std::optional<int> threads;
  std::vector<const Variant*> runnable;
  std::mutex opening;
  std::map<std::string, std::unique_ptr<Graph>> graphs;  // those that were asked for

  /// Returns a graph, opened once; the main one where none is named. Throws InputError where there is no such
  /// graph.
  const Graph& graph(const std::string& name = {});
};

/// Reads the golden vectors: by sample, inputs and outputs.
std::vector<std::pair<Tensors, Tensors>> read_golden(const Bundle& bundle);

}  // namespace edgeattn
