#include "CLinux.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// An allocator for libcurl that counts its calls and caches freed blocks in lists by size.
//
// A transfer allocates about fifty small blocks and a receive buffer, and frees them when it ends. With many
// concurrent transfers, malloc's cache of seven blocks per size is too small, so malloc splits and merges blocks on
// every transfer. A header in front of each block stores its size, so that freeing it is one push.

// The fixed TLS offset is possible because this code is linked into the program, never loaded at run time.
#define OF_THIS_THREAD static __thread __attribute__((tls_model("initial-exec")))

// A sanitizer must see each free.
#ifndef __has_feature
#define __has_feature(name) 0
#endif
enum { KEEPS = !__has_feature(address_sanitizer) };

// Small blocks are rounded up to a multiple of STEP. Receive buffers have one size, libcurl's. Larger blocks come
// from malloc.
enum { STEP = 16, SMALL_MAX = 1024, BUFFER_MIN = 16384, BUFFER_MAX = 16640 };
enum { LISTS = SMALL_MAX / STEP + 2, BUFFERS = LISTS - 1 };
// The most bytes kept per list: in small blocks, in buffers.
enum { KEPT_MAX = 32768, KEPT_BUFFERS_MAX = 64 * BUFFER_MAX };

// The header of a block, which also keeps the block aligned.
typedef struct Head {
  _Alignas(16) size_t size;
  struct Head *next;
} Head;

OF_THIS_THREAD unsigned long allocations;
OF_THIS_THREAD struct { Head *first; size_t bytes; } lists[LISTS];
OF_THIS_THREAD int has_lists;

static pthread_key_t thread_end;
static pthread_once_t thread_end_once = PTHREAD_ONCE_INIT;

static void free_lists(void *unused) {
  (void)unused;
  for (int list = 0; list < LISTS; list++) {
    while (lists[list].first) {
      Head *head = lists[list].first;
      lists[list].first = head->next;
      free(head);
    }
    lists[list].bytes = 0;
  }
  has_lists = 0;
}

static void make_thread_end(void) { pthread_key_create(&thread_end, free_lists); }

// Returns the list for a block size, or -1 if such blocks are not cached.
static inline int list_of(size_t size) {
  if (size <= SMALL_MAX) return (int)((size + STEP - 1) / STEP);
  return size >= BUFFER_MIN && size <= BUFFER_MAX ? BUFFERS : -1;
}

static void *take(size_t size) {
  int list = list_of(size);
  if (list >= 0) {
    Head *head = lists[list].first;
    size = list == BUFFERS ? BUFFER_MAX : (size_t)list * STEP;
    if (head) {
      lists[list].first = head->next;
      lists[list].bytes -= size;
      return head + 1;
    }
  }
  if (size > SIZE_MAX - sizeof(Head)) return NULL;
  Head *head = malloc(sizeof(Head) + size);
  if (!head) return NULL;
  head->size = size;
  return head + 1;
}

static void give(void *pointer) {
  if (!pointer) return;
  Head *head = (Head *)pointer - 1;
  int list = KEEPS ? list_of(head->size) : -1;
  size_t limit = list == BUFFERS ? KEPT_BUFFERS_MAX : KEPT_MAX;
  if (list < 0 || lists[list].bytes + head->size > limit) return free(head);
  if (!has_lists) {
    pthread_once(&thread_end_once, make_thread_end);
    pthread_setspecific(thread_end, lists);
    has_lists = 1;
  }
  head->next = lists[list].first;
  lists[list].first = head;
  lists[list].bytes += head->size;
}

void *counted_malloc(size_t size) {
  allocations++;
  return take(size);
}

void *counted_calloc(size_t count, size_t size) {
  allocations++;
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
  void *block = take(bytes);
  if (block) memset(block, 0, bytes);
  return block;
}

void *counted_realloc(void *pointer, size_t size) {
  allocations++;
  if (!pointer) return take(size);
  size_t before = ((Head *)pointer - 1)->size;
  if (size <= before && list_of(before) >= 0) return pointer;
  if (list_of(before) < 0 && list_of(size) < 0 && size <= SIZE_MAX - sizeof(Head)) {
    Head *head = realloc((Head *)pointer - 1, sizeof(Head) + size);
    if (!head) return NULL;
    head->size = size;
    return head + 1;
  }
  void *block = take(size);
  if (!block) return NULL;
  memcpy(block, pointer, before < size ? before : size);
  give(pointer);
  return block;
}

char *counted_strdup(const char *text) {
  allocations++;
  size_t bytes = strlen(text) + 1;
  char *copy = take(bytes);
  if (copy) memcpy(copy, text, bytes);
  return copy;
}

void counted_free(void *pointer) { give(pointer); }

unsigned long counted_allocations_of_this_thread(void) { return allocations; }
