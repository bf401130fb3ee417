/*
 * say.c
 *	  Errors, notes and progress on stderr, in one form for all commands.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static bool progress_always;
static bool progress_shown; /* a line stands on the terminal */

void
arx_progress_enable(bool always)
{
	progress_always = always;
}

void
arx_progress_end(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

void
arx_progress(const char *format, ...)
{
	bool terminal = isatty(STDERR_FILENO) != 0;
	va_list arguments;

	if (!terminal && !progress_always)
		return;
	arx_progress_end();
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	if (!terminal)
		fputc('\n', stderr);
	progress_shown = terminal;
	fflush(stderr);
}

static void
say(const char *kind, const char *format, va_list arguments)
{
	arx_progress_end();
	fflush(stdout);
	fprintf(stderr, "%s: ", kind);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

void
arx_say_error(const char *hint, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("error", format, arguments);
	va_end(arguments);
	if (hint)
		fprintf(stderr, "hint: %s\n", hint);
}

void
arx_say_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("note", format, arguments);
	va_end(arguments);
}

int
arx_finish_output(int status)
{
	arx_progress_end();
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	/* A reader that has seen enough ("| head") is no failure to talk about. */
	if (errno != EPIPE)
		arx_say_error(NULL, "could not write the output: %s",
					  errno ? strerror(errno) : "the stream failed earlier");
	return ARX_EXIT_FAILED;
}
