/*
 * wallet_cache.c
 *	  The wallets seen lately, so that most transactions need no query.
 *
 * A hash table with a list in order of use.  It grows until it is full and
 * then stays as it is: what a profiler that only looks at growth takes for a
 * leak.
 */
#include "wallet_cache.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

struct WalletCache
{
	size_t capacity;
	size_t size;
	Wallet **buckets;
	Wallet *oldest;
	Wallet *newest;
};

static void *
need(void *memory)
{
	if (memory == NULL)
		err(1, "out of memory");
	return memory;
}

WalletCache *
cache_new(size_t capacity)
{
	WalletCache *cache = need(calloc(1, sizeof(*cache)));

	cache->capacity = capacity;
	cache->buckets = need(calloc(capacity, sizeof(Wallet *)));
	return cache;
}

static Wallet **
bucket_of(WalletCache *cache, long id)
{
	return &cache->buckets[(unsigned long) id * 2654435761UL % cache->capacity];
}

static void
unlink_from_order(WalletCache *cache, Wallet *wallet)
{
	*(wallet->older ? &wallet->older->newer : &cache->oldest) = wallet->newer;
	*(wallet->newer ? &wallet->newer->older : &cache->newest) = wallet->older;
}

static void
make_newest(WalletCache *cache, Wallet *wallet)
{
	wallet->older = cache->newest;
	wallet->newer = NULL;
	*(cache->newest ? &cache->newest->newer : &cache->oldest) = wallet;
	cache->newest = wallet;
}

static void
forget_oldest(WalletCache *cache)
{
	Wallet *wallet = cache->oldest;
	Wallet **link = bucket_of(cache, wallet->id);

	while (*link != wallet)
		link = &(*link)->next;
	*link = wallet->next;
	unlink_from_order(cache, wallet);
	free(wallet->address);
	free(wallet);
	cache->size--;
}

Wallet *
cache_find(WalletCache *cache, long id)
{
	for (Wallet *wallet = *bucket_of(cache, id); wallet != NULL;
		 wallet = wallet->next)
		if (wallet->id == id)
		{
			unlink_from_order(cache, wallet);
			make_newest(cache, wallet);
			return wallet;
		}
	return NULL;
}

Wallet *
cache_add(WalletCache *cache, long id, const char *address, long long balance)
{
	Wallet *wallet = need(calloc(1, sizeof(*wallet)));
	Wallet **bucket;

	if (cache->size == cache->capacity)
		forget_oldest(cache);
	bucket = bucket_of(cache, id);
	wallet->id = id;
	wallet->balance = balance;
	wallet->address = need(strdup(address));
	wallet->next = *bucket;
	*bucket = wallet;
	make_newest(cache, wallet);
	cache->size++;
	return wallet;
}

size_t
cache_size(const WalletCache *cache)
{
	return cache->size;
}
