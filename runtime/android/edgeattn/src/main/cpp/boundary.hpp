// What crosses between a JVM and the core: texts, arrays and errors.
#pragma once

#include <edgeattn.h>
#include <jni.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#define EDGEATTN_JNI(type, name) extern "C" JNIEXPORT type JNICALL Java_edgeattn_Native_##name

/// A Java exception is pending: nothing more is asked of the JVM.
struct Pending {};

/// A local reference, let go of with its scope.
template <class Object>
class Local {
 public:
  Local(JNIEnv* env, Object object) : env_(env), object_(object) {}
  ~Local() { env_->DeleteLocalRef(object_); }
  Local(const Local&) = delete;
  Local& operator=(const Local&) = delete;
  Object get() const { return object_; }

 private:
  JNIEnv* env_;
  Object object_;
};

/// Throws Pending where a Java exception is.
void checked(JNIEnv* env);

/// Throws the Java exception of a status that is not EDGEATTN_OK, and frees the error.
void checked(JNIEnv* env, edgeattn_status status, edgeattn_error* error);

/// Runs `body`; what it throws becomes a Java exception, and zero is returned.
template <class Body>
auto guarded(JNIEnv* env, Body body) noexcept -> decltype(body());

/// What the core handed out, freed with its scope.
template <class Handle>
class Owned {
 public:
  Owned(Handle* handle, void (*free)(Handle*)) : handle_(handle), free_(free) {}
  ~Owned() { free_(handle_); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  Handle* get() const { return handle_; }
  Handle* release() { return std::exchange(handle_, nullptr); }

 private:
  Handle* handle_;
  void (*free_)(Handle*);
};

/// Calls a function of the core that hands something out.
template <class Value, class Function>
Value handed(JNIEnv* env, Function function) {
  Value value{};
  edgeattn_error* error = nullptr;
  const auto status = function(&value, &error);
  checked(env, status, error);
  return value;
}

/// Calls a function of the core that hands nothing out.
template <class Function>
void called(JNIEnv* env, Function function) {
  edgeattn_error* error = nullptr;
  const auto status = function(&error);
  checked(env, status, error);
}

template <class Handle>
Handle* at(jlong address) {
  return reinterpret_cast<Handle*>(static_cast<std::intptr_t>(address));
}

inline jlong address(const void* handle) { return static_cast<jlong>(reinterpret_cast<std::intptr_t>(handle)); }

/// A text of Java's bytes. Throws where it has a NUL, at which C would end it; null is none.
class Text {
 public:
  Text(JNIEnv* env, jbyteArray bytes);
  const char* get() const { return given_ ? text_.c_str() : nullptr; }

 private:
  bool given_;
  std::string text_;
};

std::string bytes_of(JNIEnv* env, jbyteArray bytes);
std::vector<std::int64_t> numbers_of(JNIEnv* env, jlongArray numbers);
jbyteArray bytes(JNIEnv* env, std::string_view text);

jlongArray longs(JNIEnv* env, const std::int64_t* numbers, std::size_t count);

/// Takes a text that the core handed out.
jbyteArray taken(JNIEnv* env, char* text);

/// Arrays of Java's in the core's memory; null is none.
class Tensors : public Owned<edgeattn_tensors> {
 public:
  Tensors(JNIEnv* env, jobjectArray arrays);
};

/// Takes tensors that the core handed out: arrays as Tensors takes them.
jobjectArray arrays(JNIEnv* env, edgeattn_tensors* tensors);

/// Calls `take(element)` for every element of an array of objects, null among them.
template <class Object, class Take>
void each(JNIEnv* env, jobjectArray array, Take take) {
  for (jsize i = 0, count = env->GetArrayLength(array); i < count; ++i) {
    const Local<Object> element(env, static_cast<Object>(env->GetObjectArrayElement(array, i)));
    checked(env);
    take(element.get());
  }
}

/// A Java array of texts, as the core takes them; null is none.
class Texts {
 public:
  Texts(JNIEnv* env, jobjectArray texts) : given_(texts != nullptr) {
    if (given_) each<jbyteArray>(env, texts, [&](jbyteArray text) { copies_.push_back(bytes_of(env, text)); });
    for (const auto& text : copies_) views_.push_back({text.data(), text.size()});
  }
  const edgeattn_text* get() const { return given_ ? views_.data() : nullptr; }
  std::size_t size() const { return views_.size(); }

 private:
  bool given_;
  std::vector<std::string> copies_;
  std::vector<edgeattn_text> views_;
};

/// A method of a Reader: each call ends where Java throws.
class Method {
 public:
  Method(JNIEnv* env, jobject reader, const char* name, const char* signature);

  template <class... Arguments>
  void operator()(Arguments... arguments) const {
    env_->CallVoidMethod(reader_, method_, arguments...);
    checked(env_);
  }

  template <class... Arguments>
  bool wants(Arguments... arguments) const {
    const bool more = env_->CallBooleanMethod(reader_, method_, arguments...) == JNI_TRUE;
    return more && !env_->ExceptionCheck();
  }

 private:
  JNIEnv* env_;
  jobject reader_;
  jmethodID method_;
};

/// Tells a Reader of golden results, and frees them.
void list(JNIEnv* env, jobject reader, edgeattn_golden_results* results);

inline edgeattn_call_options limits(jlong deadline, jlong cancellation) {
  auto options = edgeattn_call_options_default();
  options.deadline_ms = deadline;
  options.cancellation = at<edgeattn_cancellation>(cancellation);
  return options;
}

/// Throws a Java exception of this status.
void raise(JNIEnv* env, edgeattn_status status, const char* message) noexcept;

template <class Body>
auto guarded(JNIEnv* env, Body body) noexcept -> decltype(body()) {
  using Result = decltype(body());
  try {
    return body();
  } catch (const Pending&) {
  } catch (const std::bad_alloc&) {
    raise(env, EDGEATTN_RESOURCE_ERROR, "no memory left; free some");
  } catch (const std::exception& caught) {
    raise(env, EDGEATTN_ERROR, caught.what());
  } catch (...) {
    raise(env, EDGEATTN_ERROR, "an unknown failure");
  }
  return Result();
}
