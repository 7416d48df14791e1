// Arrays as they cross, all of a call at once: of each its name, dtype, dims and numbers, as in Tensor.kt.
#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>
#include <stdexcept>

#include "boundary.hpp"

namespace {

constexpr jsize kPlaces = 4;  // of an array

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// Returns how many bytes a number of a dtype has.
std::size_t width(std::string_view dtype) {
  return ends_with(dtype, "64") ? 8 : ends_with(dtype, "32") ? 4 : ends_with(dtype, "16") ? 2 : 1;
}

/// Returns a primitive array for numbers: of as many bits, and real where Java has such reals.
jarray made(JNIEnv* env, std::string_view dtype, jsize count) {
  if (dtype == "float32") return env->NewFloatArray(count);
  if (dtype == "float64") return env->NewDoubleArray(count);
  switch (width(dtype)) {
    case 8: return env->NewLongArray(count);
    case 4: return env->NewIntArray(count);
    case 2: return env->NewShortArray(count);
    default: return env->NewByteArray(count);
  }
}

jarray numbers(JNIEnv* env, const edgeattn_tensor& view) {
  const auto count = view.bytes / width(view.dtype);
  if (count > std::numeric_limits<jsize>::max()) throw std::runtime_error("an array of more than 2^31 - 1 numbers found");
  jarray array = made(env, view.dtype, static_cast<jsize>(count));
  checked(env);
  void* place = env->GetPrimitiveArrayCritical(array, nullptr);  // the JVM is asked nothing until it is released
  if (!place) throw std::bad_alloc();
  std::copy_n(static_cast<const std::byte*>(view.data), view.bytes, static_cast<std::byte*>(place));
  env->ReleasePrimitiveArrayCritical(array, place, 0);
  return array;
}

}  // namespace

Tensors::Tensors(JNIEnv* env, jobjectArray arrays)
    : Owned(arrays ? edgeattn_tensors_new() : nullptr, edgeattn_tensors_free) {
  if (arrays && !get()) throw std::bad_alloc();
  for (jsize i = 0, count = arrays ? env->GetArrayLength(arrays) : 0; i < count; i += kPlaces) {
    const Local<jobject> names(env, env->GetObjectArrayElement(arrays, i)), dtypes(env, env->GetObjectArrayElement(arrays, i + 1)),
        sizes(env, env->GetObjectArrayElement(arrays, i + 2)), values(env, env->GetObjectArrayElement(arrays, i + 3));
    const Text name(env, static_cast<jbyteArray>(names.get())), dtype(env, static_cast<jbyteArray>(dtypes.get()));
    const auto dims = numbers_of(env, static_cast<jlongArray>(sizes.get()));
    auto* array = static_cast<jarray>(values.get());
    const auto bytes = static_cast<std::size_t>(env->GetArrayLength(array)) * width(dtype.get());
    called(env, [&](auto* error) {
      void* data = env->GetPrimitiveArrayCritical(array, nullptr);
      const edgeattn_tensor view{name.get(), dtype.get(), dims.data(), dims.size(), data, bytes};
      const auto status = edgeattn_tensors_put(get(), &view, error);
      if (data) env->ReleasePrimitiveArrayCritical(array, data, JNI_ABORT);
      return status;
    });
  }
}

jobjectArray arrays(JNIEnv* env, edgeattn_tensors* tensors) {
  const Owned owned(tensors, edgeattn_tensors_free);
  static const auto object = static_cast<jclass>(env->NewGlobalRef(env->FindClass("java/lang/Object")));
  const auto count = static_cast<jsize>(edgeattn_tensors_count(tensors));
  jobjectArray found = env->NewObjectArray(kPlaces * count, object, nullptr);
  checked(env);
  for (jsize i = 0; i < count; ++i) {
    edgeattn_tensor view{};
    called(env, [&](auto* error) { return edgeattn_tensors_get(tensors, static_cast<std::size_t>(i), &view, error); });
    const Local<jobject> places[] = {{env, bytes(env, view.name)},
                                     {env, bytes(env, view.dtype)},
                                     {env, longs(env, view.dims, view.rank)},
                                     {env, numbers(env, view)}};
    for (jsize place = 0; place < kPlaces; ++place) env->SetObjectArrayElement(found, kPlaces * i + place, places[place].get());
  }
  return found;
}
