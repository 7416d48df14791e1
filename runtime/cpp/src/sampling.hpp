// How the next token is chosen: greedily, or drawn with temperature, top-k and top-p.
#pragma once

#include <random>

#include "edgeattn.hpp"

namespace edgeattn {

/// Throws InputError where temperature, top_k or top_p is out of its range.
void check_sampling(const GenerateOptions& options);

/// Returns the next token by the logits of `vocabulary` tokens, the largest of them finite.
std::int64_t choose(const float* logits, std::int64_t vocabulary, const GenerateOptions& options,
                    std::mt19937_64& random);

}  // namespace edgeattn
