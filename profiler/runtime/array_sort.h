/*
 * array_sort.h
 *	  Sorting in place: qsort() may allocate.
 */
#ifndef ARX_PROFILER_ARRAY_SORT_H
#define ARX_PROFILER_ARRAY_SORT_H

#include <stddef.h>

#define AH_SORT_MAX_SIZE 256 /* bytes of an element, at most */

/* Below 0 when a comes before b, 0 when it does not matter. */
typedef int (*AhCompare)(const void *a, const void *b);

/*
 * Sorts n elements of size bytes each (heapsort: O(n log n) at worst, no memory
 * and no recursion; equal elements end in any order).
 */
extern void ah_sort(void *array, size_t n, size_t size, AhCompare compare);

#endif
