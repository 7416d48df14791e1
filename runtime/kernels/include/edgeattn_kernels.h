/* Kernels for onnxruntime: operators of the domain "edgeattn", for sessions whose options they are registered
 * in. */
#ifndef EDGEATTN_KERNELS_H
#define EDGEATTN_KERNELS_H

#include <onnxruntime_c_api.h>

#define EDGEATTN_KERNELS_VERSION "0.1.0" /* the release */
#define EDGEATTN_KERNELS_DOMAIN_VERSION 1 /* of the nodes of bundles */

#if defined(_WIN32)
#define EDGEATTN_KERNELS_EXPORT __declspec(dllexport)
#else
#define EDGEATTN_KERNELS_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Adds the operators to these options. onnxruntime calls it by this name when an app registers the library's
   file; an app that links the library calls it itself. Returns null, or a status that the caller releases. */
EDGEATTN_KERNELS_EXPORT OrtStatus* ORT_API_CALL RegisterCustomOps(OrtSessionOptions* options,
                                                                  const OrtApiBase* base);

/* The instruction set that the kernels use on this CPU, such as "AVX3_DL" or "AVX2"; a static text. */
EDGEATTN_KERNELS_EXPORT const char* edgeattn_kernels_instruction_set(void);

/* What layers were multiplied by that this CPU can multiply in two ways: a line for each shape that was timed, such
   as "384 x 1536: i8mm; i8mm takes 0.62 of the time of dot products". The text lives until the thread's next call. */
EDGEATTN_KERNELS_EXPORT const char* edgeattn_kernels_choices(void);

/* The library's release, such as "0.1.0"; a static text. */
EDGEATTN_KERNELS_EXPORT const char* edgeattn_kernels_version(void);

/* The version of the domain "edgeattn" whose nodes it runs. */
EDGEATTN_KERNELS_EXPORT int edgeattn_kernels_domain_version(void);

#ifdef __cplusplus
}
#endif

#endif
