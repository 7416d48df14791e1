/* Preloaded: kills the process at the call of number KILL_AT, from 1, that changes what lies on the disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void step(void) {
  static int count = 0;
  const char* at = getenv("KILL_AT");
  if (at && ++count == atoi(at)) kill(getpid(), SIGKILL);
}

#define CHANGES(result, name, parameters, arguments)             \
  result name parameters {                                       \
    result(*next) parameters = dlsym(RTLD_NEXT, #name);          \
    step();                                                      \
    return next arguments;                                       \
  }

CHANGES(int, mkdir, (const char* path, mode_t mode), (path, mode))
CHANGES(int, rename, (const char* from, const char* to), (from, to))
CHANGES(int, fsync, (int file), (file))
CHANGES(int, remove, (const char* path), (path))
CHANGES(int, unlink, (const char* path), (path))
CHANGES(int, unlinkat, (int folder, const char* path, int flags), (folder, path, flags))
CHANGES(int, rmdir, (const char* path), (path))
CHANGES(ssize_t, sendfile, (int out, int in, off_t* offset, size_t count), (out, in, offset, count))
CHANGES(ssize_t, copy_file_range, (int in, off_t* at, int out, off_t* to, size_t count, unsigned flags),
        (in, at, out, to, count, flags))

/* renameat2; REFUSE_EXCHANGE makes a file system of it that cannot. */
long syscall(long number, ...) {
  long (*next)(long, ...) = dlsym(RTLD_NEXT, "syscall");
  long given[6];
  va_list arguments;
  va_start(arguments, number);
  for (int i = 0; i < 6; ++i) given[i] = va_arg(arguments, long);
  va_end(arguments);
  if (number == SYS_renameat2) {
    step();
    if (getenv("REFUSE_EXCHANGE")) number = -1; /* ENOSYS */
  }
  return next(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}
