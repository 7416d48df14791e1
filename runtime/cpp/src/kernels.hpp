// Kernels that onnxruntime lacks: whether this build has them, and which sessions take them.
#pragma once

#include <string>

#include "edgeattn.hpp"

struct OrtSessionOptions;

namespace edgeattn {

/// Which way a session goes. `words` are such as "kernels 0.1.0 (AVX2)" or "without kernels: turned off", and empty where its
/// graph has no nodes for kernels.
struct KernelUse {
  bool registered = false;
  std::string words;
};

/// Returns which way a session goes that is opened for this engine.
KernelUse kernels_of(const Engine& engine);

/// Has every variant run stock operators, whatever this build has.
void without_kernels(Manifest& manifest);

/// Gives a session the kernels. Throws what onnxruntime's C++ API throws.
void register_kernels(OrtSessionOptions* options);

}  // namespace edgeattn
