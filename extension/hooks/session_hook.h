/*
 * session_hook.h
 *	  Ends of clients' sessions, and connections that never became one.
 */
#ifndef ARX_SESSION_HOOK_H
#define ARX_SESSION_HOOK_H

#include "postgres.h"

/* A connection that was refused; strings live during the call only. */
typedef struct ArxRejection
{
	const char *database;	/* as the client asked; "" before it did */
	const char *username;	/* the same */
	const char *message_id; /* the server's wording, untranslated, no values */
	int sqlstate;
} ArxRejection;

typedef struct ArxSessionObserver
{
	/*
	 * A client that was authenticated goes.  Its transaction has ended, its
	 * status entry and PGPROC are still there (the entry may be of no session
	 * yet: see arx_my_identity()).  LWLocks may be taken.  Must not raise an
	 * error.
	 */
	void (*ended)(int64 length_us);
	/*
	 * The process may be in any state, without PGPROC: no lock, no allocation,
	 * no error.
	 */
	void (*rejected)(const ArxRejection *rejection);
} ArxSessionObserver;

/* Names the one observer; at load time. */
extern void arx_session_observe(const ArxSessionObserver *observer);

/* For the error hook: is this the end of a connection in its start-up? */
extern void arx_session_note_error(const ErrorData *edata);

extern void arx_session_hook_install(void);

#endif /* ARX_SESSION_HOOK_H */
