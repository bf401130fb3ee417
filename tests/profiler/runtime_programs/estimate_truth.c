/*
 * estimate_truth.c
 *	  Holds memory of which the program knows how much, told apart by labels.
 *
 *	estimate_truth MODE
 *
 * Prints "LABEL BYTES" for each label: what is live at the end.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libarx/heap_label_abi.h"

#define NLABELS 300

static ArxHeapLabelWord word;
static uint64_t random_state = 88172645463325252u;
static void *kept[4000000];
static size_t nkept;

static uint64_t
next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Each site has sizes of its own, and what is freed again between. */
static void
many_sites(void)
{
	for (uint64_t label = 1; label <= NLABELS; label++)
	{
		size_t typical = 200 + (size_t) (label * label % 9000);
		unsigned long long live = 0;

		*word() = label;
		while (live < 3000000)
		{
			size_t size = typical / 2 + next_random() % typical;
			void *block = malloc(size);

			if (next_random() % 3 == 0)
				free(block);
			else
			{
				kept[nkept++] = block;
				live += size;
			}
		}
		printf("%llu %llu\n", (unsigned long long) label, live);
	}
}

/* Vectors that are grown by a rule until they are large enough. */
static void
grow(uint64_t label, int nvectors, size_t first, size_t last, size_t plus,
	 size_t times)
{
	unsigned long long live = 0;

	*word() = label;
	for (int i = 0; i < nvectors; i++)
	{
		size_t size = first;
		char *vector = malloc(size);

		while (size < last)
		{
			size = size * times + plus;
			vector = realloc(vector, size);
		}
		kept[nkept++] = vector;
		live += size;
	}
	printf("%llu %llu\n", (unsigned long long) label, live);
}

/* Buffers that shrink and grow again, at the end large or small. */
static void
oscillate(uint64_t label, int nbuffers, size_t small, size_t large, size_t end)
{
	*word() = label;
	for (int i = 0; i < nbuffers; i++)
	{
		char *buffer = malloc(small);

		for (int turn = 0; turn < 8; turn++)
		{
			buffer = realloc(buffer, large);
			buffer = realloc(buffer, small);
		}
		kept[nkept++] = realloc(buffer, end);
	}
	printf("%llu %llu\n", (unsigned long long) label,
		   (unsigned long long) nbuffers * end);
}

static void
resized(void)
{
	grow(1, 700, 16, 40000, 0, 2);
	grow(2, 3000, 16, 6000, 32, 1);
	grow(3, 200, 1000, 150000, 4096, 1);
	oscillate(4, 3000, 512, 16384, 16384);
	oscillate(5, 20000, 2048, 16384, 2048);
}

/* ---- labels of threads ---- */

static void *
labelled_thread(void *label)
{
	ArxHeapLabelName name =
		(ArxHeapLabelName) dlsym(RTLD_DEFAULT, ARX_HEAP_LABEL_NAME);
	char text[32];

	snprintf(text, sizeof(text), "tenant %d", (int) (intptr_t) label);
	name((uint64_t) (intptr_t) label, text);
	for (int i = 0; i < 50; i++)
	{
		*word() = (uint64_t) (intptr_t) label;
		kept[(intptr_t) label * 50 + i] = malloc(100);
		*word() = 0;
		free(malloc(100));
	}
	return NULL;
}

static void
labelled(void)
{
	pthread_t threads[5];

	for (intptr_t i = 1; i < 5; i++)
		pthread_create(&threads[i], NULL, labelled_thread, (void *) i);
	for (int i = 1; i < 5; i++)
	{
		pthread_join(threads[i], NULL);
		printf("%d 5000\n", i);
	}
}

/* Does as it is told: "LABEL MEGABYTES" or "free LABEL". */
static void
obey(void)
{
	static char line[100];
	static size_t first[64], last[64];
	unsigned label, megabytes;

	while (fgets(line, sizeof(line), stdin) != NULL)
	{
		if (sscanf(line, "free %u", &label) == 1)
		{
			for (size_t i = first[label]; i < last[label]; i++)
				free(kept[i]);
			if (last[label] == nkept)
				nkept = first[label];
			last[label] = first[label];
		}
		else if (sscanf(line, "%u %u", &label, &megabytes) == 2)
		{
			*word() = label;
			first[label] = nkept;
			for (unsigned i = 0; i < megabytes * 1000; i++)
				kept[nkept++] = malloc(1000);
			last[label] = nkept;
			*word() = 0;
		}
		puts("done");
		fflush(stdout);
	}
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	word = (ArxHeapLabelWord) dlsym(RTLD_DEFAULT, ARX_HEAP_LABEL_WORD);
	if (word == NULL)
		return 1;
	if (strcmp(mode, "many") == 0)
		many_sites();
	else if (strcmp(mode, "resized") == 0)
		resized();
	else if (strcmp(mode, "labelled") == 0)
		labelled();
	else
		obey();
	return 0;
}
