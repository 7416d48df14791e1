// labels, predictions, forecast and decode: what outputs mean.
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

EDGEATTN_JNI(void, predictions)
(JNIEnv* env, jclass, jlong model, jobjectArray outputs, jobjectArray texts, jobjectArray pairs, jlongArray sizes,
 jobject reader) {
  guarded(env, [&] {
    const Tensors tensors(env, outputs);
    const Texts first(env, texts), second(env, pairs);
    std::vector<edgeattn_image_size> images;
    const auto sides = numbers_of(env, sizes);
    for (std::size_t i = 0; i + 1 < sides.size(); i += 2) images.push_back({sides[i], sides[i + 1]});
    const edgeattn_prediction_source source{sizeof(edgeattn_prediction_source), first.get(),  first.size(), images.data(),
                                            images.size(),                      second.get(), second.size()};
    const Owned list(
        handed<edgeattn_prediction_list*>(
            env,
            [&](auto* list, auto* error) {
              return edgeattn_predictions(at<edgeattn_model>(model), tensors.get(), &source, list, error);
            }),
        edgeattn_prediction_list_free);
    const Method row(env, reader, "row", "()V");
    const Method prediction(env, reader, "prediction", "([B[BD[D[J)V");
    for (std::size_t i = 0, rows = edgeattn_prediction_list_rows(list.get()); i < rows; ++i) {
      std::size_t count = 0;
      const auto* first = edgeattn_prediction_list_get(list.get(), i, &count);
      row();
      for (std::size_t k = 0; k < count; ++k) {
        const auto* each = first[k];
        const Local label(env, each->label ? bytes(env, each->label) : nullptr);
        const Local text(env, each->text ? bytes(env, {each->text, each->text_size}) : nullptr);
        const Local box(env, each->has_box ? env->NewDoubleArray(4) : nullptr);
        const Local span(env, each->has_span ? env->NewLongArray(2) : nullptr);
        checked(env);
        if (each->has_box) env->SetDoubleArrayRegion(box.get(), 0, 4, each->box);
        if (each->has_span) env->SetLongArrayRegion(span.get(), 0, 2, each->span);
        prediction(label.get(), text.get(), each->score, box.get(), span.get());
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
