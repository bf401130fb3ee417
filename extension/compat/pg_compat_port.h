/*
 * pg_compat_port.h
 *	  The connection of a client, without the headers of its security layers.
 *
 * A server built with GSSAPI or OpenSSL wants their headers for the types of
 * some pointers, which lie behind all members that are used here.  Without
 * these macros they are plain pointers, of the same size.  Include this before
 * any other header that includes libpq-be.h.
 */
#ifndef ARX_PG_COMPAT_PORT_H
#define ARX_PG_COMPAT_PORT_H

#include "postgres.h"

#undef ENABLE_GSS
#undef USE_OPENSSL
#undef USE_SSL

#include "libpq/libpq-be.h"

#endif /* ARX_PG_COMPAT_PORT_H */
