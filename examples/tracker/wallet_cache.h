/*
 * wallet_cache.h
 *	  The wallets seen lately, so that most transactions need no query.
 */
#ifndef TRACKER_WALLET_CACHE_H
#define TRACKER_WALLET_CACHE_H

#include <stddef.h>

#define RECENT_TRANSFERS 64

typedef struct Wallet
{
	long id;
	long long balance;
	char *address;
	unsigned transfers;			   /* seen since the wallet is in the cache */
	long recent[RECENT_TRANSFERS]; /* amounts of the last ones */
	struct Wallet *next;		   /* in its bucket */
	struct Wallet *older;		   /* in order of use */
	struct Wallet *newer;
} Wallet;

typedef struct WalletCache WalletCache;

/* A cache of at most so many wallets; ends the program when memory is out. */
extern WalletCache *cache_new(size_t capacity);

/* The wallet, now the one used last, or NULL. */
extern Wallet *cache_find(WalletCache *cache, long id);

/* Adds a wallet that is not there; forgets the one not used for longest. */
extern Wallet *
cache_add(WalletCache *cache, long id, const char *address, long long balance);

extern size_t cache_size(const WalletCache *cache);

#endif
