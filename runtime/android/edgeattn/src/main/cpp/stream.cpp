// stream: a window that moves over a sound or over series, or steps of an encoder that keeps its state.
#include "boundary.hpp"

EDGEATTN_JNI(jlong, newStream)(JNIEnv* env, jclass, jlong model, jlong hop, jlong window) {
  return guarded(env, [&] {
    const edgeattn_stream_options options{sizeof options, hop, window};
    return address(handed<edgeattn_stream*>(env, [&](auto* stream, auto* error) {
      return edgeattn_stream_new(at<edgeattn_model>(model), &options, stream, error);
    }));
  });
}

EDGEATTN_JNI(jlong, newStepStream)(JNIEnv* env, jclass, jlong model) {
  return guarded(env, [&] {
    return address(handed<edgeattn_stream*>(env, [&](auto* stream, auto* error) {
      return edgeattn_step_stream_new(at<edgeattn_model>(model), stream, error);
    }));
  });
}

EDGEATTN_JNI(void, freeStream)(JNIEnv*, jclass, jlong stream) { edgeattn_stream_free(at<edgeattn_stream>(stream)); }

EDGEATTN_JNI(void, pushSound)(JNIEnv* env, jclass, jlong stream, jfloatArray samples, jint channels) {
  guarded(env, [&] {
    std::vector<jfloat> copy(static_cast<std::size_t>(env->GetArrayLength(samples)));
    env->GetFloatArrayRegion(samples, 0, static_cast<jsize>(copy.size()), copy.data());
    called(env, [&](auto* error) {
      return edgeattn_stream_push_audio(at<edgeattn_stream>(stream), copy.data(), copy.size(),
                                        static_cast<std::size_t>(channels), error);
    });
  });
}

EDGEATTN_JNI(void, pushSeries)(JNIEnv* env, jclass, jlong stream, jdoubleArray values, jint series) {
  guarded(env, [&] {
    std::vector<jdouble> copy(static_cast<std::size_t>(env->GetArrayLength(values)));
    env->GetDoubleArrayRegion(values, 0, static_cast<jsize>(copy.size()), copy.data());
    called(env, [&](auto* error) {
      return edgeattn_stream_push_series(at<edgeattn_stream>(stream), copy.data(), copy.size(),
                                         static_cast<std::size_t>(series), error);
    });
  });
}

EDGEATTN_JNI(void, pushArray)(JNIEnv* env, jclass, jlong stream, jobjectArray arrays) {
  guarded(env, [&] {
    const Tensors tensors(env, arrays);
    edgeattn_tensor array{};
    called(env, [&](auto* error) { return edgeattn_tensors_get(tensors.get(), 0, &array, error); });
    called(env, [&](auto* error) { return edgeattn_stream_push_array(at<edgeattn_stream>(stream), &array, error); });
  });
}

EDGEATTN_JNI(void, resetStream)(JNIEnv* env, jclass, jlong stream) {
  guarded(env, [&] {
    called(env, [&](auto* error) { return edgeattn_stream_reset(at<edgeattn_stream>(stream), error); });
  });
}

EDGEATTN_JNI(jobjectArray, next)(JNIEnv* env, jclass, jlong stream, jlong deadline, jlong cancellation, jlongArray end) {
  return guarded(env, [&] {
    const auto options = limits(deadline, cancellation);
    std::int64_t ended = 0;
    auto* outputs = handed<edgeattn_tensors*>(env, [&](auto* outputs, auto* error) {
      return edgeattn_stream_next(at<edgeattn_stream>(stream), &options, &ended, outputs, error);
    });
    const jlong place = ended;
    env->SetLongArrayRegion(end, 0, 1, &place);
    return outputs ? arrays(env, outputs) : nullptr;
  });
}
