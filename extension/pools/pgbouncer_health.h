/*
 * pgbouncer_health.h
 *	  How the gateway gets on with the PgBouncers, and what to do about it.
 */
#ifndef ARX_PGBOUNCER_HEALTH_H
#define ARX_PGBOUNCER_HEALTH_H

#include "core/health.h"
#include "pools/pgbouncer_store.h"

/*
 * "ok", "connecting", "unreachable", "no answer", "authentication failed", "no
 * rights", "refused"; "stale" when nobody has asked it for long, because the
 * gateway does not run.  Constant.
 */
extern const char *
arx_bouncer_state_name(const ArxBouncerConsole *console, int64 now);

/* For ArxSubsystem.health and check; the latter has one answer a console. */
extern void arx_bouncer_health(ArxHealth *health);
extern void arx_bouncer_check(ArxHealth *health);

#endif /* ARX_PGBOUNCER_HEALTH_H */
