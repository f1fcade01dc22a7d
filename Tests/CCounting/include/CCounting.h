#ifndef CCOUNTING_H
#define CCOUNTING_H

// Calls of malloc and its relatives on this thread since it began; 0 for ever under a sanitizer, which brings
// an allocator of its own.
unsigned long counted_allocations(void);

// The bytes of those calls together.
unsigned long counted_bytes(void);

// Whether allocations are counted at all in this build.
int counts_allocations(void);

#endif
