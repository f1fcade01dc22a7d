#include "CLinux.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// What each thread has of its own is found at a fixed place: this is linked into programs, never loaded by one.
#define OF_THIS_THREAD static __thread __attribute__((tls_model("initial-exec")))

OF_THIS_THREAD unsigned long allocations;

// Each transfer takes one receive buffer of the same size and gives it back at its end. malloc would merge and cut
// blocks of that size every time; the last few are kept instead, warm.
enum { KEPT_SIZE_MIN = 16384, KEPT_SIZE_MAX = 16640, KEPT_MAX = 64 };
OF_THIS_THREAD void *kept[KEPT_MAX];
OF_THIS_THREAD int kept_count;

static pthread_key_t thread_end;
static pthread_once_t thread_end_once = PTHREAD_ONCE_INIT;

static void free_kept(void *unused) {
  (void)unused;
  while (kept_count) free(kept[--kept_count]);
}

static void make_thread_end(void) { pthread_key_create(&thread_end, free_kept); }

void *counted_malloc(size_t size) {
  allocations++;
  if (size < KEPT_SIZE_MIN || size > KEPT_SIZE_MAX) return malloc(size);
  return kept_count ? kept[--kept_count] : malloc(KEPT_SIZE_MAX);
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

void counted_free(void *pointer) {
  if (pointer && kept_count < KEPT_MAX) {
    size_t size = malloc_usable_size(pointer);
    if (size >= KEPT_SIZE_MAX && size < KEPT_SIZE_MAX + 64) {
      if (!kept_count) {
        pthread_once(&thread_end_once, make_thread_end);
        pthread_setspecific(thread_end, kept);
      }
      kept[kept_count++] = pointer;
      return;
    }
  }
  free(pointer);
}

unsigned long counted_allocations_of_this_thread(void) { return allocations; }
