// onnxruntime: what is installed, and a graph opened in it.
#pragma once

#include "bundle.hpp"
#include "edgeattn.hpp"

namespace Ort {
struct Session;
}

namespace edgeattn {

std::string engine_version();

/// Says whether a release such as 1.23.0 is older than another.
bool is_older(const std::string& installed, const std::string& wanted);

/// Returns the execution providers that this onnxruntime has.
std::vector<std::string> available_providers();

/// Returns how many cores this process may run on.
std::int64_t available_cores();

/// A graph of a bundle's file, opened; called with arrays that are known to keep its contract.
class GraphSession {
 public:
  /// Throws BundleError where onnxruntime cannot load it or its inputs and outputs are not the contract's,
  /// IncompatibleRuntimeError where it is beyond this onnxruntime.
  GraphSession(const GraphSpec& graph, const GraphFile& file, const Engine& engine,
               const SessionSettings& settings);
  GraphSession(GraphSession&& other) noexcept;
  ~GraphSession();

  /// Throws InputError where the inputs are at fault or take too much memory, else BundleError.
  Tensors run(const Tensors& inputs) const;

  /// Reads inputs and writes outputs in place; an array may be both.
  void run_in_place(const std::map<std::string, Tensor*>& inputs,
                    const std::map<std::string, Tensor*>& outputs) const;

 private:
  const GraphSpec& graph_;
  std::string label_;
  std::unique_ptr<Ort::Session> session_;
};

}  // namespace edgeattn
