/*
 * waits_subsystem.h
 *	  The front door of waits and blockers.
 */
#ifndef ARX_WAITS_SUBSYSTEM_H
#define ARX_WAITS_SUBSYSTEM_H

#include "core/subsystem.h"

extern const ArxSubsystem arx_waits_subsystem;

#endif /* ARX_WAITS_SUBSYSTEM_H */
