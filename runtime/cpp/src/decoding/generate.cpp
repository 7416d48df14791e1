// Generation: prompts in, sequences out.
#include <algorithm>
#include <random>

#include "beam_search.hpp"
#include "boundary.hpp"
#include "generation_session.hpp"
#include "lockstep.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

using Answers = std::vector<std::vector<Hypothesis>>;

void check_options(const Settings& options, std::size_t prompts) {
  check_settings(options);
  if (prompts == 0) throw InputError("prompts: none found, at least 1 expected");
  check_stop_strings(options.stop_strings);
  if (!options.stop_strings.empty() && *options.num_beams > 1)
    throw InputError(words("stop_strings: found with ", *options.num_beams, " beams, 1 expected; give stop_sequences"));
  if ((options.on_token || options.on_text) && (prompts > 1 || *options.num_beams > 1))
    throw InputError(words("on_token: found with ", prompts, " prompts and ", *options.num_beams,
                           " beams, 1 of each expected: of several nothing is told as it comes"));
  if (options.session && (prompts > 1 || *options.num_beams > 1))
    throw InputError(words("session: found with ", prompts, " prompts and ", *options.num_beams,
                           " beams, 1 of each expected: it holds one text"));
}

std::uint64_t any_seed() {
  std::random_device random;
  return static_cast<std::uint64_t>(random()) << 32 | random();
}

bool is_text(const Prompt& prompt) { return std::holds_alternative<std::string>(prompt); }

/// Continues a prompt by the cache of a session.
void run_in(GenerationSession& session, const Decoder& decoder, const Task& task) {
  auto& state = Inside::of(session);
  state.check(decoder.model());
  for (auto sequence = task.begin;;) {
    const auto logits = state.logits(sequence);
    const auto next = task.search->advance({{logits.data()}, logits.size()});
    if (!next) return;
    sequence.push_back(next->tokens.front());
  }
}

/// Continues prompts; `names` is what messages call each.
Answers answers_to(const Decoder& decoder, const std::vector<Prompt>& prompts, const std::vector<std::string>& names,
                   const GenerateOptions& requested, Answering answering) {
  const auto options = settings_of(requested, decoder.defaults(), answering);
  check_options(options, prompts.size());
  decoder.check_rows(*options.num_beams);
  const Stops stops(*options.stop, options.stop_sequences, decoder.vocabulary());
  std::vector<Task> tasks;
  std::vector<Tensors> sources;
  std::vector<std::int64_t> limits;
  std::int64_t longest = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const auto prompt = decoder.read(prompts[i]);
    tasks.push_back({decoder.first_tokens(names[i], prompt, *options.start), {}, nullptr});
    sources.push_back(decoder.sources(names[i], prompt));
    limits.push_back(decoder.limit(options.max_new_tokens, tasks[i].begin.size()));
    longest = std::max(longest, static_cast<std::int64_t>(tasks[i].begin.size()) + limits[i]);
  }
  decoder.check_memory(longest - 1,  // the last token is never fed
                       static_cast<std::int64_t>(prompts.size()) * *options.num_beams);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    auto& [begin, carried, search] = tasks[i];
    carried = decoder.carried(sources[i]);
    const bool as_text = options.on_text || !options.stop_strings.empty() || is_text(prompts[i]);
    if (*options.num_beams > 1)
      search = std::make_unique<BeamSearch>(begin, limits[i], stops, options);
    else
      search = std::make_unique<SingleSearch>(begin, limits[i], stops, options,
                                              options.seed ? *options.seed + i : any_seed(),
                                              as_text ? std::make_unique<AnswerText>(decoder.model(), options) : nullptr);
  }
  if (options.session)
    run_in(*options.session, decoder, tasks.front());
  else
    run_all(decoder, tasks, *options.num_beams);
  Answers answers;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    answers.push_back(tasks[i].search->hypotheses());
    for (auto& hypothesis : answers.back())
      if (is_text(prompts[i]) && !hypothesis.text) hypothesis.text = decoder.model().decode(hypothesis.tokens);
  }
  return answers;
}

}  // namespace

Tokens Model::generate(const Prompt& prompt, const GenerateOptions& options) const {
  return bounded(impl_->bundle.folder.u8string(), [&] {
    return answers_to(Decoder(*this), {prompt}, {"prompt"}, options, Answering::one).front().front().tokens;
  });
}

Answers Model::generate_many(const std::vector<Prompt>& prompts, const GenerateOptions& options) const {
  return bounded(impl_->bundle.folder.u8string(), [&] {
    const Decoder decoder(*this);
    const auto* sources = prompts.size() == 1 ? std::get_if<Tensors>(&prompts.front()) : nullptr;
    const auto rows = sources ? decoder.rows("prompts", *sources) : prompts;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < rows.size(); ++i) names.push_back(words("prompts[", i, "]"));
    return answers_to(decoder, rows, names, options, Answering::sequences);
  });
}

}  // namespace edgeattn
