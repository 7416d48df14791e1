// edgeattn.h: texts in, token ids as text out.
#include "guarded.hpp"

using namespace edgeattn;

namespace {

TextOptions options_in(const edgeattn_text_options* given) {
  const auto options = options_of(given, edgeattn_text_options_default());
  TextOptions found;
  if (options.pairs) found.pairs = texts_of(options.pairs, options.pair_count, "pairs");
  if (options.prompt) found.prompt = options.prompt;
  return found;
}

/// Hands out a text, and its bytes where they are asked for.
void hand_out(const std::string& text, char*& place, std::size_t* size) {
  place = copied(text);
  if (size) *size = text.size();
}

}  // namespace

edgeattn_status edgeattn_prepare_text(const edgeattn_model* model, const edgeattn_text* texts, size_t count,
                                      const edgeattn_text_options* options, size_t* cut, edgeattn_tensors** inputs,
                                      edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(inputs, "inputs");
    place = new edgeattn_tensors{opened(model).prepare(texts_of(texts, count, "texts"), options_in(options), cut)};
  });
}

edgeattn_status edgeattn_decode(const edgeattn_model* model, const int64_t* tokens, size_t count, char** text,
                                size_t* size, edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(text, "text");
    hand_out(opened(model).decode(values_of(tokens, count, "tokens")), place, size);
  });
}

edgeattn_status edgeattn_text_stream_new(const edgeattn_model* model, edgeattn_text_stream** stream,
                                         edgeattn_error** error) {
  return guarded(error,
                 [&] { required(stream, "stream") = new edgeattn_text_stream{TextStream(opened(model))}; });
}

void edgeattn_text_stream_free(edgeattn_text_stream* stream) { delete stream; }

edgeattn_status edgeattn_text_stream_push(edgeattn_text_stream* stream, int64_t token, char** text, size_t* size,
                                          edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(text, "text");
    hand_out(required(stream, "stream").value.push(token), place, size);
  });
}

edgeattn_status edgeattn_text_stream_finish(edgeattn_text_stream* stream, char** text, size_t* size,
                                            edgeattn_error** error) {
  return guarded(error, [&] {
    auto& place = required(text, "text");
    hand_out(required(stream, "stream").value.finish(), place, size);
  });
}
