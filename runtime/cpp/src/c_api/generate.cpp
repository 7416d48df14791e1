// edgeattn.h: generation.
#include "guarded.hpp"

using namespace edgeattn;

namespace {

using Tokens = std::vector<std::int64_t>;

Tokens tokens_of(const edgeattn_ids& given, const char* name) { return values_of(given.ids, given.count, name); }

/// Returns a prompt. Throws InputError where it is not one of the three that it may be.
Prompt prompt_of(const edgeattn_prompt& prompt) {
  const auto kinds = (prompt.tokens.ids != nullptr) + (prompt.text != nullptr) + (prompt.sources != nullptr);
  if (kinds > 1) throw InputError("prompt: several found, one of tokens, a text and sources expected");
  if (prompt.sources) return prompt.sources->value;
  if (prompt.text) return std::string(prompt.text);
  return tokens_of(prompt.tokens, "prompt");
}

/// Tokens, or none where their place is NULL.
std::optional<Tokens> maybe_tokens_of(const edgeattn_ids& given, const char* name) {
  if (!given.ids && given.count == 0) return std::nullopt;
  return tokens_of(given, name);
}

std::optional<double> given_real(double real) {
  return real == EDGEATTN_UNSET_REAL ? std::nullopt : std::optional(real);
}

std::optional<EarlyStopping> early_stopping_of(edgeattn_early_stopping given) {
  switch (given) {
    case EDGEATTN_EARLY_STOPPING_UNSET: return std::nullopt;
    case EDGEATTN_EARLY_STOPPING_FALSE: return EarlyStopping::no;
    case EDGEATTN_EARLY_STOPPING_TRUE: return EarlyStopping::yes;
    case EDGEATTN_EARLY_STOPPING_NEVER: return EarlyStopping::never;
  }
  throw InputError("early_stopping: one of EDGEATTN_EARLY_STOPPING_* expected");
}

GenerateOptions read_options(const edgeattn_generate_options& given_options) {
  const auto& options = given_options;
  GenerateOptions how;
  how.start = maybe_tokens_of(options.start, "start");
  how.max_new_tokens = given(options.max_new_tokens);
  how.temperature = given_real(options.temperature);
  how.top_k = given(options.top_k);
  how.top_p = given(options.top_p);
  how.repetition_penalty = given_real(options.repetition_penalty);
  if (options.seed < EDGEATTN_UNSET) throw InputError(words("seed: ", options.seed, " found, at least 0 expected"));
  if (options.seed != EDGEATTN_UNSET) how.seed = static_cast<std::uint64_t>(options.seed);
  how.stop = maybe_tokens_of(options.stop, "stop");
  for (const auto& sequence : values_of(options.stop_sequences, options.stop_sequence_count, "stop_sequences"))
    how.stop_sequences.push_back(tokens_of(sequence, "stop_sequences"));
  how.stop_strings = texts_of(options.stop_strings, options.stop_string_count, "stop_strings");
  how.num_beams = given(options.num_beams);
  how.num_return_sequences = options.num_return_sequences;
  how.length_penalty = given_real(options.length_penalty);
  how.early_stopping = early_stopping_of(options.early_stopping);
  if (const auto heard = options.on_token)
    how.on_token = [heard, context = options.context](std::int64_t token) { return heard(token, context) != 0; };
  if (const auto heard = options.on_text)
    how.on_text = [heard, context = options.context](const std::string& piece) {
      return heard(piece.c_str(), piece.size(), context) != 0;
    };
  if (options.session) how.session = &options.session->value;
  return how;
}

}  // namespace

edgeattn_status edgeattn_generate(const edgeattn_model* model, const edgeattn_prompt* prompts, size_t count,
                                  const edgeattn_generate_options* options, edgeattn_answers** answers,
                                  edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(answers, "answers");
    const auto settings = options_of(options, edgeattn_generate_options_default());
    const CallLimits limits(settings.deadline_ms, settings.cancellation);
    std::vector<Prompt> batch;
    for (const auto& prompt : values_of(prompts, count, "prompts")) batch.push_back(prompt_of(prompt));
    auto found = std::make_unique<edgeattn_answers>();
    found->answers = opened(model).generate_many(batch, read_options(settings));
    for (const auto& hypotheses : found->answers) {
      auto& views = found->views.emplace_back();
      for (const auto& [tokens, score, text] : hypotheses)
        views.push_back(
            {{tokens.data(), tokens.size()}, score, text ? text->c_str() : nullptr, text ? text->size() : 0});
    }
    place = found.release();
  });
}

edgeattn_status edgeattn_session_new(const edgeattn_model* model, edgeattn_session** session, edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(session, "session");
    place = new edgeattn_session{GenerationSession(opened(model))};
  });
}

void edgeattn_session_free(edgeattn_session* session) { delete session; }

const edgeattn_hypothesis* edgeattn_answers_get(const edgeattn_answers* answers, size_t prompt,
                                                size_t* count) {
  const auto* views = answers && prompt < answers->views.size() ? &answers->views[prompt] : nullptr;
  if (count) *count = views ? views->size() : 0;
  return views ? views->data() : nullptr;
}

void edgeattn_answers_free(edgeattn_answers* answers) { delete answers; }
