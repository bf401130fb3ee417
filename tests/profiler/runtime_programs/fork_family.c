/*
 * fork_family.c
 *	  Processes that are made in all ways, and allocate.
 *
 *	fork_family MODE [ARGUMENT]
 *
 * Prints the pids of children, or what went wrong; ends with 0 when all that
 * it can see itself is well.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libarx/heap_label_abi.h"

#define KEEP __attribute__((noinline, noclone))
#define NPARENT 100
#define NCHILD 10

static void *volatile of_parent[NPARENT];
static void *volatile of_child[NCHILD];
static volatile int stop;

static KEEP void
parent_keeps(void)
{
	for (int i = 0; i < NPARENT; i++)
		of_parent[i] = malloc(1000);
}

static KEEP void
child_keeps(void)
{
	for (int i = 0; i < NCHILD; i++)
		of_child[i] = malloc(2000);
}

static void
await(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			_exit(91);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
	{
		printf("child ended with %x\n", status);
		fflush(stdout);
		_exit(92);
	}
}

static int
run_child(pid_t pid)
{
	if (pid == 0)
	{
		child_keeps();
		for (int i = 0; i < NPARENT / 2; i++)
			free(of_parent[i]);
		exit(0);
	}
	await(pid);
	printf("%d\n", (int) pid);
	return 0;
}

static int
inherit(void)
{
	parent_keeps();
	return run_child(fork());
}

static int
inherit_by_bare_fork(void)
{
	pid_t (*bare)(void) = (pid_t(*)(void)) dlsym(RTLD_DEFAULT, "_Fork");

	if (bare == NULL)
		return 77;
	parent_keeps();
	return run_child(bare());
}

static int
inherit_by_clone(void)
{
	parent_keeps();
	return run_child((pid_t) syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

/* The child shares the parent's memory: what it allocates is the parent's. */
static int
borrow(void)
{
	pid_t pid;

	parent_keeps();
	pid = vfork();
	if (pid == 0)
	{
		child_keeps();
		_exit(0);
	}
	await(pid);
	for (int i = 0; i < NCHILD; i++)
		free(of_child[i]);
	printf("%d\n", (int) pid);
	return 0;
}

static int
replace(const char *self)
{
	pid_t pid;

	parent_keeps();
	pid = vfork();
	if (pid == 0)
	{
		execl(self, self, "plain", (char *) NULL);
		_exit(1);
	}
	await(pid);
	printf("%d\n", (int) pid);
	fflush(stdout);
	execl(self, self, "plain", (char *) NULL);
	return 1;
}

/* Each block has its number as label: the sampled ones can be told. */
static int
numbered(int nchildren)
{
	ArxHeapLabelWord word =
		(ArxHeapLabelWord) dlsym(RTLD_DEFAULT, ARX_HEAP_LABEL_WORD);

	if (word == NULL)
		return 2;
	/* the parent has drawn its distance already */
	parent_keeps();
	for (int child = 0; child < nchildren; child++)
	{
		pid_t pid = fork();

		if (pid == 0)
		{
			for (uint64_t i = 1; i <= 4000; i++)
			{
				*word() = i;
				of_child[0] = malloc(1000);
			}
			exit(0);
		}
		await(pid);
		printf("%d\n", (int) pid);
	}
	return 0;
}

static void *
allocate_for_ever(void *unused)
{
	void *blocks[50] = {NULL};
	unsigned n = 0;

	while (!stop)
	{
		void **block = &blocks[n++ % 50];

		free(*block);
		*block = n % 3 ? malloc(n % 700 + 1) : calloc(n % 9 + 1, 10);
		if (n % 5 == 0)
			*block = realloc(*block, n % 3000 + 1);
	}
	for (n = 0; n < 50; n++)
		free(blocks[n]);
	return unused;
}

static KEEP void
work_in_child(int number)
{
	void *block = NULL;
	pthread_t thread;

	for (int i = 0; i < 50; i++)
	{
		free(block);
		block = malloc((size_t) i * 40 + 1);
	}
	child_keeps();
	if (number % 50 == 0)
	{
		pthread_create(&thread, NULL, allocate_for_ever, NULL);
		stop = 1;
		pthread_join(thread, NULL);
	}
	if (number % 2 == 0)
		exit(0);
	_exit(0);
}

static int
storm(int nforks)
{
	pthread_t threads[3];

	parent_keeps();
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, allocate_for_ever, NULL);
	for (int i = 0; i < nforks; i++)
	{
		pid_t pid = fork();

		if (pid == 0)
			work_in_child(i);
		await(pid);
	}
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

static void *
fork_often(void *forks)
{
	for (int i = 0; i < *(int *) forks; i++)
	{
		pid_t pid = fork();

		if (pid == 0)
			work_in_child(1);
		await(pid);
	}
	return NULL;
}

/* Several threads fork at the same time. */
static int
storm_by_threads(int nforks)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, i ? fork_often : allocate_for_ever,
					   &nforks);
	for (int i = 1; i < 4; i++)
		pthread_join(threads[i], NULL);
	stop = 1;
	pthread_join(threads[0], NULL);
	return 0;
}

/* ---- daemons ---- */

#define NFILES 24

static int
open_files(const char *folder)
{
	for (int i = 0; i < NFILES; i++)
	{
		char path[4096];

		snprintf(path, sizeof(path), "%s/file%d", folder, i);
		if (open(path, O_RDWR | O_CREAT | O_TRUNC, 0600) != i)
			return -1;
		if (write(i, "program", 7) != 7)
			return -1;
	}
	return 0;
}

/* Nobody wrote to our files, moved in them, or closed them. */
static int
are_untouched(void)
{
	for (int i = 0; i < NFILES; i++)
	{
		struct stat info;

		if (fstat(i, &info) != 0 || info.st_size != 7 ||
			lseek(i, 0, SEEK_CUR) != 7)
			return 0;
	}
	return 1;
}

/*
 * Closes all descriptors, uses their numbers for files in the folder, and
 * allocates on until someone makes a file "stop" there.
 */
static int
close_all(const char *folder)
{
	char end[4096];

	snprintf(end, sizeof(end), "%s/stop", folder);
	parent_keeps();
	closefrom(0);
	if (open_files(folder) != 0)
		return 3;
	while (access(end, F_OK) != 0)
	{
		child_keeps();
		for (int i = 0; i < NCHILD; i++)
			free(of_child[i]);
		if (!are_untouched())
			return 4;
		sched_yield();
	}
	return are_untouched() ? 0 : 5;
}

static int
become_daemon(const char *folder)
{
	pid_t pid;

	parent_keeps();
	pid = fork();
	if (pid == 0)
	{
		setsid();
		exit(close_all(folder));
	}
	await(pid);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	const char *argument = argc > 2 ? argv[2] : "";

	if (strcmp(mode, "plain") == 0)
		parent_keeps();
	else if (strcmp(mode, "inherit") == 0)
		return inherit();
	else if (strcmp(mode, "bare") == 0)
		return inherit_by_bare_fork();
	else if (strcmp(mode, "clone") == 0)
		return inherit_by_clone();
	else if (strcmp(mode, "borrow") == 0)
		return borrow();
	else if (strcmp(mode, "replace") == 0)
		return replace(argv[0]);
	else if (strcmp(mode, "numbered") == 0)
		return numbered(atoi(argument));
	else if (strcmp(mode, "storm") == 0)
		return storm(atoi(argument));
	else if (strcmp(mode, "storm_by_threads") == 0)
		return storm_by_threads(atoi(argument));
	else if (strcmp(mode, "close_all") == 0)
		return close_all(argument);
	else if (strcmp(mode, "daemon") == 0)
		return become_daemon(argument);
	else
		return 1;
	return 0;
}
