/*
 * query_capture.h
 *	  The statement observer of query statistics: runs in each backend.
 */
#ifndef ARX_QUERY_CAPTURE_H
#define ARX_QUERY_CAPTURE_H

/* Registers the observer; at load time. */
extern void arx_query_capture_install(void);

#endif /* ARX_QUERY_CAPTURE_H */
