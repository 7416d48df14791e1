// What prepares an app's data looks up in the manifest.
#pragma once

#include "manifest.hpp"
#include "words.hpp"

namespace edgeattn {

/// Returns the input of that name, of the graphs that an app's data goes into.
const TensorSpec& input_of(const Manifest& manifest, const std::string& name);

/// Says whether predictions are read by the sizes of images: boxes of images that lie in a border, or are cut.
inline bool needs_sizes(const Processing& processing) {
  return processing.prediction && std::holds_alternative<Objects>(*processing.prediction) && processing.image &&
         !processing.image->align.empty();
}

/// Returns a part of the manifest's `processing`, such as `&Processing::audio`; throws InputError where it
/// has none.
template <class Part>
const Part& part_of(const Manifest& manifest, std::optional<Part> Processing::*part, const char* kind) {
  if (!manifest.processing || !((*manifest.processing).*part))
    throw InputError(words(manifest.name, ": no '", kind, "' in its processing; give arrays to run"));
  return *((*manifest.processing).*part);
}

}  // namespace edgeattn
