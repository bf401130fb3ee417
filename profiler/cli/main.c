/*
 * main.c
 *	  The command arxheap: finds the command that was named and runs it.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"

#define COMMAND(name, arguments, summary) \
	{ \
#name, arguments, summary, arx_help_##name, arx_command_##name \
	}

const ArxCommand arx_commands[] = {
	COMMAND(run, "[options] -- PROGRAM [ARGS]",
			"start a program under the profiler"),
	COMMAND(arm, "PID", "begin to sample in a program that is preloaded"),
	COMMAND(disarm, "PID", "stop sampling"),
	COMMAND(snapshot, "PID", "have a snapshot written now"),
	COMMAND(list, "[DIR]", "show profiled processes and their snapshots"),
	COMMAND(report, "[FILE|DIR|PID]", "show who holds the memory"),
	COMMAND(diff, "EARLIER LATER | DIR|PID",
			"show what changed between two snapshots"),
	COMMAND(leaks, "[DIR|PID]",
			"judge each allocation site: leak, cache, churn, ..."),
	COMMAND(flame, "[FILE|DIR|PID]", "draw a flame graph (SVG or HTML)"),
	COMMAND(export, "[FILE|DIR|PID]",
			"convert to pprof, folded stacks or speedscope"),
	COMMAND(symbolize, "FILE|DIR",
			"write the names of functions into snapshots"),
	COMMAND(inspect, "FILE",
			"show what a snapshot file holds, and what is wrong with it"),
	COMMAND(watch, "[PID|DIR]", "look at a program live"),
	{0}};

static const char usage_head[] =
	"arxheap finds out what holds a program's memory, and what leaks.\n"
	"\n"
	"usage: arxheap COMMAND [options] [arguments]\n"
	"\n";

static const char usage_tail[] =
	"\n"
	"arxheap COMMAND --help tells more, with examples.  A first look:\n"
	"\n"
	"  arxheap run -- ./server --port 8080     run it; a summary follows at its end\n"
	"  arxheap watch                           in another terminal: live\n"
	"  arxheap leaks                           what leaks, how fast, how sure\n"
	"  arxheap flame -o heap.html              a picture\n"
	"\n"
	"Snapshots are in ARXHEAP_DIR (default: /tmp/arxheap-UID).\n"
	"Exit status: 0 fine, 1 wrong usage, 2 could not run, 3 a leak (leaks --fail).\n"
	"\n"
	"  -h, --help     this text\n"
	"  -V, --version  the version\n";

const ArxCommand *
arx_command_find(const char *name)
{
	for (const ArxCommand *command = arx_commands; command->name; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

static void
print_usage(FILE *out)
{
	fputs(usage_head, out);
	for (const ArxCommand *command = arx_commands; command->name; command++)
		fprintf(out, "  %-10s %s\n", command->name, command->summary);
	fputs(usage_tail, out);
}

/* The command whose name begins like this one does, for a hint. */
static const ArxCommand *
guess_command(const char *name)
{
	for (const ArxCommand *command = arx_commands; command->name; command++)
		if (strncmp(command->name, name, 2) == 0)
			return command;
	return NULL;
}

static int
refuse_command(const char *name)
{
	const ArxCommand *guess = guess_command(name);
	char hint[80] = "arxheap --help lists the commands";

	if (guess)
		snprintf(hint, sizeof(hint), "did you mean \"arxheap %s\"?",
				 guess->name);
	arx_say_error(hint, "no command \"%.60s\"", name);
	return ARX_EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	const ArxCommand *command;

	/* A reader that went away is an error of write(), not a death. */
	signal(SIGPIPE, SIG_IGN);
	if (!name)
	{
		print_usage(stderr);
		return ARX_EXIT_USAGE;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
		(strcmp(name, "help") == 0 && argc == 2))
	{
		print_usage(stdout);
		return arx_finish_output(ARX_EXIT_OK);
	}
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
	{
		puts("arxheap " ARX_CLI_VERSION);
		return arx_finish_output(ARX_EXIT_OK);
	}
	if (strcmp(name, "help") == 0)
	{
		command = arx_command_find(argv[2]);
		if (!command)
			return refuse_command(argv[2]);
		fputs(command->help, stdout);
		return arx_finish_output(ARX_EXIT_OK);
	}
	command = arx_command_find(name);
	return command ? command->run(argc - 1, argv + 1) : refuse_command(name);
}
