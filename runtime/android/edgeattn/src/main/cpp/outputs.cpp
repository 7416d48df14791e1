// labels, forecast and decode: what outputs mean.
#include "boundary.hpp"

EDGEATTN_JNI(void, labels)(JNIEnv* env, jclass, jlong model, jobjectArray outputs, jobject reader) {
  guarded(env, [&] {
    const Tensors tensors(env, outputs);
    const Owned labels(
        handed<edgeattn_label_list*>(
            env,
            [&](auto* labels, auto* error) {
              return edgeattn_labels(at<edgeattn_model>(model), tensors.get(), labels, error);
            }),
        edgeattn_label_list_free);
    const Method label(env, reader, "label", "(I[BF)V");
    for (std::size_t vector = 0, vectors = edgeattn_label_list_vectors(labels.get()); vector < vectors; ++vector) {
      std::size_t count = 0;
      const auto* first = edgeattn_label_list_get(labels.get(), vector, &count);
      for (std::size_t i = 0; i < count; ++i) {
        const Local name(env, bytes(env, first[i].name));
        label(static_cast<jint>(vector), name.get(), static_cast<jdouble>(first[i].value));
      }
    }
  });
}

EDGEATTN_JNI(jobjectArray, forecast)(JNIEnv* env, jclass, jlong model, jobjectArray outputs) {
  return guarded(env, [&] {
    const Tensors tensors(env, outputs);
    return arrays(env, handed<edgeattn_tensors*>(env, [&](auto* forecast, auto* error) {
      return edgeattn_forecast(at<edgeattn_model>(model), tensors.get(), forecast, error);
    }));
  });
}

EDGEATTN_JNI(jbyteArray, decode)(JNIEnv* env, jclass, jlong model, jlongArray tokens) {
  return guarded(env, [&] {
    const auto ids = numbers_of(env, tokens);
    std::size_t size = 0;
    const Owned text(handed<char*>(env,
                                   [&](auto* text, auto* error) {
                                     return edgeattn_decode(at<edgeattn_model>(model), ids.data(), ids.size(), text,
                                                            &size, error);
                                   }),
                     edgeattn_text_free);
    return bytes(env, {text.get(), size});
  });
}
