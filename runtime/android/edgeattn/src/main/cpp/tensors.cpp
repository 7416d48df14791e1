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

EDGEATTN_JNI(void, putTensor)
(JNIEnv* env, jclass, jlong tensors, jbyteArray name, jbyteArray dtype, jlongArray dims, jarray values, jlong size) {
  guarded(env, [&] {
    const Text called_so(env, name), of(env, dtype);
    const auto sizes = numbers_of(env, dims);
    called(env, [&](auto* error) {
      void* data = env->GetPrimitiveArrayCritical(values, nullptr);  // the JVM is asked nothing until it is released
      const edgeattn_tensor view{called_so.get(), of.get(), sizes.data(), sizes.size(), data, static_cast<std::size_t>(size)};
      const auto status = edgeattn_tensors_put(at<edgeattn_tensors>(tensors), &view, error);
      if (data) env->ReleasePrimitiveArrayCritical(values, data, JNI_ABORT);
      return status;
    });
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
    return view.bytes == 0 ? nullptr
                           : env->NewDirectByteBuffer(const_cast<void*>(view.data), static_cast<jlong>(view.bytes));
  });
}
