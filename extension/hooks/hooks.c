/*
 * hooks.c
 *	  Installs all groups of hooks.
 */
#include "postgres.h"

#include "hooks/backend_counters.h"
#include "hooks/hooks.h"
#include "hooks/session_hook.h"

void
arx_hooks_install(void)
{
	arx_statement_hooks_install();
	arx_planner_hook_install();
	arx_utility_hook_install();
	arx_error_hook_install();
	arx_session_hook_install();
	arx_backend_counters_install();
}
