/*
 * tracker.c
 *	  A small wallet tracker in C: something to run under the heap profiler.
 *
 * Reads synthetic transactions at a steady rate, keeps wallets in a cache and
 * writes transfers to PostgreSQL.  --leak switches a deliberate fault on.
 */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ingest.h"

typedef struct Options
{
	const char *connection;
	long seconds;
	long rate;
	long wallets;
	long cached;
	bool leaks;
} Options;

static const char usage[] =
	"Usage: tracker [OPTION...] CONNECTION\n"
	"\n"
	"Writes synthetic wallet transactions to a PostgreSQL database.\n"
	"\n"
	"  --seconds N   for so long (default 20)\n"
	"  --rate N      transactions a second (default 400)\n"
	"  --wallets N   different wallets (default 20000)\n"
	"  --cache N     wallets in the cache (default 2000)\n"
	"  --leak        with the deliberate leak\n"
	"  --help        this text\n"
	"\n"
	"CONNECTION is a connection string of libpq: \"host=/tmp dbname=postgres\".\n";

static long
positive(const char *name, const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end != '\0' || value <= 0)
		errx(2, "--%s needs a positive number", name);
	return value;
}

static Options
parse_options(int argc, char **argv)
{
	static const struct option names[] = {
		{"seconds", required_argument, NULL, 's'},
		{"rate", required_argument, NULL, 'r'},
		{"wallets", required_argument, NULL, 'w'},
		{"cache", required_argument, NULL, 'c'},
		{"leak", no_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	Options options = {
		.seconds = 20, .rate = 400, .wallets = 20000, .cached = 2000};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		if (c == 's')
			options.seconds = positive("seconds", optarg);
		else if (c == 'r')
			options.rate = positive("rate", optarg);
		else if (c == 'w')
			options.wallets = positive("wallets", optarg);
		else if (c == 'c')
			options.cached = positive("cache", optarg);
		else if (c == 'l')
			options.leaks = true;
		else
		{
			fputs(usage, c == 'h' ? stdout : stderr);
			exit(c == 'h' ? 0 : 2);
		}
	}
	if (optind != argc - 1)
		errx(2, "one connection string is needed, see --help");
	options.connection = argv[optind];
	return options;
}

/* Transactions at the rate, each at its time, until the end. */
static void
run(Ingest *ingest, const Options *options)
{
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	for (long i = 0; i < options->seconds * options->rate; i++)
	{
		ingest_transaction(ingest);
		next.tv_nsec += 1000000000L / options->rate;
		next.tv_sec += next.tv_nsec / 1000000000L;
		next.tv_nsec %= 1000000000L;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
}

int
main(int argc, char **argv)
{
	Options options = parse_options(argc, argv);
	Ingest ingest = {.wallets = options.wallets, .leaks = options.leaks};

	ingest.connection = PQconnectdb(options.connection);
	if (PQstatus(ingest.connection) != CONNECTION_OK)
		errx(1, "%s", PQerrorMessage(ingest.connection));
	ingest.cache = cache_new((size_t) options.cached);
	ingest_prepare(&ingest);
	run(&ingest, &options);
	printf(
		"%lu transactions, %zu wallets cached, %lu bytes leaked on purpose\n",
		ingest.transactions, cache_size(ingest.cache), ingest.leaked_bytes);
	/* The cache is left as it is, so that a last look at the heap shows it. */
	PQfinish(ingest.connection);
	return 0;
}
