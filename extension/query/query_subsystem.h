/*
 * query_subsystem.h
 *	  Front door of the statement statistics.
 */
#ifndef ARX_QUERY_SUBSYSTEM_H
#define ARX_QUERY_SUBSYSTEM_H

#include "core/subsystem.h"

extern const ArxSubsystem arx_query_subsystem;

/* Registers observer and ring consumer; at load time. */
extern void arx_query_install(void);

#endif /* ARX_QUERY_SUBSYSTEM_H */
