#include "CCounting.h"

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static __thread unsigned long allocations;
static __thread unsigned long bytes;

unsigned long counted_allocations(void) { return allocations; }

unsigned long counted_bytes(void) { return bytes; }

#ifdef SANITIZED

int counts_allocations(void) { return 0; }

#else

int counts_allocations(void) { return 1; }

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *pointer, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  allocations++;
  bytes += size;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  allocations++;
  bytes += count * size;
  return __libc_calloc(count, size);
}

void *realloc(void *pointer, size_t size) {
  allocations++;
  bytes += size;
  return __libc_realloc(pointer, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  allocations++;
  bytes += size;
  *out = __libc_memalign(alignment, size);
  return *out ? 0 : 12;
}

void *aligned_alloc(size_t alignment, size_t size) {
  allocations++;
  bytes += size;
  return __libc_memalign(alignment, size);
}

#endif
