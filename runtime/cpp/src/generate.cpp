// Generation: one token after the other, each step feeding the last token and the cache so far.
#include <algorithm>
#include <cmath>

#include "cache.hpp"
#include "contract.hpp"
#include "manifest.hpp"
#include "model.hpp"
#include "sampling.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

using Tokens = std::vector<std::int64_t>;

void check_tokens(const std::string& name, const Tokens& tokens, std::int64_t vocabulary, std::size_t least) {
  if (tokens.size() < least) throw InputError(words(name, ": no token found, at least ", least, " expected"));
  for (const auto token : tokens)
    if (token < 0 || token >= vocabulary)
      throw InputError(
          words(name, ": token ", token, " found, 0 to ", vocabulary - 1, " expected; check the tokenizer"));
}

/// Returns the tokens that the decoder begins with.
Tokens beginning(const Generation& names, const Prompt& prompt, const Tokens& start,
                 std::int64_t vocabulary) {
  if (!names.encoder && !start.empty())
    throw InputError("start: tokens found, none expected: a decoder alone begins with its prompt");
  const auto* tokens = names.encoder ? &start : std::get_if<Tokens>(&prompt);
  if (!tokens)
    throw InputError("prompt: arrays by name found, token ids expected: a decoder alone has no sources");
  const auto* name = names.encoder ? "start" : "prompt";
  check_tokens(name, *tokens, vocabulary, 1);
  if (names.positions && static_cast<std::int64_t>(tokens->size()) > *names.positions)
    throw InputError(words(name, ": ", tokens->size(), " tokens found, at most ", *names.positions,
                           " expected: the model's positions; shorten it"));
  return *tokens;
}

/// Returns how many tokens there may be.
std::int64_t count_of(const std::optional<std::int64_t>& asked, const Generation& names, std::size_t begun) {
  if (asked && *asked < 1) throw InputError(words("max_new_tokens: ", *asked, " found, at least 1 expected"));
  if (!asked && !names.positions)
    throw InputError("max_new_tokens: none found, a number expected: the model has no last position");
  const auto room = names.positions ? *names.positions - static_cast<std::int64_t>(begun) + 1 : *asked;
  return std::min(room, asked.value_or(room));
}

/// Returns the encoder's inputs for one sequence.
Tensors sources_of(const Prompt& prompt, const Manifest& manifest, const std::string& batch) {
  const auto& encoder = manifest.graphs.at(*manifest.generation->encoder);
  Tensors sources;
  if (const auto* named = std::get_if<Tensors>(&prompt)) {
    sources = *named;
  } else {
    const auto& tokens = std::get<Tokens>(prompt);
    const auto& only = encoder.inputs.front();
    if (encoder.inputs.size() != 1 || only.dtype != "int64" || only.dims.size() != 2)
      throw InputError(
          words("prompt: token ids found, arrays by name expected by the encoder: ", listed(encoder.inputs)));
    check_tokens("prompt", tokens, std::numeric_limits<std::int64_t>::max(), 1);
    sources[only.name] = Tensor::of({1, static_cast<std::int64_t>(tokens.size())}, tokens);
  }
  check_inputs(encoder.inputs, manifest.symbols, sources);
  check_token_ids(manifest, sources);
  const auto sizes = sizes_of(encoder.inputs, sources);
  if (const auto rows = sizes.find(batch); rows != sizes.end() && rows->second != 1)
    throw InputError(
        words("prompt: ", rows->second, " sequences found, 1 expected; generate for each by itself"));
  return sources;
}

}  // namespace

Tokens Model::generate(const Prompt& prompt, const GenerateOptions& options) const {
  if (!manifest().generation)
    throw InputError(words(impl_->bundle.folder.string(),
                           ": no 'generation' in its manifest, so it generates no tokens; "
                           "export a decoder with a key-value cache"));
  const auto& names = *manifest().generation;
  const auto opened = impl_->graph(names.decoder);
  const auto& decoder = *opened;
  const auto* tokens_input = find(decoder.spec().inputs, names.tokens);
  const auto vocabulary = find(decoder.spec().outputs, names.logits)->dims[2].size;
  if (std::holds_alternative<std::string>(prompt) || options.on_text || !options.stop_strings.empty() ||
      !options.stop_sequences.empty() || options.repetition_penalty != 1 || options.num_beams != 1)
    throw InputError("texts, stop sequences, penalties and beams: found, none expected by this build");
  check_sampling(options);
  check_tokens("stop", options.stop, vocabulary, 0);
  auto tokens = beginning(names, prompt, options.start, vocabulary);
  Tensors sources, carried;
  if (names.encoder)
    sources = sources_of(prompt, manifest(), tokens_input->dims[0].symbol);
  const auto count = count_of(options.max_new_tokens, names, tokens.size());
  check_memory(names, decoder.spec(),
               static_cast<std::int64_t>(tokens.size()) + count - 1);  // the last is never fed
  if (names.encoder) {
    auto answers = impl_->graph(*names.encoder)->run(sources);
    for (const auto& name : names.carried) carried.insert(answers.extract(name));
  }
  std::mt19937_64 random(options.seed ? *options.seed : std::random_device{}());
  Stepper stepper(decoder, names, std::move(carried));
  Tokens generated;
  while (static_cast<std::int64_t>(generated.size()) < count) {
    const auto* logits = stepper.step(tokens);
    if (std::any_of(logits, logits + vocabulary, [](float logit) { return std::isnan(logit); }) ||
        !std::isfinite(*std::max_element(logits, logits + vocabulary)))
      throw BundleError(words(impl_->bundle.folder.string(),
                              ": logits without a largest finite number found; export the model again"));
    const auto token = choose(logits, vocabulary, options, random);
    if (std::count(options.stop.begin(), options.stop.end(), token)) break;
    generated.push_back(token);
    if (options.on_token && !options.on_token(token)) break;
    tokens.assign(1, token);
  }
  return generated;
}

std::vector<std::vector<Hypothesis>> Model::generate_many(const std::vector<Prompt>& prompts,
                                                          const GenerateOptions& options) const {
  std::vector<std::vector<Hypothesis>> answers;
  for (const auto& prompt : prompts) answers.push_back({{generate(prompt, options)}});
  return answers;
}

}  // namespace edgeattn
