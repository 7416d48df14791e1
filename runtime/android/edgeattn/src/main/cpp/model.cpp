// load, describe and close.
#include "boundary.hpp"

namespace {

void list(JNIEnv* env, jobject reader, bool is_input, const edgeattn_tensor_spec* specs, std::size_t count) {
  const Method spec(env, reader, "spec", "(Z[B[B)V"), dim(env, reader, "dim", "([BJ)V");
  for (std::size_t i = 0; i < count; ++i) {
    const Local name(env, bytes(env, specs[i].name)), dtype(env, bytes(env, specs[i].dtype));
    spec(static_cast<jboolean>(is_input), name.get(), dtype.get());
    for (std::size_t axis = 0; axis < specs[i].rank; ++axis) {
      const auto& each = specs[i].dims[axis];
      const Local symbol(env, each.symbol ? bytes(env, each.symbol) : nullptr);
      dim(symbol.get(), static_cast<jlong>(each.size));
    }
  }
}

}  // namespace

EDGEATTN_JNI(jlong, load)
(JNIEnv* env, jclass, jbyteArray folder, jbyteArray target, jint threads, jobjectArray trusted_keys) {
  return guarded(env, [&] {
    const Text path(env, folder), name(env, target);
    std::vector<Text> keys;
    each<jbyteArray>(env, trusted_keys, [&](jbyteArray key) { keys.emplace_back(env, key); });
    std::vector<const char*> texts;
    for (const auto& key : keys) texts.push_back(key.get());
    auto options = edgeattn_load_options_default();
    options.target = name.get();
    options.threads = threads;
    options.trusted_keys = texts.empty() ? nullptr : texts.data();
    options.trusted_key_count = texts.size();
    return address(handed<edgeattn_model*>(
        env, [&](auto* model, auto* error) { return edgeattn_load(path.get(), &options, model, error); }));
  });
}

EDGEATTN_JNI(void, open)(JNIEnv* env, jclass, jlong model, jbyteArray graph) {
  guarded(env, [&] {
    const Text name(env, graph);
    called(env, [&](auto* error) { return edgeattn_open(at<edgeattn_model>(model), name.get(), error); });
  });
}

EDGEATTN_JNI(void, warmUp)(JNIEnv* env, jclass, jlong model) {
  guarded(env, [&] {
    called(env, [&](auto* error) { return edgeattn_warm_up(at<edgeattn_model>(model), error); });
  });
}

EDGEATTN_JNI(void, free)(JNIEnv*, jclass, jlong model) { edgeattn_model_free(at<edgeattn_model>(model)); }

EDGEATTN_JNI(jbyteArray, describe)(JNIEnv* env, jclass, jlong model) {
  return guarded(env, [&] {
    return taken(env, handed<char*>(env, [&](auto* text, auto* error) {
                   return edgeattn_describe(at<edgeattn_model>(model), text, error);
                 }));
  });
}

EDGEATTN_JNI(jbyteArray, manifest)(JNIEnv* env, jclass, jlong model) {
  return guarded(env, [&] {
    return taken(env, handed<char*>(env, [&](auto* json, auto* error) {
                   return edgeattn_manifest(at<edgeattn_model>(model), json, error);
                 }));
  });
}

EDGEATTN_JNI(void, contract)(JNIEnv* env, jclass, jlong model, jobject reader) {
  guarded(env, [&] {
    std::size_t count = 0;
    const auto* graphs = handed<const edgeattn_graph_spec*>(env, [&](auto* graphs, auto* error) {
      return edgeattn_contract(at<edgeattn_model>(model), graphs, &count, error);
    });
    const Method graph(env, reader, "graph", "([B)V");
    for (std::size_t i = 0; i < count; ++i) {
      const Local name(env, bytes(env, graphs[i].name));
      graph(name.get());
      list(env, reader, true, graphs[i].inputs, graphs[i].input_count);
      list(env, reader, false, graphs[i].outputs, graphs[i].output_count);
    }
  });
}
