// Library.java's calls, on onnxruntime's C API.

#include <jni.h>
#include <onnxruntime_c_api.h>
#include <stdlib.h>
#include <string.h>

#define NATIVE(type, name) JNIEXPORT type JNICALL Java_ai_onnxruntime_Library_##name
enum { MOST = 64 };  // inputs or outputs of a graph

static const OrtApi* api;
static OrtEnv* environment;
static OrtMemoryInfo* memory;

// Throws where a call failed; says whether it did.
static int failed(JNIEnv* jni, OrtStatus* status) {
  if (status == NULL) return 0;
  jclass kind = (*jni)->FindClass(jni, "ai/onnxruntime/OrtException");
  jmethodID make = (*jni)->GetMethodID(jni, kind, "<init>", "(Ljava/lang/String;)V");
  jstring message = (*jni)->NewStringUTF(jni, api->GetErrorMessage(status));
  (*jni)->Throw(jni, (*jni)->NewObject(jni, kind, make, message));
  api->ReleaseStatus(status);
  return 1;
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM* machine, void* reserved) {
  (void)machine, (void)reserved;
  setenv("ORT_DISABLE_TELEMETRY", "1", 1);
  api = OrtGetApiBase()->GetApi(ORT_API_VERSION);
  OrtStatus* made = api->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "engine", &environment);
  OrtStatus* placed = api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory);
  return made == NULL && placed == NULL ? JNI_VERSION_1_8 : JNI_ERR;
}

static jobjectArray texts(JNIEnv* jni, jsize count) {
  return (*jni)->NewObjectArray(jni, count, (*jni)->FindClass(jni, "java/lang/String"), NULL);
}

static char* copied(JNIEnv* jni, jobjectArray texts, jsize i) {
  jstring text = (*jni)->GetObjectArrayElement(jni, texts, i);
  const char* bytes = (*jni)->GetStringUTFChars(jni, text, NULL);
  char* copy = strdup(bytes);
  (*jni)->ReleaseStringUTFChars(jni, text, bytes);
  return copy;
}

NATIVE(jstring, version)(JNIEnv* jni, jclass self) {
  (void)self;
  return (*jni)->NewStringUTF(jni, OrtGetApiBase()->GetVersionString());
}

NATIVE(jobjectArray, providers)(JNIEnv* jni, jclass self) {
  (void)self;
  char** names;
  int count;
  if (failed(jni, api->GetAvailableProviders(&names, &count))) return NULL;
  jobjectArray found = texts(jni, count);
  for (int i = 0; i < count; i++) (*jni)->SetObjectArrayElement(jni, found, i, (*jni)->NewStringUTF(jni, names[i]));
  failed(jni, api->ReleaseAvailableProviders(names, count));
  return found;
}

NATIVE(jlong, open)(JNIEnv* jni, jclass self, jstring path, jint threads, jboolean arena, jboolean pattern,
                    jobjectArray names, jobjectArray values) {
  (void)self;
  OrtSessionOptions* options;
  OrtSession* session = NULL;
  if (failed(jni, api->CreateSessionOptions(&options))) return 0;
  int wrong = failed(jni, api->SetIntraOpNumThreads(options, threads)) ||
              failed(jni, arena ? api->EnableCpuMemArena(options) : api->DisableCpuMemArena(options)) ||
              failed(jni, pattern ? api->EnableMemPattern(options) : api->DisableMemPattern(options));
  for (jsize i = 0; !wrong && i < (*jni)->GetArrayLength(jni, names); i++) {
    char *name = copied(jni, names, i), *value = copied(jni, values, i);
    wrong = failed(jni, api->AddSessionConfigEntry(options, name, value));
    free(name), free(value);
  }
  const char* place = (*jni)->GetStringUTFChars(jni, path, NULL);
  if (!wrong) failed(jni, api->CreateSession(environment, place, options, &session));
  (*jni)->ReleaseStringUTFChars(jni, path, place);
  api->ReleaseSessionOptions(options);
  return (jlong)session;
}

NATIVE(void, close)(JNIEnv* jni, jclass self, jlong session) {
  (void)jni, (void)self;
  api->ReleaseSession((OrtSession*)session);
}

static jsize counted(JNIEnv* jni, OrtSession* session, jboolean outputs) {
  size_t count = 0;
  failed(jni, outputs ? api->SessionGetOutputCount(session, &count) : api->SessionGetInputCount(session, &count));
  return (jsize)count;
}

NATIVE(jobjectArray, names)(JNIEnv* jni, jclass self, jlong handle, jboolean outputs) {
  (void)self;
  OrtSession* session = (OrtSession*)handle;
  jsize count = counted(jni, session, outputs);
  jobjectArray found = texts(jni, count);
  OrtAllocator* allocator;
  if (failed(jni, api->GetAllocatorWithDefaultOptions(&allocator))) return NULL;
  for (jsize i = 0; i < count; i++) {
    char* name;
    if (failed(jni, outputs ? api->SessionGetOutputName(session, i, allocator, &name)
                            : api->SessionGetInputName(session, i, allocator, &name)))
      return NULL;
    (*jni)->SetObjectArrayElement(jni, found, i, (*jni)->NewStringUTF(jni, name));
    failed(jni, api->AllocatorFree(allocator, name));
  }
  return found;
}

NATIVE(jintArray, types)(JNIEnv* jni, jclass self, jlong handle, jboolean outputs) {
  (void)self;
  OrtSession* session = (OrtSession*)handle;
  jsize count = counted(jni, session, outputs);
  jintArray found = (*jni)->NewIntArray(jni, count);
  for (jsize i = 0; i < count; i++) {
    OrtTypeInfo* info;
    const OrtTensorTypeAndShapeInfo* tensor;
    ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    if (failed(jni, outputs ? api->SessionGetOutputTypeInfo(session, i, &info)
                            : api->SessionGetInputTypeInfo(session, i, &info)))
      return NULL;
    if (failed(jni, api->CastTypeInfoToTensorInfo(info, &tensor))) return NULL;
    if (tensor != NULL && failed(jni, api->GetTensorElementType(tensor, &type))) return NULL;
    api->ReleaseTypeInfo(info);
    jint number = type;
    (*jni)->SetIntArrayRegion(jni, found, i, 1, &number);
  }
  return found;
}

static OrtValue* value(JNIEnv* jni, jobjectArray data, jobjectArray shapes, jintArray types, jsize i) {
  jobject buffer = (*jni)->GetObjectArrayElement(jni, data, i);
  jlongArray shape = (*jni)->GetObjectArrayElement(jni, shapes, i);
  jint type;
  (*jni)->GetIntArrayRegion(jni, types, i, 1, &type);
  jlong* dims = (*jni)->GetLongArrayElements(jni, shape, NULL);
  void* bytes = (*jni)->GetDirectBufferAddress(jni, buffer);
  OrtValue* made = NULL;
  failed(jni, api->CreateTensorWithDataAsOrtValue(memory, bytes == NULL ? &made : bytes,
                                                  (*jni)->GetDirectBufferCapacity(jni, buffer), (int64_t*)dims,
                                                  (*jni)->GetArrayLength(jni, shape), type, &made));
  (*jni)->ReleaseLongArrayElements(jni, shape, dims, JNI_ABORT);
  return made;
}

// Appends bytes, shape and type of an output.
static void take(JNIEnv* jni, OrtValue* output, jobjectArray found, jsize i) {
  static const int SIZES[] = {0, 4, 1, 1, 2, 2, 4, 8, 0, 1, 2, 8, 4, 8};  // by ONNX's number of the type
  OrtTensorTypeAndShapeInfo* info;
  ONNXTensorElementDataType type;
  size_t rank, count;
  int64_t dims[MOST];
  void* bytes;
  if (failed(jni, api->GetTensorTypeAndShape(output, &info)) || failed(jni, api->GetTensorElementType(info, &type)) ||
      failed(jni, api->GetDimensionsCount(info, &rank)) || failed(jni, api->GetDimensions(info, dims, rank)) ||
      failed(jni, api->GetTensorShapeElementCount(info, &count)) ||
      failed(jni, api->GetTensorMutableData(output, &bytes)))
    return;
  jsize size = (jsize)(count * SIZES[type]);
  jbyteArray copy = (*jni)->NewByteArray(jni, size);
  (*jni)->SetByteArrayRegion(jni, copy, 0, size, bytes);
  jlongArray shape = (*jni)->NewLongArray(jni, (jsize)rank);
  (*jni)->SetLongArrayRegion(jni, shape, 0, (jsize)rank, (jlong*)dims);
  jintArray kind = (*jni)->NewIntArray(jni, 1);
  jint number = type;
  (*jni)->SetIntArrayRegion(jni, kind, 0, 1, &number);
  (*jni)->SetObjectArrayElement(jni, found, 3 * i, copy);
  (*jni)->SetObjectArrayElement(jni, found, 3 * i + 1, shape);
  (*jni)->SetObjectArrayElement(jni, found, 3 * i + 2, kind);
  api->ReleaseTensorTypeAndShapeInfo(info);
}

NATIVE(jobjectArray, run)(JNIEnv* jni, jclass self, jlong session, jobjectArray inputs, jobjectArray data,
                          jobjectArray shapes, jintArray types, jobjectArray outputs, jobjectArray places,
                          jobjectArray placeShapes, jintArray placeTypes) {
  (void)self;
  jsize given = (*jni)->GetArrayLength(jni, inputs), asked = (*jni)->GetArrayLength(jni, outputs);
  char *names[MOST], *outputNames[MOST];
  OrtValue *values[MOST] = {0}, *answers[MOST] = {0};
  jobjectArray found = NULL;
  for (jsize i = 0; i < given; i++) {
    names[i] = copied(jni, inputs, i);
    if (!(*jni)->ExceptionCheck(jni)) values[i] = value(jni, data, shapes, types, i);
  }
  for (jsize i = 0; i < asked; i++) {
    outputNames[i] = copied(jni, outputs, i);
    if (places != NULL && !(*jni)->ExceptionCheck(jni)) answers[i] = value(jni, places, placeShapes, placeTypes, i);
  }
  if (!(*jni)->ExceptionCheck(jni) &&
      !failed(jni, api->Run((OrtSession*)session, NULL, (const char* const*)names, (const OrtValue* const*)values, given,
                            (const char* const*)outputNames, asked, answers)) &&
      places == NULL) {
    found = (*jni)->NewObjectArray(jni, 3 * asked, (*jni)->FindClass(jni, "java/lang/Object"), NULL);
    for (jsize i = 0; i < asked; i++) take(jni, answers[i], found, i);
  }
  for (jsize i = 0; i < given; i++) free(names[i]), api->ReleaseValue(values[i]);
  for (jsize i = 0; i < asked; i++) free(outputNames[i]), api->ReleaseValue(answers[i]);
  return found;
}
