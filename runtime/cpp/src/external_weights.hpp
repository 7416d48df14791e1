// Where a graph's weights may lie: in its folder, which onnxruntime checks by itself from 1.24 on.
#pragma once

#include <iosfwd>

#include "bundle.hpp"

namespace edgeattn {

/// Refuses a graph that reads files outside its folder or, where it has none, any but those in memory. No weight is
/// read. Throws BundleError where it does, or is no message of ONNX; errors call it by a label.
void check_external_weights(std::istream& graph, const std::string& label,
                            const std::map<std::string, std::string_view>* in_memory = nullptr);

/// Does so for a file of a bundle, where this onnxruntime does not.
void check_external_weights(const GraphFile& file, const std::string& label);

}  // namespace edgeattn
