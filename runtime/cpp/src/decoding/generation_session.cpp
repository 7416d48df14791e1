#include "generation_session.hpp"

#include <algorithm>

#include "boundary.hpp"

namespace edgeattn {
namespace {

const Tensors kNoSources;

Decoder decoder_alone(const Model& model) {
  const auto& generation = model.manifest().generation;
  if (generation && generation->encoder)
    throw InputError("session: an encoder-decoder found, a decoder alone expected; its cache is of one source");
  return Decoder(model);
}

}  // namespace

GenerationSession::State::State(const Model& model)
    : decoder_(decoder_alone(model)), stepper_(decoder_.stepper({&kNoSources})) {}

void GenerationSession::State::check(const Model& model) const {
  if (&Inside::of(model) != &Inside::of(decoder_.model()))
    throw InputError("session: one of another model found; make one of the model that generates");
}

std::vector<float> GenerationSession::State::logits(const Tokens& sequence) {
  const std::lock_guard lock(turn_);
  const auto differs = std::mismatch(held_.begin(), held_.end(), sequence.begin(), sequence.end()).first - held_.begin();
  // The logits behind the last token are not kept: it is computed in any case.
  const auto kept = std::min(differs, static_cast<std::ptrdiff_t>(sequence.size()) - 1);
  held_.resize(static_cast<std::size_t>(kept));
  stepper_.rewind(held_.size());
  const auto logits = decoder_.step(stepper_, {sequence.begin() + kept, sequence.end()});
  held_ = sequence;
  const auto* row = logits.rows.front();
  return {row, row + logits.vocabulary};
}

GenerationSession::GenerationSession(const Model& model)
    : state_(bounded(Inside::of(model).bundle.folder.u8string(), [&] { return std::make_unique<State>(model); })) {}

GenerationSession::GenerationSession(GenerationSession&&) noexcept = default;
GenerationSession& GenerationSession::operator=(GenerationSession&&) noexcept = default;
GenerationSession::~GenerationSession() = default;

}  // namespace edgeattn
