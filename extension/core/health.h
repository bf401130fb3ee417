/*
 * health.h
 *	  What the extension says of itself: numbers (health) and advice (check).
 *
 * A subject that has something to say fills the health and check members of
 * its ArxSubsystem and calls these.
 */
#ifndef ARX_HEALTH_H
#define ARX_HEALTH_H

typedef enum ArxHealthStatus
{
	ARX_OK,
	ARX_WARNING,
	ARX_ERROR
} ArxHealthStatus;

/* One reading in progress. */
typedef struct ArxHealth ArxHealth;

/*
 * One number.  Strings are kept until the end of the call only.  unit is empty
 * for a plain count.
 */
extern void arx_health_add(ArxHealth *health, const char *component,
						   const char *metric, double value, const char *unit,
						   ArxHealthStatus status, const char *description);

/* A number that is not known (yet): NULL. */
extern void
arx_health_add_unknown(ArxHealth *health, const char *component,
					   const char *metric, const char *unit,
					   ArxHealthStatus status, const char *description);

/*
 * One answer of the doctor; detail tells what is, hint (or NULL) what to do.
 */
extern void
arx_check_add(ArxHealth *health, const char *name, ArxHealthStatus status,
			  const char *detail, const char *hint);

#endif /* ARX_HEALTH_H */
