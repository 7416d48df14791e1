// generate: prompts in; tokens and text as they come, and whole answers at the end.
#include <deque>
#include <optional>
#include <stdexcept>

#include "boundary.hpp"

namespace {

/// Hears for a Reader, in the thread that called.
struct Listener {
  JNIEnv* env;
  Method token, text;

  static int on_token(std::int64_t token, void* context, edgeattn_error**) {
    return static_cast<Listener*>(context)->token.wants(static_cast<jlong>(token));
  }

  static int on_text(const char* piece, std::size_t size, void* context, edgeattn_error**) noexcept {
    const auto* self = static_cast<Listener*>(context);
    try {
      const Local text(self->env, bytes(self->env, {piece, size}));
      return self->text.wants(text.get());
    } catch (...) {
      return 0;  // a Java exception is pending, or memory is short
    }
  }
};

enum Heard { nothing, tokens, text };

std::vector<std::vector<std::int64_t>> sequences_of(JNIEnv* env, jobjectArray arrays) {
  std::vector<std::vector<std::int64_t>> sequences;
  each<jlongArray>(env, arrays, [&](jlongArray array) { sequences.push_back(numbers_of(env, array)); });
  return sequences;
}

edgeattn_text view(const std::string& text) { return {text.data(), text.size()}; }

edgeattn_ids ids(const std::vector<std::int64_t>& tokens) { return {tokens.data(), tokens.size()}; }

/// Tokens that are given, if only to say that there are none: their place is not NULL.
edgeattn_ids said(const std::vector<std::int64_t>& tokens) {
  static constexpr std::int64_t none = 0;
  return {tokens.empty() ? &none : tokens.data(), tokens.size()};
}

std::optional<std::vector<std::int64_t>> maybe_numbers_of(JNIEnv* env, jlongArray numbers) {
  return numbers ? std::optional(numbers_of(env, numbers)) : std::nullopt;
}

using Options = edgeattn_generate_options;

/// Sets a member by a number. Throws where it holds tokens, which come otherwise.
template <class Member>
void set(Member& member, double number) {
  if constexpr (std::is_arithmetic_v<Member> || std::is_enum_v<Member>)
    member = static_cast<Member>(number);
  else
    throw std::logic_error("a number of tokens");
}

/// Sets the member of this name. Throws where there is none.
void set(Options& options, std::string_view name, double number) {
#define EDGEATTN_BUNDLED(type, option, otherwise, limits) \
  if (name == #option) return set(options.option, number);
#define EDGEATTN_CALLERS EDGEATTN_BUNDLED
#include "edgeattn_options.inc"
  throw std::logic_error(std::string(name) + ": unknown option of generation; load the library of this package's version");
}

/// Returns the options of GenerationOptions.numbers. Throws where one is unknown.
Options options_of(JNIEnv* env, jobjectArray names, jdoubleArray numbers) {
  std::vector<jdouble> values(static_cast<std::size_t>(env->GetArrayLength(numbers)));
  env->GetDoubleArrayRegion(numbers, 0, static_cast<jsize>(values.size()), values.data());
  auto options = edgeattn_generate_options_default();
  std::size_t i = 0;
  each<jbyteArray>(env, names, [&](jbyteArray bytes) {
    set(options, bytes_of(env, bytes), values.at(i++));
  });
  return options;
}

void list(JNIEnv* env, jobject reader, const edgeattn_answers* answers) {
  const Method answer(env, reader, "answer", "(I[JD[B)V");
  std::size_t count = 0;
  for (std::size_t prompt = 0; const auto* first = edgeattn_answers_get(answers, prompt, &count); ++prompt)
    for (std::size_t i = 0; i < count; ++i) {
      const auto& each = *first[i];
      const Local tokens(env, longs(env, each.tokens.ids, each.tokens.count));
      const Local text(env, each.text ? bytes(env, {each.text, each.text_size}) : nullptr);
      answer(static_cast<jint>(prompt), tokens.get(), each.score, text.get());
    }
}

}  // namespace

EDGEATTN_JNI(jlong, newSession)(JNIEnv* env, jclass, jlong model) {
  return guarded(env, [&] {
    return address(handed<edgeattn_session*>(env, [&](auto* session, auto* error) {
      return edgeattn_session_new(at<edgeattn_model>(model), session, error);
    }));
  });
}

EDGEATTN_JNI(void, freeSession)(JNIEnv*, jclass, jlong session) { edgeattn_session_free(at<edgeattn_session>(session)); }

EDGEATTN_JNI(void, generate)
(JNIEnv* env, jclass, jlong model, jobjectArray prompt_tokens, jobjectArray prompt_texts, jobjectArray prompt_sources,
 jlongArray start, jlongArray stop, jobjectArray stop_sequences, jobjectArray stop_strings, jobjectArray names,
 jdoubleArray numbers, jlong session, jlong deadline, jlong cancellation, jint heard, jobject reader) {
  guarded(env, [&] {
    const auto token_lists = sequences_of(env, prompt_tokens), sequences = sequences_of(env, stop_sequences);
    std::deque<Tensors> sources;
    each<jobjectArray>(env, prompt_sources, [&](jobjectArray tensors) { sources.emplace_back(env, tensors); });
    const auto first = maybe_numbers_of(env, start), last = maybe_numbers_of(env, stop);
    std::deque<std::string> texts;
    std::vector<edgeattn_prompt> prompts;
    each<jbyteArray>(env, prompt_texts, [&](jbyteArray text) {
      const auto i = prompts.size();
      prompts.push_back({sizeof(edgeattn_prompt), ids(token_lists.at(i)), {}, sources.at(i).get()});
      if (text) prompts.back().text = view(texts.emplace_back(bytes_of(env, text)));
    });
    std::vector<edgeattn_ids> stops;
    for (const auto& sequence : sequences) stops.push_back(ids(sequence));
    const Texts stop_texts(env, stop_strings);

    Listener listener{env, {env, reader, "token", "(J)Z"}, {env, reader, "text", "([B)Z"}};
    auto options = options_of(env, names, numbers);
    options.deadline_ms = deadline;
    options.cancellation = at<edgeattn_cancellation>(cancellation);
    if (first) options.start = said(*first);
    if (last) options.stop = said(*last);
    options.stop_sequences = stops.data();
    options.stop_sequence_count = stops.size();
    options.stop_strings = stop_texts.get();
    options.stop_string_count = stop_texts.size();
    options.on_token = heard == Heard::tokens ? Listener::on_token : nullptr;
    options.on_text = heard == Heard::text ? Listener::on_text : nullptr;
    options.context = &listener;
    options.session = at<edgeattn_session>(session);
    const Owned answers(handed<edgeattn_answers*>(env,
                                                  [&](auto* answers, auto* error) {
                                                    return edgeattn_generate(at<edgeattn_model>(model), prompts.data(),
                                                                             prompts.size(), &options, answers, error);
                                                  }),
                        edgeattn_answers_free);
    checked(env);
    list(env, reader, answers.get());
  });
}
