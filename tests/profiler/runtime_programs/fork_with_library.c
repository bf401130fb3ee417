/*
 * fork_with_library.c
 *	  Forks while a thread is busy in fork_handlers.c.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern void library_work(void);

static volatile int stop;

static void *
work(void *unused)
{
	while (!stop)
		library_work();
	return unused;
}

int
main(void)
{
	pthread_t threads[2];
	int status;

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, work, NULL);
	for (int i = 0; i < 300; i++)
	{
		pid_t pid = fork();

		if (pid == 0)
		{
			library_work();
			_exit(0);
		}
		if (waitpid(pid, &status, 0) != pid || status != 0)
			return 1;
	}
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
