/* What the programs in C that try calls expect of one: a status, and a line where it fails. */
#ifndef EDGEATTN_TESTS_EXPECT_H
#define EDGEATTN_TESTS_EXPECT_H

#include <stdio.h>

#include "edgeattn.h"

static int failures = 0;

static void expect(const char* what, edgeattn_status expected, edgeattn_status found, edgeattn_error* error) {
  if (found != expected) {
    printf("%s: status %d found, %d expected (%s)\n", what, (int)found, (int)expected, edgeattn_error_message(error));
    ++failures;
  } else if (error) {
    printf("%s: %s\n", what, edgeattn_error_message(error));
  }
  edgeattn_error_free(error);
}

#endif
