/*
 * say.c
 *	  Errors, notes and progress on stderr, in one form for all commands.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/text_print.h"

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
	char text[1024];
	char clean[1024];
	va_list arguments;

	if (!terminal && !progress_always)
		return;
	arx_progress_end();
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fputs(arx_text_clean(clean, sizeof(clean), text), stderr);
	if (!terminal)
		fputc('\n', stderr);
	progress_shown = terminal;
	fflush(stderr);
}

/* Sentences name files and programs, whose names anybody may have made up. */
static void
say(const char *kind, const char *format, va_list arguments)
{
	char text[8192];
	char clean[8192];

	vsnprintf(text, sizeof(text), format, arguments);
	arx_progress_end();
	fflush(stdout);
	fprintf(stderr, "%s: %s\n", kind,
			arx_text_clean(clean, sizeof(clean), text));
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
