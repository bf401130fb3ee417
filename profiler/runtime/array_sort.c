/*
 * array_sort.c
 *	  Sorting in place: qsort() may allocate.
 */
#include "runtime/array_sort.h"

#include <string.h>

static void
swap_elements(char *a, char *b, size_t size)
{
	char spare[AH_SORT_MAX_SIZE];

	memcpy(spare, a, size);
	memcpy(a, b, size);
	memcpy(b, spare, size);
}

/* Lets the element at root sink until none below it is larger. */
static void
sift_down(char *array, size_t root, size_t n, size_t size, AhCompare compare)
{
	size_t child;

	while ((child = 2 * root + 1) < n)
	{
		if (child + 1 < n &&
			compare(array + child * size, array + (child + 1) * size) < 0)
			child++;
		if (compare(array + root * size, array + child * size) >= 0)
			return;
		swap_elements(array + root * size, array + child * size, size);
		root = child;
	}
}

void
ah_sort(void *array, size_t n, size_t size, AhCompare compare)
{
	char *elements = array;

	for (size_t root = n / 2; root-- > 0;)
		sift_down(elements, root, n, size, compare);
	for (size_t last = n; last-- > 1;)
	{
		swap_elements(elements, elements + last * size, size);
		sift_down(elements, 0, last, size, compare);
	}
}
