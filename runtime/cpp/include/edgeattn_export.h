/* The release of this library, and what it exports. */
#ifndef EDGEATTN_EXPORT_H
#define EDGEATTN_EXPORT_H

#define EDGEATTN_VERSION "0.1.0"

/* Counts up where a function or a structure of edgeattn.h changes for those who call it. */
#define EDGEATTN_ABI_VERSION 1

#if !defined(_WIN32)
#define EDGEATTN_API __attribute__((visibility("default")))
#elif defined(EDGEATTN_STATIC)
#define EDGEATTN_API
#elif defined(EDGEATTN_BUILDING)
#define EDGEATTN_API __declspec(dllexport)
#else
#define EDGEATTN_API __declspec(dllimport)
#endif

#endif
