/*
 * pools_subsystem.c
 *	  Connection pools as a subsystem: memory, looks, what is said of them.
 */
#include "postgres.h"

#include "pools/pools_subsystem.h"

const ArxSubsystem arx_pools_subsystem = {
	.name = "pools",
};

void
arx_pools_install(void)
{
}
