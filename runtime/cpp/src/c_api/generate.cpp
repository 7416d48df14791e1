// edgeattn.h: generation.
#include "guarded.hpp"

using namespace edgeattn;

namespace {

Tokens tokens_of(const edgeattn_ids& given, const char* name) { return values_of(given.ids, given.count, name); }

/// Returns a prompt. Throws InputError where it is not one of the three that it may be.
Prompt prompt_of(const edgeattn_prompt& prompt) {
  const auto kinds = (prompt.tokens.ids != nullptr) + (prompt.text.bytes != nullptr) + (prompt.sources != nullptr);
  if (kinds > 1) throw InputError("prompt: several found, one of tokens, a text and sources expected");
  if (prompt.sources) return prompt.sources->value;
  if (prompt.text.bytes) return text_of(prompt.text, "prompt");
  return tokens_of(prompt.tokens, "prompt");
}

void read(std::int64_t given_count, std::optional<std::int64_t>& count, const char* /*name*/) {
  count = given(given_count);
}

void read(std::int64_t given_count, std::int64_t& count, const char* /*name*/) { count = given_count; }

void read(std::int64_t given_count, std::optional<std::uint64_t>& count, const char* name) {
  if (given_count < EDGEATTN_UNSET) throw InputError(words(name, ": ", given_count, " found, at least 0 expected"));
  if (given_count != EDGEATTN_UNSET) count = static_cast<std::uint64_t>(given_count);
}

void read(double given_real, std::optional<double>& real, const char* /*name*/) {
  if (given_real != EDGEATTN_UNSET_REAL) real = given_real;
}

/// Tokens, or none where their place is NULL.
void read(const edgeattn_ids& given_tokens, std::optional<Tokens>& tokens, const char* name) {
  if (given_tokens.ids || given_tokens.count > 0) tokens = tokens_of(given_tokens, name);
}

void read(edgeattn_early_stopping given_word, std::optional<EarlyStopping>& when, const char* name) {
  switch (given_word) {
    case EDGEATTN_EARLY_STOPPING_UNSET: return;
    case EDGEATTN_EARLY_STOPPING_FALSE: when = EarlyStopping::no; return;
    case EDGEATTN_EARLY_STOPPING_TRUE: when = EarlyStopping::yes; return;
    case EDGEATTN_EARLY_STOPPING_NEVER: when = EarlyStopping::never; return;
  }
  throw InputError(words(name, ": one of EDGEATTN_EARLY_STOPPING_* expected"));
}

/// Their count is another member.
void read(const edgeattn_ids* /*given*/, std::vector<Tokens>& /*sequences*/, const char* /*name*/) {}

GenerateOptions read_options(const edgeattn_generate_options& given_options) {
  const auto& options = given_options;
  GenerateOptions how;
#define EDGEATTN_BUNDLED(type, name, otherwise, limits) read(options.name, how.name, #name);
#define EDGEATTN_CALLERS EDGEATTN_BUNDLED
#include "edgeattn_options.inc"
  for (const auto& sequence : values_of(options.stop_sequences, options.stop_sequence_count, "stop_sequences"))
    how.stop_sequences.push_back(tokens_of(sequence, "stop_sequences"));
  how.stop_strings = texts_of(options.stop_strings, options.stop_string_count, "stop_strings");
  if (const auto heard = options.on_token)
    how.on_token = [heard, context = options.context](std::int64_t token) {
      return goes_on([&](edgeattn_error** error) { return heard(token, context, error); });
    };
  if (const auto heard = options.on_text)
    how.on_text = [heard, context = options.context](const std::string& piece) {
      return goes_on([&](edgeattn_error** error) { return heard(piece.c_str(), piece.size(), context, error); });
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
    for (const auto& prompt : records_of(prompts, count, "prompts")) batch.push_back(prompt_of(prompt));
    auto found = std::make_unique<edgeattn_answers>();
    found->answers = opened(model).generate_many(batch, read_options(settings));
    for (const auto& hypotheses : found->answers) {
      auto& views = found->views.emplace_back();
      for (const auto& [tokens, score, text] : hypotheses)
        views.add({{tokens.data(), tokens.size()}, score, text ? text->c_str() : nullptr, text ? text->size() : 0});
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

const edgeattn_hypothesis* const* edgeattn_answers_get(const edgeattn_answers* answers, size_t prompt,
                                                       size_t* count) {
  const auto* views = answers && prompt < answers->views.size() ? &answers->views[prompt] : nullptr;
  if (count) *count = views ? views->size() : 0;
  return views ? views->data() : nullptr;
}

void edgeattn_answers_free(edgeattn_answers* answers) { delete answers; }
