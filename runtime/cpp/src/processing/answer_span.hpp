// The part of a context that answers a question.
#pragma once

#include "model.hpp"

namespace edgeattn {

/// Returns the answer to each pair of texts, whose tokens are `pairs`; none where its context has no token. Throws
/// InputError where an output is missing, another, holds a NaN, or has fewer tokens than a pair.
std::vector<std::vector<Prediction>> answers(const AnswerSpan& how, const Tensors& outputs,
                                             const std::vector<Inside::Impl::Row>& pairs,
                                             const text::Tokenizer& tokenizer);

}  // namespace edgeattn
