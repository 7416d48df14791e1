// run, run_many, check and bench, and what ends them.
#include <deque>

#include "boundary.hpp"

void list(JNIEnv* env, jobject reader, edgeattn_golden_results* results) {
  const Owned owned(results, edgeattn_golden_results_free);
  const Method golden(env, reader, "golden", "(J[BDDZ)V");
  std::size_t count = 0;
  const auto* first = edgeattn_golden_results_get(results, &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& each = *first[i];
    const Local output(env, bytes(env, each.output));
    golden(static_cast<jlong>(each.sample), output.get(), each.error, each.max_abs, static_cast<jboolean>(each.ok != 0));
  }
}

EDGEATTN_JNI(jlong, newCancellation)(JNIEnv* env, jclass) {
  auto* cancellation = edgeattn_cancellation_new();
  if (!cancellation) raise(env, EDGEATTN_RESOURCE_ERROR, "no memory left; free some");
  return address(cancellation);
}

EDGEATTN_JNI(void, cancel)(JNIEnv*, jclass, jlong cancellation) {
  edgeattn_cancellation_cancel(at<edgeattn_cancellation>(cancellation));
}

EDGEATTN_JNI(void, freeCancellation)(JNIEnv*, jclass, jlong cancellation) {
  edgeattn_cancellation_free(at<edgeattn_cancellation>(cancellation));
}

EDGEATTN_JNI(jobjectArray, run)
(JNIEnv* env, jclass, jlong model, jbyteArray graph, jobjectArray inputs, jlong deadline, jlong cancellation) {
  return guarded(env, [&] {
    const Text name(env, graph);
    const Tensors tensors(env, inputs);
    const auto options = limits(deadline, cancellation);
    return arrays(env, handed<edgeattn_tensors*>(env, [&](auto* outputs, auto* error) {
      return edgeattn_run(at<edgeattn_model>(model), name.get(), tensors.get(), &options, outputs, error);
    }));
  });
}

/// Puts the answers in the places of the samples.
EDGEATTN_JNI(void, runMany)
(JNIEnv* env, jclass, jlong model, jbyteArray graph, jobjectArray samples, jlong deadline, jlong cancellation) {
  guarded(env, [&] {
    const Text name(env, graph);
    const auto options = limits(deadline, cancellation);
    std::deque<Tensors> tensors;
    std::vector<const edgeattn_tensors*> inputs;
    each<jobjectArray>(env, samples, [&](jobjectArray sample) { inputs.push_back(tensors.emplace_back(env, sample).get()); });
    std::vector<edgeattn_tensors*> answers(inputs.size());
    called(env, [&](auto* error) {
      return edgeattn_run_many(at<edgeattn_model>(model), name.get(), inputs.data(), inputs.size(), &options,
                               answers.data(), error);
    });
    std::deque<Owned<edgeattn_tensors>> owned;
    for (auto* answer : answers) owned.emplace_back(answer, edgeattn_tensors_free);
    for (std::size_t i = 0; i < owned.size(); ++i) {
      const Local answer(env, arrays(env, owned[i].release()));
      env->SetObjectArrayElement(samples, static_cast<jsize>(i), answer.get());
    }
  });
}

EDGEATTN_JNI(void, check)(JNIEnv* env, jclass, jlong model, jlong deadline, jlong cancellation, jobject reader) {
  guarded(env, [&] {
    const auto options = limits(deadline, cancellation);
    list(env, reader, handed<edgeattn_golden_results*>(env, [&](auto* results, auto* error) {
           return edgeattn_check(at<edgeattn_model>(model), &options, results, error);
         }));
  });
}

EDGEATTN_JNI(jbyteArray, bench)
(JNIEnv* env, jclass, jbyteArray folder, jbyteArray target, jintArray threads, jint rounds, jint warmup, jboolean kernels) {
  return guarded(env, [&] {
    const Text path(env, folder), name(env, target);
    std::vector<jint> counts(static_cast<std::size_t>(env->GetArrayLength(threads)));
    env->GetIntArrayRegion(threads, 0, static_cast<jsize>(counts.size()), counts.data());
    auto options = edgeattn_bench_options_default();
    options.target = name.get();
    options.threads = counts.data();
    options.thread_count = counts.size();
    options.rounds = rounds;
    options.warmup = warmup;
    options.kernels = kernels;
    return taken(env, handed<char*>(env, [&](auto* json, auto* error) {
                   return edgeattn_bench(path.get(), &options, json, error);
                 }));
  });
}
