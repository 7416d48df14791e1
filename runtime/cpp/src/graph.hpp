// A graph of a bundle in its variants: each call goes to the first that it fits, padded or row by row where
// it may be.
#pragma once

#include "bundle.hpp"
#include "engine.hpp"

namespace edgeattn {

/// Returns the variants that run here, in the bundle's order. Throws InputError where there is no such
/// target, IncompatibleRuntimeError where none runs.
std::vector<const Variant*> runnable(const Manifest& manifest, const std::string& target);

/// Returns how a variant's graphs are opened here: on no more threads than there are cores, or on those asked
/// for.
SessionSettings settings_here(const Variant& variant, std::optional<int> threads);

class Graph {
 public:
  /// Opens the variants up to the first that takes any sizes.
  Graph(const Bundle& bundle, const std::string& name, const std::vector<const Variant*>& variants,
        std::optional<int> threads);

  const GraphSpec& spec() const { return spec_; }
  const GraphSession& session() const { return buckets_.front().session; }

  /// Returns the session that answers inputs of these sizes by symbol; throws InputError where none does.
  const GraphSession& session(const Sizes& sizes) const { return fitting(sizes).session; }

  /// Returns the variants that answer calls.
  std::vector<const Variant*> variants() const;

  /// Returns the variant that answers inputs that keep the contract; throws InputError where none does.
  const Variant& answering(const Tensors& inputs) const { return *fitting(inputs).variant; }

  /// Returns the variant that answers inputs of these sizes by symbol; throws InputError where none does.
  const Variant& answering(const Sizes& sizes) const { return *fitting(sizes).variant; }

  /// Answers inputs that keep the contract, in their own sizes.
  Tensors run(const Tensors& inputs) const;

 private:
  struct Bucket {
    const Variant* variant;
    Sizes sizes;  // by symbol of the inputs, those that are fixed
    GraphSession session;
  };

  const Bucket& fitting(const Tensors& inputs) const;
  const Bucket& fitting(const Sizes& sizes) const;
  Tensors padded(const Tensors& inputs, const Bucket& bucket) const;
  Tensors run_rows(const Tensors& inputs, const Bucket& bucket) const;

  const GraphSpec& spec_;
  std::vector<Bucket> buckets_;
  std::string batch_, sequence_;  // the symbols of independent rows and their padding; no symbol is called ""
  const Padding* padding_ = nullptr;
};

}  // namespace edgeattn
