/*
 * ingest.h
 *	  Synthetic transactions into the database.
 */
#ifndef TRACKER_INGEST_H
#define TRACKER_INGEST_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "wallet_cache.h"

typedef struct Ingest
{
	PGconn *connection;
	WalletCache *cache;
	long wallets; /* ids are 1 to this */
	bool leaks;	  /* the deliberate fault is switched on */
	unsigned long transactions;
	unsigned long leaked_bytes; /* the truth, for comparison */
} Ingest;

/* Makes the tables and the prepared statements; ends the program on an error. */
extern void ingest_prepare(Ingest *ingest);

/* One transaction between two random wallets. */
extern void ingest_transaction(Ingest *ingest);

#endif
