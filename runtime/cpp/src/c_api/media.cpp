// edgeattn.h: images, sounds and series in, from memory or files; forecasts out.
#include "guarded.hpp"
#include "shape.hpp"

using namespace edgeattn;

namespace {

/// Hands out the inputs that a batch becomes; `read` makes what is prepared of each of its items.
template <class Item, class Read>
edgeattn_status prepare(const edgeattn_model* model, const Item* items, std::size_t count, Read read,
                        edgeattn_tensors** inputs, edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(inputs, "inputs");
    const auto& open = opened(model);
    std::vector<decltype(read(open, *items))> batch;
    for (const auto& item : values_of(items, count, "the batch")) batch.push_back(read(open, item));
    place = new edgeattn_tensors{open.prepare(batch)};
  });
}

/// Returns what stands in a file, or in the bytes of one.
template <class Read, class Decode>
auto read_file(const edgeattn_file& file, Read read, Decode decode) {
  if (file.path) return read(std::string(file.path));
  if (file.bytes) required(static_cast<const char*>(file.data), "data");
  return decode(std::string_view(static_cast<const char*>(file.data), file.bytes));
}

/// Copies rows of a length. Throws InputError where there are not as many numbers.
template <class Number>
std::vector<Number> rows_of(const Number* numbers, std::size_t count, std::int64_t rows, std::int64_t time,
                            const char* name) {
  const auto bytes = byte_count(sizeof(Number) == sizeof(float) ? "float32" : "float64", {rows, time});
  if (!bytes || *bytes / sizeof(Number) != count)
    throw InputError(words(name, ": ", count, " found, those of ", rows, " rows of ", time, " expected"));
  return values_of(numbers, count, name);
}

const std::vector<std::string>& series_names(const Model& model) {
  static const std::vector<std::string> none;
  const auto& processing = model.manifest().processing;
  return processing && processing->series ? processing->series->names : none;
}

}  // namespace

edgeattn_status edgeattn_prepare_image(const edgeattn_model* model, const edgeattn_image* images,
                                       size_t count, edgeattn_tensors** inputs, edgeattn_error** error) {
  const auto read = [](const Model&, const edgeattn_image& image) {
    const auto& [height, width, channels, pixels, bytes] = image;
    return Image{height, width, channels, values_of(pixels, bytes, "pixels")};
  };
  return prepare(model, images, count, read, inputs, error);
}

edgeattn_status edgeattn_prepare_audio(const edgeattn_model* model, const edgeattn_sound* sounds,
                                       size_t count, edgeattn_tensors** inputs, edgeattn_error** error) {
  const auto read = [](const Model&, const edgeattn_sound& sound) {
    const auto& [rate, channels, time, samples, count] = sound;
    return Sound{rate, channels, rows_of(samples, count, channels, time, "samples")};
  };
  return prepare(model, sounds, count, read, inputs, error);
}

edgeattn_status edgeattn_prepare_series(const edgeattn_model* model, const edgeattn_series* sets,
                                        size_t count, edgeattn_tensors** inputs, edgeattn_error** error) {
  const auto read = [](const Model&, const edgeattn_series& set) {
    return Series{set.count, rows_of(set.values, set.value_count, set.count, set.time, "values")};
  };
  return prepare(model, sets, count, read, inputs, error);
}

edgeattn_status edgeattn_prepare_image_files(const edgeattn_model* model, const edgeattn_file* files,
                                             size_t count, edgeattn_tensors** inputs,
                                             edgeattn_error** error) {
  const auto read = [](const Model&, const edgeattn_file& file) {
    return read_file(file, read_image, decode_image);
  };
  return prepare(model, files, count, read, inputs, error);
}

edgeattn_status edgeattn_prepare_audio_files(const edgeattn_model* model, const edgeattn_file* files,
                                             size_t count, edgeattn_tensors** inputs,
                                             edgeattn_error** error) {
  const auto read = [](const Model&, const edgeattn_file& file) {
    return read_file(file, read_wav, decode_wav);
  };
  return prepare(model, files, count, read, inputs, error);
}

edgeattn_status edgeattn_prepare_series_files(const edgeattn_model* model, const edgeattn_file* files,
                                              size_t count, edgeattn_tensors** inputs,
                                              edgeattn_error** error) {
  const auto read = [](const Model& open, const edgeattn_file& file) {
    const auto& names = series_names(open);
    return read_file(
        file, [&](const std::string& path) { return read_csv(path, names); },
        [&](std::string_view text) { return decode_csv(text, names); });
  };
  return prepare(model, files, count, read, inputs, error);
}

edgeattn_status edgeattn_read_audio(const edgeattn_file* file, int64_t* rate, edgeattn_tensors** samples,
                                    edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(samples, "samples");
    const auto sound = read_file(required(file, "file"), read_wav, decode_wav);
    const auto time = static_cast<std::int64_t>(sound.samples.size()) / sound.channels;
    required(rate, "rate") = sound.rate;
    place = new edgeattn_tensors{{{"samples", Tensor::of({sound.channels, time}, sound.samples)}}};
  });
}

edgeattn_status edgeattn_forecast(const edgeattn_model* model, const edgeattn_tensors* outputs,
                                  edgeattn_tensors** forecast, edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(forecast, "forecast");
    const auto& open = opened(model);
    auto values = open.forecast(required(outputs, "outputs").value);
    place = new edgeattn_tensors{{{*open.manifest().processing->series->output, std::move(values)}}};
  });
}
