/*
 * pgbouncer_answers.h
 *	  What is asked of a console, and what becomes of the rows it answers.
 */
#ifndef ARX_PGBOUNCER_ANSWERS_H
#define ARX_PGBOUNCER_ANSWERS_H

#include "postgres.h"

#include "pools/pgbouncer_client.h"
#include "pools/pgbouncer_store.h"

/* Users with limits of their own that are remembered of a console. */
#define ARX_BOUNCER_USERS 64
/* With more clients or users than this, they are not listed. */
#define ARX_BOUNCER_LIST_MAX 10000
/* Clients are listed until this many looks after one was seen waiting. */
#define ARX_BOUNCER_CLIENT_LOOKS 10

/* A database that has pools. */
typedef struct ArxKnownDatabase
{
	char name[NAMEDATALEN];
	int64 seen_at;	/* when the last look that saw a pool of it began */
	int64 began_at; /* when its totals last began anew */
	char force_user[ARX_BOUNCER_USER_MAX];
} ArxKnownDatabase;

typedef struct ArxKnownUser
{
	char name[ARX_BOUNCER_USER_MAX];
	int64 size;			   /* -1: none of its own */
	int64 max_connections; /* likewise */
} ArxKnownUser;

/* A look at one console, and what it needs of the looks before it. */
typedef struct ArxBouncerLook
{
	ArxBouncerConsole *console; /* takes what concerns the console itself */
	int64 began_at;				/* TimestampTz */
	int64 now;					/* when the rows came that are taken now */
	int64 connected_at;			/* what was seen before that begins anew */
	bool lists_ages;			/* are clients listed when they wait? */
	bool went_back;				/* totals fell while it was not connected */
	int64 clients;				/* counted by SHOW POOLS */
	int64 waiting;				/* likewise */
	int64 users;				/* counted by SHOW LISTS */
	int64 own_commands;			/* counted in the totals of the console */
	int looks_without_waiting;
	int ndatabases;
	ArxKnownDatabase databases[ARX_BOUNCER_DATABASES];
	int64 last_user_size; /* in the row before */
	int nusers;
	ArxKnownUser known_users[ARX_BOUNCER_USERS];
} ArxBouncerLook;

typedef struct ArxBouncerQuestion
{
	const char *command;
	ArxRowTaker take; /* of an ArxBouncerLook */
	/* Before it is asked; false: not this time.  NULL: always. */
	bool (*begin)(ArxBouncerLook *look);
	bool is_slow; /* not at each look */
} ArxBouncerQuestion;

/* In the order in which they are asked; ends with a command of NULL. */
extern const ArxBouncerQuestion arx_bouncer_questions[];

#endif /* ARX_PGBOUNCER_ANSWERS_H */
