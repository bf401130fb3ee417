/*
 * wait_list.h
 *	  What the gateway waits for: sockets of its subjects, and a time.
 *
 * A subject's gateway_tick() does what can be done without waiting, then puts
 * here what it waits for; it is called again when one of these happens to
 * anybody.
 */
#ifndef ARX_WAIT_LIST_H
#define ARX_WAIT_LIST_H

#define ARX_MAX_SOCKETS 64

typedef struct ArxWaitList
{
	int64 wake_at; /* TimestampTz: the earliest that anybody wants */
	int n;
	struct
	{
		pgsocket socket;
		int events; /* WL_SOCKET_READABLE, WL_SOCKET_WRITEABLE */
	} sockets[ARX_MAX_SOCKETS];
} ArxWaitList;

/* Call again at this time at the latest. */
static inline void
arx_wait_until(ArxWaitList *list, int64 time)
{
	if (time < list->wake_at)
		list->wake_at = time;
}

/*
 * Call again when the socket is ready.  With more than ARX_MAX_SOCKETS the
 * rest is asked again every 10 ms.
 */
static inline void
arx_wait_for_socket(ArxWaitList *list, pgsocket socket, int events, int64 now)
{
	if (list->n == ARX_MAX_SOCKETS)
	{
		arx_wait_until(list, now + 10000);
		return;
	}
	list->sockets[list->n].socket = socket;
	list->sockets[list->n++].events = events;
}

#endif /* ARX_WAIT_LIST_H */
