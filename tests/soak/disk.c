/* Preloaded: one folder is a disk of its own, FULL_DISK with room for FULL_DISK_ROOM bytes more, or READ_ONLY_DISK. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int lies_in(const char* variable, const char* path) {
  const char* folder = getenv(variable);
  return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

/* Says whether a file on the full disk has no room for so many bytes, and takes it otherwise. */
static int is_full(int file, size_t bytes) {
  static long long room = -1;
  char link[64], path[4096];
  if (!getenv("FULL_DISK")) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (!lies_in("FULL_DISK", path)) return 0;
  if (room < 0) room = atoll(getenv("FULL_DISK_ROOM"));
  if ((long long)bytes > room) return 1;
  room -= (long long)bytes;
  return 0;
}

#define FAIL(number) return errno = (number), -1
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void* data, size_t bytes) {
  if (is_full(file, bytes)) FAIL(ENOSPC);
  return NEXT(write)(file, data, bytes);
}

ssize_t pwrite64(int file, const void* data, size_t bytes, off64_t at) {
  if (is_full(file, bytes)) FAIL(ENOSPC);
  return NEXT(pwrite64)(file, data, bytes, at);
}

ssize_t writev(int file, const struct iovec* parts, int count) {
  size_t bytes = 0;
  for (int i = 0; i < count; ++i) bytes += parts[i].iov_len;
  if (is_full(file, bytes)) FAIL(ENOSPC);
  return NEXT(writev)(file, parts, count);
}

ssize_t sendfile(int out, int in, off_t* at, size_t bytes) {
  if (is_full(out, bytes)) FAIL(ENOSPC);
  return NEXT(sendfile)(out, in, at, bytes);
}

ssize_t sendfile64(int out, int in, off64_t* at, size_t bytes) {
  if (is_full(out, bytes)) FAIL(ENOSPC);
  return NEXT(sendfile64)(out, in, at, bytes);
}

ssize_t copy_file_range(int in, off64_t* from, int out, off64_t* to, size_t bytes, unsigned flags) {
  if (is_full(out, bytes)) FAIL(ENOSPC);
  return NEXT(copy_file_range)(in, from, out, to, bytes, flags);
}

static int is_refused(const char* path, int flags) {
  return (flags & (O_WRONLY | O_RDWR | O_CREAT)) && lies_in("READ_ONLY_DISK", path);
}

#define OPENS(name, given)                                          \
  {                                                                 \
    va_list arguments;                                              \
    va_start(arguments, flags);                                     \
    const mode_t mode = va_arg(arguments, mode_t);                  \
    va_end(arguments);                                              \
    if (is_refused(path, flags)) FAIL(EROFS);                       \
    return NEXT(name) given;                                        \
  }

int open(const char* path, int flags, ...) OPENS(open, (path, flags, mode))
int open64(const char* path, int flags, ...) OPENS(open64, (path, flags, mode))
int openat(int folder, const char* path, int flags, ...) OPENS(openat, (folder, path, flags, mode))
int openat64(int folder, const char* path, int flags, ...) OPENS(openat64, (folder, path, flags, mode))

int mkdir(const char* path, mode_t mode) {
  if (lies_in("READ_ONLY_DISK", path)) FAIL(EROFS);
  return NEXT(mkdir)(path, mode);
}

int rename(const char* from, const char* to) {
  if (lies_in("READ_ONLY_DISK", to)) FAIL(EROFS);
  return NEXT(rename)(from, to);
}
