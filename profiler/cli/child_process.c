/*
 * child_process.c
 *	  Runs a program, forwards signals to it, and waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/child_process.h"
#include "cli/cli.h"

/* What somebody may send to us and mean the program by. */
static const int forwarded[] = {SIGHUP,	 SIGINT,  SIGQUIT, SIGTERM, SIGUSR1,
								SIGUSR2, SIGALRM, SIGCONT, SIGWINCH};

void
arx_child_exec(char **argv)
{
	/* main() ignores it, and that would be inherited. */
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
}

/* In the child: the program, or its errno into the pipe. */
static void
begin_program(char **argv, int pipe_end, const sigset_t *mask)
{
	int error;

	sigprocmask(SIG_SETMASK, mask, NULL);
	arx_child_exec(argv);
	error = errno;
	if (write(pipe_end, &error, sizeof(error)) < 0)
		_exit(ARX_EXIT_FAILED);
	_exit(ARX_EXIT_FAILED);
}

/*
 * A signal from the terminal or the kernel has reached the program as well;
 * only what a process sent to us alone is passed on.
 */
static bool
is_for_us_alone(const siginfo_t *info)
{
	return info->si_code == SI_USER || info->si_code == SI_QUEUE ||
		info->si_code == SI_TKILL;
}

/* Waits for the end of the child, forwarding signals; its wait status. */
static int
wait_child(pid_t child, const sigset_t *waited)
{
	int result;

	for (;;)
	{
		siginfo_t info;
		int signal_number = sigwaitinfo(waited, &info);

		if (signal_number < 0)
			continue;
		if (signal_number != SIGCHLD)
		{
			if (is_for_us_alone(&info))
				kill(child, signal_number);
			continue;
		}
		if (waitpid(child, &result, WNOHANG) == child)
			return result;
	}
}

/* Reads what the child could not do; 0 when it became the program. */
static int
read_problem(int pipe_end)
{
	int error = 0;

	while (read(pipe_end, &error, sizeof(error)) < 0 && errno == EINTR)
		;
	return error;
}

bool
arx_child_run(char **argv, int *status)
{
	sigset_t waited;
	sigset_t before;
	int ends[2];
	int error;
	int result;
	pid_t child;

	sigemptyset(&waited);
	sigaddset(&waited, SIGCHLD);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(*forwarded); i++)
		sigaddset(&waited, forwarded[i]);
	/* Blocked before the fork, so that none is lost in between. */
	sigprocmask(SIG_BLOCK, &waited, &before);
	signal(SIGCHLD, SIG_DFL);
	if (pipe2(ends, O_CLOEXEC) != 0 || (child = fork()) < 0)
	{
		arx_say_error(NULL, "could not start a process: %s", strerror(errno));
		return false;
	}
	if (child == 0)
		begin_program(argv, ends[1], &before);
	unsetenv("LD_PRELOAD");
	close(ends[1]);
	error = read_problem(ends[0]);
	close(ends[0]);
	result = wait_child(child, &waited);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (error)
	{
		arx_say_error(NULL, "could not run \"%s\": %s", argv[0],
					  strerror(error));
		return false;
	}
	*status =
		WIFSIGNALED(result) ? 128 + WTERMSIG(result) : WEXITSTATUS(result);
	return true;
}
