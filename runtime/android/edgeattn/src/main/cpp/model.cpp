// load, install, describe and close.
#include "boundary.hpp"

namespace {

void list(JNIEnv* env, jobject reader, bool is_input, const edgeattn_tensor_spec* const* specs, std::size_t count) {
  const Method spec(env, reader, "spec", "(Z[B[B)V"), dim(env, reader, "dim", "([BJ)V");
  for (std::size_t i = 0; i < count; ++i) {
    const Local name(env, bytes(env, specs[i]->name)), dtype(env, bytes(env, specs[i]->dtype));
    spec(static_cast<jboolean>(is_input), name.get(), dtype.get());
    for (std::size_t axis = 0; axis < specs[i]->rank; ++axis) {
      const auto& each = specs[i]->dims[axis];
      const Local symbol(env, each.symbol ? bytes(env, each.symbol) : nullptr);
      dim(symbol.get(), static_cast<jlong>(each.size));
    }
  }
}

/// How a bundle is loaded; what it points into lives as long.
class LoadOptions {
 public:
  LoadOptions(JNIEnv* env, jbyteArray target, jint threads, jobjectArray trusted_keys) : target_(env, target) {
    each<jbyteArray>(env, trusted_keys, [&](jbyteArray key) { keys_.emplace_back(env, key); });
    for (const auto& key : keys_) texts_.push_back(key.get());
    options_.target = target_.get();
    options_.threads = threads;
    options_.trusted_keys = texts_.empty() ? nullptr : texts_.data();
    options_.trusted_key_count = texts_.size();
  }
  LoadOptions(const LoadOptions&) = delete;
  LoadOptions& operator=(const LoadOptions&) = delete;
  void set_kernels(jboolean kernels) { options_.kernels = kernels; }
  const edgeattn_load_options* get() const { return &options_; }

 private:
  Text target_;
  std::vector<Text> keys_;
  std::vector<const char*> texts_;
  edgeattn_load_options options_ = edgeattn_load_options_default();
};

}  // namespace

EDGEATTN_JNI(jlong, load)
(JNIEnv* env, jclass, jbyteArray folder, jbyteArray target, jint threads, jobjectArray trusted_keys, jboolean kernels) {
  return guarded(env, [&] {
    const Text path(env, folder);
    LoadOptions options(env, target, threads, trusted_keys);
    options.set_kernels(kernels);
    return address(handed<edgeattn_model*>(
        env, [&](auto* model, auto* error) { return edgeattn_load(path.get(), options.get(), model, error); }));
  });
}

EDGEATTN_JNI(jlong, loadFiles)
(JNIEnv* env, jclass, jobjectArray names, jlongArray places, jbyteArray target, jint threads, jobjectArray trusted_keys,
 jboolean kernels) {
  return guarded(env, [&] {
    std::vector<Text> texts;
    each<jbyteArray>(env, names, [&](jbyteArray name) { texts.emplace_back(env, name); });
    const auto numbers = numbers_of(env, places);
    std::vector<edgeattn_bundle_file> files;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto* place = &numbers.at(3 * i);
      files.push_back({sizeof(edgeattn_bundle_file), texts[i].get(), nullptr, static_cast<int>(place[0]), place[1],
                       static_cast<std::size_t>(place[2])});
    }
    LoadOptions options(env, target, threads, trusted_keys);
    options.set_kernels(kernels);
    return address(handed<edgeattn_model*>(env, [&](auto* model, auto* error) {
      return edgeattn_load_files(files.data(), files.size(), options.get(), model, error);
    }));
  });
}

EDGEATTN_JNI(void, install)
(JNIEnv* env, jclass, jbyteArray folder, jbyteArray over, jbyteArray target, jint threads, jobjectArray trusted_keys,
 jobject reader) {
  guarded(env, [&] {
    const Text path(env, folder), place(env, over);
    const LoadOptions options(env, target, threads, trusted_keys);
    auto* results = handed<edgeattn_golden_results*>(env, [&](auto* results, auto* error) {
      return edgeattn_install(path.get(), place.get(), options.get(), results, error);
    });
    list(env, reader, results);
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
    const auto* graphs = handed<const edgeattn_graph_spec* const*>(env, [&](auto* graphs, auto* error) {
      return edgeattn_contract(at<edgeattn_model>(model), graphs, &count, error);
    });
    const Method graph(env, reader, "graph", "([B)V");
    for (std::size_t i = 0; i < count; ++i) {
      const Local name(env, bytes(env, graphs[i]->name));
      graph(name.get());
      list(env, reader, true, graphs[i]->inputs, graphs[i]->input_count);
      list(env, reader, false, graphs[i]->outputs, graphs[i]->output_count);
    }
  });
}
