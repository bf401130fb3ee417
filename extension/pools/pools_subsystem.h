/*
 * pools_subsystem.h
 *	  Connection pools: those seen in the database and those of PgBouncers.
 */
#ifndef ARX_POOLS_SUBSYSTEM_H
#define ARX_POOLS_SUBSYSTEM_H

#include "core/subsystem.h"

extern const ArxSubsystem arx_pools_subsystem;

/* Registers what hears of sessions and rejected connections; at load time. */
extern void arx_pools_install(void);

#endif /* ARX_POOLS_SUBSYSTEM_H */
