// Arrays, in the core's memory.
#include "boundary.hpp"

namespace {

edgeattn_tensor view_of(JNIEnv* env, jlong tensors, jint index) {
  edgeattn_tensor view{};
  called(env, [&](auto* error) {
    return edgeattn_tensors_get(at<edgeattn_tensors>(tensors), static_cast<std::size_t>(index), &view, error);
  });
  return view;
}

jobject buffer(JNIEnv* env, void* data, std::size_t size) {
  return size == 0 ? nullptr : env->NewDirectByteBuffer(data, static_cast<jlong>(size));
}

std::size_t size_of(const edgeattn_tensors* tensors, const char* name) {
  edgeattn_tensor view{};
  for (std::size_t i = 0; edgeattn_tensors_get(tensors, i, &view, nullptr) == EDGEATTN_OK; ++i)
    if (std::string(view.name) == name) return view.bytes;
  return 0;
}

}  // namespace

EDGEATTN_JNI(jlong, newTensors)(JNIEnv* env, jclass) {
  auto* tensors = edgeattn_tensors_new();
  if (!tensors) raise(env, EDGEATTN_RESOURCE_ERROR, "no memory left; free some");
  return address(tensors);
}

EDGEATTN_JNI(void, freeTensors)(JNIEnv*, jclass, jlong tensors) { edgeattn_tensors_free(at<edgeattn_tensors>(tensors)); }

EDGEATTN_JNI(jint, countTensors)(JNIEnv*, jclass, jlong tensors) {
  return static_cast<jint>(edgeattn_tensors_count(at<edgeattn_tensors>(tensors)));
}

EDGEATTN_JNI(jobject, addTensor)
(JNIEnv* env, jclass, jlong tensors, jbyteArray name, jbyteArray dtype, jlongArray dims) {
  return guarded(env, [&] {
    const Text called_so(env, name), of(env, dtype);
    const auto sizes = numbers_of(env, dims);
    auto* data = handed<void*>(env, [&](auto* data, auto* error) {
      return edgeattn_tensors_add(at<edgeattn_tensors>(tensors), called_so.get(), of.get(), sizes.data(), sizes.size(),
                                  data, error);
    });
    return buffer(env, data, size_of(at<edgeattn_tensors>(tensors), called_so.get()));
  });
}

EDGEATTN_JNI(jbyteArray, nameOfTensor)(JNIEnv* env, jclass, jlong tensors, jint index) {
  return guarded(env, [&] { return bytes(env, view_of(env, tensors, index).name); });
}

EDGEATTN_JNI(jbyteArray, dtypeOfTensor)(JNIEnv* env, jclass, jlong tensors, jint index) {
  return guarded(env, [&] { return bytes(env, view_of(env, tensors, index).dtype); });
}

EDGEATTN_JNI(jlongArray, dimsOfTensor)(JNIEnv* env, jclass, jlong tensors, jint index) {
  return guarded(env, [&] {
    const auto view = view_of(env, tensors, index);
    jlongArray dims = env->NewLongArray(static_cast<jsize>(view.rank));
    checked(env);
    env->SetLongArrayRegion(dims, 0, static_cast<jsize>(view.rank), reinterpret_cast<const jlong*>(view.dims));
    return dims;
  });
}

EDGEATTN_JNI(jobject, dataOfTensor)(JNIEnv* env, jclass, jlong tensors, jint index) {
  return guarded(env, [&] {
    const auto view = view_of(env, tensors, index);
    return buffer(env, const_cast<void*>(view.data), view.bytes);
  });
}
