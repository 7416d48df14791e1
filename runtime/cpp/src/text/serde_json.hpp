// JSON as Rust's serde_json reads it, and so the library `tokenizers`: a fraction of many digits may be a bit beside the
// nearest double. Where two ways to cut a word are alike but for rounding, that bit decides between them.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace edgeattn::text {

/// Returns what a text says; throws BundleError where it is no JSON.
nlohmann::json read_serde_json(std::string_view text);

}  // namespace edgeattn::text
