/*
 * sessions_subsystem.h
 *	  Front door of sessions and their history.
 */
#ifndef ARX_SESSIONS_SUBSYSTEM_H
#define ARX_SESSIONS_SUBSYSTEM_H

#include "core/subsystem.h"

extern const ArxSubsystem arx_sessions_subsystem;

#endif /* ARX_SESSIONS_SUBSYSTEM_H */
