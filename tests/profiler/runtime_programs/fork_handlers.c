/*
 * fork_handlers.c
 *	  A library whose lock is taken over a fork, as its constructor asked for.
 *
 * Whoever holds the lock allocates.  A fork has to wait for the lock, and must
 * not hold anything meanwhile that an allocation waits for.
 */
#include <pthread.h>
#include <stdlib.h>

extern void library_work(void);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void
take(void)
{
	pthread_mutex_lock(&lock);
}

static void
give(void)
{
	pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void
start(void)
{
	pthread_atfork(take, give, give);
}

void
library_work(void)
{
	void *volatile block;

	pthread_mutex_lock(&lock);
	for (int i = 0; i < 20; i++)
	{
		block = malloc(100);
		free(block);
	}
	pthread_mutex_unlock(&lock);
}
