#include "decoder.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "contract.hpp"
#include "manifest.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

const Generation& generation_of(const Bundle& bundle) {
  if (bundle.manifest.generation) return *bundle.manifest.generation;
  throw InputError(words(bundle.folder.u8string(),
                         ": no 'generation' in its manifest, so it generates no tokens; "
                         "export a decoder with a key-value cache"));
}

InputError no_sources(const std::string& name) {
  return InputError(words(name, ": arrays by name found, token ids expected: a decoder alone has no sources"));
}

/// Returns arrays of single sequences behind one another along the axis of sequences.
Tensor stacked(const std::string& name, const std::vector<const Tensors*>& carried, std::size_t axis) {
  auto all = carried.front()->at(name);
  for (std::size_t i = 1; i < carried.size(); ++i) all = joined(all, carried[i]->at(name), axis);
  return all;
}

}  // namespace

Decoder::Decoder(const Model& model)
    : model_(model),
      opened_(Inside::of(model)),
      manifest_(model.manifest()),
      names_(generation_of(opened_.bundle)),
      decoder_(opened_.graph(names_.decoder)),
      axes_(batch_axes(names_, decoder_->spec())),
      batch_(find(decoder_->spec().inputs, names_.tokens)->dims[0].symbol),
      vocabulary_(find(decoder_->spec().outputs, names_.logits)->dims[2].size),
      most_rows_(manifest_.symbols.at(batch_).max) {}

Tokens Decoder::first_tokens(const std::string& name, const Prompt& prompt, const Tokens& start) const {
  if (!names_.encoder && !start.empty())
    throw InputError("start: tokens found, none expected: a decoder alone begins with its prompt");
  const auto* tokens = names_.encoder ? &start : std::get_if<Tokens>(&prompt);
  if (!tokens) throw no_sources(name);
  const auto what = names_.encoder ? "start" : name;
  check_tokens(what, *tokens, vocabulary_, 1);
  if (names_.positions && static_cast<std::int64_t>(tokens->size()) > *names_.positions)
    throw InputError(words(what, ": ", tokens->size(), " tokens found, at most ", *names_.positions,
                           " expected: the model's positions; shorten it"));
  return *tokens;
}

Prompt Decoder::read(const Prompt& prompt) const {
  const auto* text = std::get_if<std::string>(&prompt);
  if (!text) return prompt;
  if (names_.encoder) return model_.prepare(std::vector<std::string>{*text});
  return model_.tokens_of(*text);
}

std::vector<Prompt> Decoder::rows(const std::string& name, const Tensors& sources) const {
  if (!names_.encoder) throw no_sources(name);
  const auto all = read_sources(name, sources);
  std::vector<Prompt> rows;
  for (std::int64_t row = 0; row < count_sequences(all); ++row) {
    Tensors one;
    for (const auto& tensor : encoder().inputs) {
      const auto axis = axis_of(tensor, batch_);
      const auto& array = all.at(tensor.name);
      one[tensor.name] = axis ? taken(array, *axis, {static_cast<std::size_t>(row)}) : array;
    }
    rows.emplace_back(std::move(one));
  }
  return rows;
}

Tensors Decoder::sources(const std::string& name, const Prompt& prompt) const {
  if (!names_.encoder) return {};
  auto sources = read_sources(name, prompt);
  if (const auto count = count_sequences(sources); count != 1)
    throw InputError(words(name, ": ", count, " sequences found, 1 expected; generate_many takes several"));
  return sources;
}

Tensors Decoder::read_sources(const std::string& name, const Prompt& prompt) const {
  Tensors sources;
  if (const auto* named = std::get_if<Tensors>(&prompt)) {
    sources = *named;
  } else {
    const auto& only = encoder().inputs.front();
    const auto* tokens = std::get_if<Tokens>(&prompt);
    if (!tokens || encoder().inputs.size() != 1 || only.dtype != "int64" || only.dims.size() != 2)
      throw InputError(words(name, ": token ids found, arrays by name expected by the encoder: ",
                             listed(encoder().inputs)));
    // The vocabulary of a source may be another, and the manifest does not tell it.
    check_tokens(name, *tokens, std::numeric_limits<std::int64_t>::max(), 1);
    sources[only.name] = Tensor::of({1, static_cast<std::int64_t>(tokens->size())}, *tokens);
  }
  check_inputs(encoder().inputs, manifest_.symbols, sources);
  check_token_ids(manifest_, sources);
  return sources;
}

std::int64_t Decoder::count_sequences(const Tensors& sources) const {
  const auto sizes = sizes_of(encoder().inputs, sources);
  const auto rows = sizes.find(batch_);
  return rows == sizes.end() ? 1 : rows->second;
}

Tensors Decoder::carried(const Tensors& sources) const {
  Tensors carried;
  if (!names_.encoder) return carried;
  auto answers = opened_.graph(*names_.encoder)->run(sources);
  for (const auto& name : names_.carried) carried.insert(answers.extract(name));
  return carried;
}

std::int64_t Decoder::limit(const std::optional<std::int64_t>& max_new_tokens, std::size_t length) const {
  if (!max_new_tokens && !names_.positions)
    throw InputError("max_new_tokens: none found, a number expected: the model has no last position");
  const auto room = names_.positions ? *names_.positions - static_cast<std::int64_t>(length) + 1 : *max_new_tokens;
  return std::min(room, max_new_tokens.value_or(room));
}

void Decoder::check_rows(std::int64_t num_beams) const {
  if (most_rows_ && num_beams > *most_rows_)
    throw InputError(words("num_beams: ", num_beams, " found, at most ", *most_rows_,
                           " expected: the rows of a call; export the model with a dynamic batch"));
}

void Decoder::check_memory(std::int64_t total, std::int64_t batch) const {
  edgeattn::check_memory(names_, decoder_->spec(), total, batch);
}

Stepper Decoder::stepper(const std::vector<const Tensors*>& carried) const {
  Tensors all;
  for (const auto& name : names_.carried) {
    const auto axis = axes_.find(name);
    all[name] = axis == axes_.end() ? carried.front()->at(name) : stacked(name, carried, axis->second);
  }
  return {*decoder_, names_, std::move(all), carried.size()};
}

Logits Decoder::step(Stepper& stepper, const Tokens& tokens) const {
  auto logits = stepper.step(tokens);
  for (const auto* row : logits.rows)
    if (std::any_of(row, row + logits.vocabulary, [](float logit) { return std::isnan(logit); }) ||
        !std::isfinite(*std::max_element(row, row + logits.vocabulary)))
      throw BundleError(words(opened_.bundle.folder.u8string(),
                              ": logits without a largest finite number found; export the model again"));
  return logits;
}

}  // namespace edgeattn
