/*
 * ingest.c
 *	  Synthetic transactions into the database.
 *
 * With the fault switched on, the receipt of each transaction is put on a list
 * "to be sent" that nobody sends: the leak that the profiler is to find.
 */
#include "ingest.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECEIPT_BYTES 900

typedef struct Receipt
{
	struct Receipt *next;
	char text[RECEIPT_BYTES];
} Receipt;

static Receipt *unsent;

static void
must(Ingest *ingest, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		errx(1, "%s", PQerrorMessage(ingest->connection));
	PQclear(result);
}

void
ingest_prepare(Ingest *ingest)
{
	PGconn *connection = ingest->connection;

	must(ingest, PQexec(connection, "SET client_min_messages = warning"));
	must(ingest,
		 PQexec(connection,
				"CREATE TABLE IF NOT EXISTS wallets "
				"(id bigint PRIMARY KEY, address text NOT NULL, "
				"balance bigint NOT NULL DEFAULT 0)"));
	must(ingest,
		 PQexec(connection,
				"CREATE TABLE IF NOT EXISTS transfers "
				"(id bigserial PRIMARY KEY, sender bigint, "
				"receiver bigint, amount bigint)"));
	must(
		ingest,
		PQprepare(
			connection, "wallet",
			"INSERT INTO wallets (id, address) VALUES ($1::bigint, md5($1::bigint::text)) "
			"ON CONFLICT (id) DO UPDATE SET id = excluded.id "
			"RETURNING address, balance",
			1, NULL));
	must(ingest,
		 PQprepare(connection, "transfer",
				   "INSERT INTO transfers (sender, receiver, amount) "
				   "VALUES ($1, $2, $3)",
				   3, NULL));
}

/* The wallet, from the cache or from the database. */
static Wallet *
find_wallet(Ingest *ingest, long id)
{
	Wallet *wallet = cache_find(ingest->cache, id);
	char number[24];
	const char *values[] = {number};
	PGresult *result;

	if (wallet != NULL)
		return wallet;
	snprintf(number, sizeof(number), "%ld", id);
	result =
		PQexecPrepared(ingest->connection, "wallet", 1, values, NULL, NULL, 0);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		errx(1, "%s", PQerrorMessage(ingest->connection));
	wallet = cache_add(ingest->cache, id, PQgetvalue(result, 0, 0),
					   atoll(PQgetvalue(result, 0, 1)));
	PQclear(result);
	return wallet;
}

/* Writes the receipt; who is to send it was forgotten. */
static void
queue_receipt(Ingest *ingest, const Wallet *from, const Wallet *to, long amount)
{
	Receipt *receipt = malloc(sizeof(*receipt));

	if (receipt == NULL)
		err(1, "out of memory");
	snprintf(receipt->text, sizeof(receipt->text), "%s sent %ld to %s",
			 from->address, amount, to->address);
	if (ingest->leaks)
	{
		receipt->next = unsent;
		unsent = receipt;
		ingest->leaked_bytes += sizeof(*receipt);
	}
	else
		free(receipt);
}

static void
book(Wallet *wallet, long amount)
{
	wallet->balance += amount;
	wallet->recent[wallet->transfers++ % RECENT_TRANSFERS] = amount;
}

void
ingest_transaction(Ingest *ingest)
{
	long amount = 1 + random() % 1000;
	Wallet *from = find_wallet(ingest, 1 + random() % ingest->wallets);
	char sender[24], receiver[24], sum[24];
	const char *values[] = {sender, receiver, sum};
	long from_id = from->id;
	Wallet *to = find_wallet(ingest, 1 + random() % ingest->wallets);

	/* The second look-up may have pushed the first wallet out. */
	from = find_wallet(ingest, from_id);
	snprintf(sender, sizeof(sender), "%ld", from->id);
	snprintf(receiver, sizeof(receiver), "%ld", to->id);
	snprintf(sum, sizeof(sum), "%ld", amount);
	must(ingest,
		 PQexecPrepared(ingest->connection, "transfer", 3, values, NULL, NULL,
						0));
	book(from, -amount);
	book(to, amount);
	queue_receipt(ingest, from, to, amount);
	ingest->transactions++;
}
