#include "boundary.hpp"

#include <cstring>
#include <limits>
#include <stdexcept>

void checked(JNIEnv* env) {
  if (env->ExceptionCheck()) throw Pending();
}

void raise(JNIEnv* env, edgeattn_status status, const char* message) noexcept {
  if (env->ExceptionCheck()) return;
  const auto length = static_cast<jsize>(std::strlen(message));
  jclass native = env->FindClass("edgeattn/Native");
  jbyteArray text = native ? env->NewByteArray(length) : nullptr;
  if (!text) return;  // which is an exception of its own
  env->SetByteArrayRegion(text, 0, length, reinterpret_cast<const jbyte*>(message));
  jmethodID failure = env->GetStaticMethodID(native, "failure", "(I[B)Ledgeattn/EdgeAttnError;");
  jobject error = failure ? env->CallStaticObjectMethod(native, failure, static_cast<jint>(status), text) : nullptr;
  if (error && !env->ExceptionCheck()) env->Throw(static_cast<jthrowable>(error));
  env->DeleteLocalRef(text);
}

void checked(JNIEnv* env, edgeattn_status status, edgeattn_error* error) {
  if (status == EDGEATTN_OK) return;
  raise(env, status, edgeattn_error_message(error));
  edgeattn_error_free(error);
  throw Pending();
}

std::string bytes_of(JNIEnv* env, jbyteArray bytes) {
  std::string text(static_cast<std::size_t>(env->GetArrayLength(bytes)), '\0');
  env->GetByteArrayRegion(bytes, 0, static_cast<jsize>(text.size()), reinterpret_cast<jbyte*>(text.data()));
  return text;
}

Text::Text(JNIEnv* env, jbyteArray bytes) : given_(bytes != nullptr) {
  if (given_) text_ = bytes_of(env, bytes);
  if (text_.find('\0') == std::string::npos) return;
  raise(env, EDGEATTN_INPUT_ERROR, "a text with a NUL found, one without expected");
  throw Pending();
}

std::vector<std::int64_t> numbers_of(JNIEnv* env, jlongArray numbers) {
  static_assert(sizeof(jlong) == sizeof(std::int64_t));
  std::vector<std::int64_t> copy(static_cast<std::size_t>(env->GetArrayLength(numbers)));
  env->GetLongArrayRegion(numbers, 0, static_cast<jsize>(copy.size()), reinterpret_cast<jlong*>(copy.data()));
  return copy;
}

jbyteArray bytes(JNIEnv* env, std::string_view text) {
  if (text.size() > std::numeric_limits<jsize>::max()) throw std::runtime_error("a text of more than 2 GB found");
  const auto size = static_cast<jsize>(text.size());
  jbyteArray bytes = env->NewByteArray(size);
  checked(env);
  env->SetByteArrayRegion(bytes, 0, size, reinterpret_cast<const jbyte*>(text.data()));
  return bytes;
}

jlongArray longs(JNIEnv* env, const std::int64_t* numbers, std::size_t count) {
  const auto size = static_cast<jsize>(count);
  jlongArray array = env->NewLongArray(size);
  checked(env);
  env->SetLongArrayRegion(array, 0, size, reinterpret_cast<const jlong*>(numbers));
  return array;
}

jbyteArray taken(JNIEnv* env, char* text) {
  const Owned owned(text, edgeattn_text_free);
  return bytes(env, text);
}

Method::Method(JNIEnv* env, jobject reader, const char* name, const char* signature) : env_(env), reader_(reader) {
  const Local<jclass> type(env, env->GetObjectClass(reader));
  method_ = env->GetMethodID(type.get(), name, signature);
  checked(env);
}
