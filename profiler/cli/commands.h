/*
 * commands.h
 *	  The commands of arxheap: what each says of itself, and does.
 *
 * Each takes argv with its own name first and returns an exit status of cli.h.
 */
#ifndef ARX_PROFILER_COMMANDS_H
#define ARX_PROFILER_COMMANDS_H

#define ARX_DECLARE_COMMAND(name) \
	extern const char arx_help_##name[]; \
	extern int arx_command_##name(int argc, char **argv)

ARX_DECLARE_COMMAND(run);
ARX_DECLARE_COMMAND(arm);
ARX_DECLARE_COMMAND(disarm);
ARX_DECLARE_COMMAND(snapshot);
ARX_DECLARE_COMMAND(list);
ARX_DECLARE_COMMAND(report);
ARX_DECLARE_COMMAND(diff);
ARX_DECLARE_COMMAND(leaks);
ARX_DECLARE_COMMAND(flame);
ARX_DECLARE_COMMAND(export);
ARX_DECLARE_COMMAND(symbolize);
ARX_DECLARE_COMMAND(inspect);
ARX_DECLARE_COMMAND(watch);

#endif
