// edgeattn.h: many samples at once, and those that never end.
#include "guarded.hpp"
#include "streaming.hpp"

using namespace edgeattn;

edgeattn_status edgeattn_run_many(const edgeattn_model* model, const char* graph,
                                  const edgeattn_tensors* const* samples, size_t count,
                                  const edgeattn_call_options* options, edgeattn_tensors** answers,
                                  edgeattn_error** error) {
  return guarded(error, [&] {
    const CallLimits limits(options);
    std::vector<Tensors> given;
    for (const auto* sample : values_of(samples, count, "samples"))
      given.push_back(required(sample, "a sample").value);
    if (count) required(answers, "answers");
    auto answered = opened(model).run_many(given, text_or_empty(graph));
    std::vector<std::unique_ptr<edgeattn_tensors>> owned;
    owned.reserve(answered.size());
    for (auto& answer : answered) owned.emplace_back(new edgeattn_tensors{std::move(answer)});
    for (std::size_t i = 0; i < count; ++i) answers[i] = owned[i].release();
  });
}

edgeattn_status edgeattn_stream_new(const edgeattn_model* model, const edgeattn_stream_options* options,
                                    edgeattn_stream** stream, edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(stream, "stream");
    const auto settings = options_of(options, edgeattn_stream_options_default());
    const auto& open = opened(model);
    Stream moving(open, {settings.hop, given(settings.window)});
    const auto& processing = *open.manifest().processing;
    const auto rows = processing.audio ? static_cast<std::size_t>(processing.audio->channels)
                                       : processing.series->names.size();
    place = new edgeattn_stream{std::move(moving), rows};
  });
}

edgeattn_status edgeattn_step_stream_new(const edgeattn_model* model, edgeattn_stream** stream,
                                         edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(stream, "stream");
    const auto& open = opened(model);
    StepStream steps(open);
    const auto& manifest = open.manifest();
    const auto* audio = sounds_of(*manifest.streaming, manifest);
    const auto* series = series_of(*manifest.streaming, manifest);
    const auto rows = audio ? static_cast<std::size_t>(audio->channels) : series ? series->names.size() : 1;
    place = new edgeattn_stream{std::move(steps), rows};
  });
}

void edgeattn_stream_free(edgeattn_stream* stream) { delete stream; }

namespace {

template <class Number>
edgeattn_status push(edgeattn_stream* stream, const Number* numbers, std::size_t count, std::size_t rows,
                     edgeattn_error** error) {
  return guarded(error, [&] {
    auto& open = required(stream, "stream");
    if (rows != open.rows)
      throw InputError(words(rows, " channels or series found, ", open.rows, " expected"));
    const auto came = values_of(numbers, count, "what has come");
    std::visit([&](auto& moving) { moving.push(came); }, open.value);
  });
}

}  // namespace

edgeattn_status edgeattn_stream_push_audio(edgeattn_stream* stream, const float* samples, size_t count,
                                           size_t channels, edgeattn_error** error) {
  return push(stream, samples, count, channels, error);
}

edgeattn_status edgeattn_stream_push_series(edgeattn_stream* stream, const double* values, size_t count,
                                            size_t series, edgeattn_error** error) {
  return push(stream, values, count, series, error);
}

edgeattn_status edgeattn_stream_next(edgeattn_stream* stream, const edgeattn_call_options* options,
                                     int64_t* end, edgeattn_tensors** outputs, edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(outputs, "outputs");
    const CallLimits limits(options);
    auto moment = std::visit([](auto& moving) { return moving.next(); }, required(stream, "stream").value);
    place = moment ? new edgeattn_tensors{std::move(moment->outputs)} : nullptr;
    if (moment && end) *end = moment->end;
  });
}

edgeattn_status edgeattn_stream_push_array(edgeattn_stream* stream, const edgeattn_tensor* array,
                                           edgeattn_error** error) {
  return guarded(error, [&] {
    auto* steps = std::get_if<StepStream>(&required(stream, "stream").value);
    if (!steps) throw InputError("an array found, which this stream does not take");
    steps->push(tensor_of(required(array, "array")));
  });
}

edgeattn_status edgeattn_stream_reset(edgeattn_stream* stream, edgeattn_error** error) {
  return guarded(error, [&] {
    std::visit([](auto& moving) { moving.reset(); }, required(stream, "stream").value);
  });
}
