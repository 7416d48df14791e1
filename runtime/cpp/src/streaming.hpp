// How a bundle answers a sequence a hop at a time: its entry in the manifest, held against the graphs that it names.
#pragma once

#include "edgeattn_manifest.hpp"

namespace edgeattn {

/// Checks that the graphs have what the manifest's `streaming` names, in dtypes and dims that fit each other; the dims'
/// symbols and `processing` are known to be right. Throws BundleError.
void check_streaming(const Streaming& streaming, const Manifest& manifest);

/// Returns how sounds, or series, become the input of a step; null where they do not.
const AudioProcessing* sounds_of(const Streaming& streaming, const Manifest& manifest);
const SeriesProcessing* series_of(const Streaming& streaming, const Manifest& manifest);

/// Returns the dims of an array of a step, whose only symbol is the batch, of 1.
std::vector<std::int64_t> hop_dims(const TensorSpec& tensor);

}  // namespace edgeattn
