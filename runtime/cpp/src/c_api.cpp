// edgeattn.h over edgeattn.hpp: handles are pointers to its values, errors are what it throws.
#include <iterator>
#include <new>

#include "edgeattn.h"
#include "edgeattn.hpp"
#include "shape.hpp"

struct edgeattn_model {
  edgeattn::Model value;
};
struct edgeattn_tensors {
  edgeattn::Tensors value;
};
struct edgeattn_error {
  std::string message;
};

namespace {

edgeattn_status report(edgeattn_status status, const char* message, edgeattn_error** error) noexcept {
  if (!error) return status;
  try {
    *error = new edgeattn_error{message};
  } catch (const std::bad_alloc&) {
    *error = nullptr;
  }
  return status;
}

template <class Call>
edgeattn_status guarded(edgeattn_error** error, Call call) noexcept {
  try {
    call();
    return EDGEATTN_OK;
  } catch (const edgeattn::InputError& caught) {
    return report(EDGEATTN_INPUT_ERROR, caught.what(), error);
  } catch (const edgeattn::BundleError& caught) {
    return report(EDGEATTN_BUNDLE_ERROR, caught.what(), error);
  } catch (const edgeattn::IncompatibleRuntimeError& caught) {
    return report(EDGEATTN_INCOMPATIBLE_RUNTIME_ERROR, caught.what(), error);
  } catch (const std::exception& caught) {
    return report(EDGEATTN_ERROR, caught.what(), error);
  } catch (...) {
    return report(EDGEATTN_ERROR, "an unknown failure", error);
  }
}

std::string text_or_empty(const char* text) { return text ? text : ""; }

std::optional<int> given(int threads) { return threads ? std::optional(threads) : std::nullopt; }

char* copied(const std::string& text) {
  auto* copy = new char[text.size() + 1];
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

}  // namespace

const char* edgeattn_error_message(const edgeattn_error* error) {
  return error ? error->message.c_str() : "no memory";
}
void edgeattn_error_free(edgeattn_error* error) { delete error; }
void edgeattn_text_free(char* text) { delete[] text; }
void edgeattn_model_free(edgeattn_model* model) { delete model; }
void edgeattn_tensors_free(edgeattn_tensors* tensors) { delete tensors; }
edgeattn_tensors* edgeattn_tensors_new(void) { return new (std::nothrow) edgeattn_tensors; }
size_t edgeattn_tensors_count(const edgeattn_tensors* tensors) { return tensors->value.size(); }

edgeattn_status edgeattn_load(const char* folder, const char* target, int threads, edgeattn_model** model,
                              edgeattn_error** error) {
  return guarded(error, [&] {
    *model = new edgeattn_model{edgeattn::load(folder, {text_or_empty(target), given(threads)})};
  });
}

edgeattn_status edgeattn_describe(const edgeattn_model* model, char** text, edgeattn_error** error) {
  return guarded(error, [&] { *text = copied(model->value.describe()); });
}

edgeattn_status edgeattn_tensors_put(edgeattn_tensors* tensors, const edgeattn_tensor* tensor,
                                     edgeattn_error** error) {
  return guarded(error, [&] {
    const auto* first = static_cast<const std::byte*>(tensor->data);
    tensors->value[tensor->name] = {
        tensor->dtype, {tensor->dims, tensor->dims + tensor->rank}, {first, first + tensor->bytes}};
  });
}

edgeattn_status edgeattn_tensors_get(const edgeattn_tensors* tensors, size_t index, edgeattn_tensor* view,
                                     edgeattn_error** error) {
  return guarded(error, [&] {
    if (index >= tensors->value.size())
      throw edgeattn::InputError("tensors: an index beyond the last found; see their count");
    const auto& [name, tensor] = *std::next(tensors->value.begin(), static_cast<std::ptrdiff_t>(index));
    *view = {name.c_str(),       tensor.dtype.c_str(), tensor.dims.data(),
             tensor.dims.size(), tensor.data.data(),   tensor.data.size()};
  });
}

edgeattn_status edgeattn_run(const edgeattn_model* model, const char* graph, const edgeattn_tensors* inputs,
                             edgeattn_tensors** outputs, edgeattn_error** error) {
  return guarded(
      error, [&] { *outputs = new edgeattn_tensors{model->value.run(inputs->value, text_or_empty(graph))}; });
}

edgeattn_status edgeattn_prepare_image(const edgeattn_model* model, const edgeattn_image* image,
                                       edgeattn_tensors** inputs, edgeattn_error** error) {
  return guarded(error, [&] {
    const auto bytes = edgeattn::byte_count("uint8", {image->height, image->width, image->channels});
    if (!bytes) throw edgeattn::InputError("image: sizes of at least 1 expected");
    *inputs = new edgeattn_tensors{model->value.prepare(
        {{image->height, image->width, image->channels, {image->pixels, image->pixels + *bytes}}})};
  });
}

edgeattn_status edgeattn_label(const edgeattn_model* model, const edgeattn_tensors* outputs, char** label,
                               edgeattn_error** error) {
  return guarded(error, [&] {
    const auto vectors = model->value.labels(outputs->value);
    if (vectors.empty()) throw edgeattn::InputError("outputs: no vector found, at least one expected");
    *label = copied(vectors.front().front().first);
  });
}

edgeattn_status edgeattn_check(const edgeattn_model* model, size_t* compared, size_t* failed,
                               edgeattn_error** error) {
  return guarded(error, [&] {
    const auto results = model->value.check();
    *compared = results.size();
    *failed = 0;
    for (const auto& result : results) *failed += !result.ok;
  });
}

edgeattn_status edgeattn_bench(const char* folder, const char* target, int threads, int rounds, char** json,
                               edgeattn_error** error) {
  return guarded(error, [&] {
    edgeattn::BenchOptions options{text_or_empty(target), {}, rounds};
    if (threads) options.threads = {threads};
    *json = copied(edgeattn::bench(folder, options));
  });
}

edgeattn_status edgeattn_generate(const edgeattn_model* model, const int64_t* prompt, size_t length,
                                  int64_t max_new_tokens, edgeattn_on_token on_token, void* context,
                                  edgeattn_error** error) {
  return guarded(error, [&] {
    edgeattn::GenerateOptions options;
    if (max_new_tokens) options.max_new_tokens = max_new_tokens;
    options.on_token = [&](std::int64_t token) { return on_token(token, context) != 0; };
    model->value.generate(std::vector<std::int64_t>(prompt, prompt + length), options);
  });
}
