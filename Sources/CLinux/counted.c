#include "CLinux.h"

#include <stdlib.h>
#include <string.h>

static __thread unsigned long allocations;

void *counted_malloc(size_t size) {
  allocations++;
  return malloc(size);
}

void *counted_calloc(size_t count, size_t size) {
  allocations++;
  return calloc(count, size);
}

void *counted_realloc(void *pointer, size_t size) {
  allocations++;
  return realloc(pointer, size);
}

char *counted_strdup(const char *text) {
  allocations++;
  return strdup(text);
}

void counted_free(void *pointer) { free(pointer); }

unsigned long counted_allocations_of_this_thread(void) { return allocations; }
