/*
 * workers.h
 *	  Registers the background workers.
 */
#ifndef ARX_WORKERS_H
#define ARX_WORKERS_H

/* While shared_preload_libraries is being loaded. */
extern void arx_workers_register(void);

#endif /* ARX_WORKERS_H */
