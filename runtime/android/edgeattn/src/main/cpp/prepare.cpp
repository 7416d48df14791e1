// prepare: batches of raw inputs; and files that are read for an app.
#include "boundary.hpp"

namespace {

/// Elements of a Java array of arrays of numbers, copied out.
template <class Array, class Number>
std::vector<std::vector<Number>> rows_of(JNIEnv* env, jobjectArray arrays,
                                         void (JNIEnv::*get)(Array, jsize, jsize, Number*)) {
  std::vector<std::vector<Number>> rows;
  each<Array>(env, arrays, [&](Array array) {
    rows.emplace_back(static_cast<std::size_t>(env->GetArrayLength(array)));
    (env->*get)(array, 0, static_cast<jsize>(rows.back().size()), rows.back().data());
  });
  return rows;
}

template <class Raw>
using Function = edgeattn_status (*)(const edgeattn_model*, const Raw*, std::size_t, edgeattn_tensors**, edgeattn_error**);

template <class Raw>
jobjectArray prepared(JNIEnv* env, jlong model, const std::vector<Raw>& raws, Function<Raw> function) {
  return arrays(env, handed<edgeattn_tensors*>(env, [&](auto* inputs, auto* error) {
    return function(at<edgeattn_model>(model), raws.data(), raws.size(), inputs, error);
  }));
}

}  // namespace

EDGEATTN_JNI(jobjectArray, prepareTexts)
(JNIEnv* env, jclass, jlong model, jobjectArray texts, jobjectArray pairs, jbyteArray prompt, jobject reader) {
  return guarded(env, [&] {
    const Texts first(env, texts), second(env, pairs);
    const Text name(env, prompt);
    auto options = edgeattn_text_options_default();
    options.pairs = second.get();
    options.pair_count = second.size();
    options.prompt = name.get();
    std::size_t cut = 0;
    auto* tensors = arrays(env, handed<edgeattn_tensors*>(env, [&](auto* inputs, auto* error) {
      return edgeattn_prepare_text(at<edgeattn_model>(model), first.get(), first.size(), &options, &cut, inputs, error);
    }));
    if (cut > 0) Method(env, reader, "cut", "(I)V")(static_cast<jint>(cut));
    return tensors;
  });
}

EDGEATTN_JNI(jobjectArray, prepareImages)(JNIEnv* env, jclass, jlong model, jlongArray sizes, jobjectArray pixels) {
  return guarded(env, [&] {
    const auto size = numbers_of(env, sizes);
    const auto bytes = rows_of<jbyteArray, jbyte>(env, pixels, &JNIEnv::GetByteArrayRegion);
    std::vector<edgeattn_image> images;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      images.push_back({size.at(3 * i), size.at(3 * i + 1), size.at(3 * i + 2),
                        reinterpret_cast<const std::uint8_t*>(bytes[i].data()), bytes[i].size()});
    return prepared(env, model, images, edgeattn_prepare_image);
  });
}

EDGEATTN_JNI(jobjectArray, prepareSounds)(JNIEnv* env, jclass, jlong model, jlongArray sizes, jobjectArray samples) {
  return guarded(env, [&] {
    const auto size = numbers_of(env, sizes);
    const auto rows = rows_of<jfloatArray, jfloat>(env, samples, &JNIEnv::GetFloatArrayRegion);
    std::vector<edgeattn_sound> sounds;
    for (std::size_t i = 0; i < rows.size(); ++i)
      sounds.push_back({size.at(3 * i), size.at(3 * i + 1), size.at(3 * i + 2), rows[i].data(), rows[i].size()});
    return prepared(env, model, sounds, edgeattn_prepare_audio);
  });
}

EDGEATTN_JNI(jobjectArray, prepareSeries)(JNIEnv* env, jclass, jlong model, jlongArray sizes, jobjectArray values) {
  return guarded(env, [&] {
    const auto size = numbers_of(env, sizes);
    const auto rows = rows_of<jdoubleArray, jdouble>(env, values, &JNIEnv::GetDoubleArrayRegion);
    std::vector<edgeattn_series> sets;
    for (std::size_t i = 0; i < rows.size(); ++i)
      sets.push_back({size.at(2 * i), size.at(2 * i + 1), rows[i].data(), rows[i].size()});
    return prepared(env, model, sets, edgeattn_prepare_series);
  });
}

EDGEATTN_JNI(jobjectArray, prepareFiles)
(JNIEnv* env, jclass, jlong model, jint kind, jobjectArray paths, jobjectArray contents) {
  return guarded(env, [&] {
    std::vector<Text> names;
    std::vector<std::string> bytes;
    each<jbyteArray>(env, paths, [&](jbyteArray path) { names.emplace_back(env, path); });
    each<jbyteArray>(env, contents, [&](jbyteArray content) {
      bytes.push_back(content ? bytes_of(env, content) : std::string());
    });
    std::vector<edgeattn_file> files;
    for (std::size_t i = 0; i < names.size(); ++i)
      files.push_back({names[i].get(), bytes.at(i).data(), bytes.at(i).size()});
    constexpr Function<edgeattn_file> functions[] = {edgeattn_prepare_image_files, edgeattn_prepare_audio_files,
                                                     edgeattn_prepare_series_files};
    return prepared(env, model, files, functions[kind]);
  });
}

EDGEATTN_JNI(jobjectArray, readSound)(JNIEnv* env, jclass, jbyteArray path, jbyteArray content, jlongArray rate) {
  return guarded(env, [&] {
    const Text name(env, path);
    const auto bytes = content ? bytes_of(env, content) : std::string();
    const edgeattn_file file{name.get(), bytes.data(), bytes.size()};
    std::int64_t hertz = 0;
    auto* sound = arrays(env, handed<edgeattn_tensors*>(env, [&](auto* samples, auto* error) {
      return edgeattn_read_audio(&file, &hertz, samples, error);
    }));
    const jlong found = hertz;
    env->SetLongArrayRegion(rate, 0, 1, &found);
    return sound;
  });
}
