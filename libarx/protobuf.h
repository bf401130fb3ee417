/*
 * protobuf.h
 *	  Writes protocol buffer messages into memory of a fixed size.
 *
 * Fields are written in the order of the calls; a field that is 0 or empty is
 * left out, as proto3 has it.  What does not fit sets failed, and then
 * nothing more is written: look once, at the end.
 */
#ifndef ARX_LIBARX_PROTOBUF_H
#define ARX_LIBARX_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ArxProtobuf
{
	uint8_t *bytes; /* the caller's */
	size_t room;
	size_t used;
	bool failed; /* something did not fit */
} ArxProtobuf;

/* Begins an empty message in room bytes of memory. */
extern void arx_protobuf_start(ArxProtobuf *message, void *bytes, size_t room);

/* Types uint32, uint64, bool and enum; for int32 and int64 cast the number. */
extern void
arx_protobuf_number(ArxProtobuf *message, uint32_t field, uint64_t number);

/* Types fixed64 and sfixed64. */
extern void
arx_protobuf_fixed64(ArxProtobuf *message, uint32_t field, uint64_t number);

/* Types string and bytes. */
extern void arx_protobuf_bytes(ArxProtobuf *message, uint32_t field,
							   const void *bytes, size_t length);

/*
 * The head of a field of type string, bytes or message whose length bytes the
 * caller hands on by itself; written even if there are none, which is how an
 * element of a repeated field is.
 */
extern void
arx_protobuf_head(ArxProtobuf *message, uint32_t field, size_t length);

/* An element of a packed field, without tag; between open and close. */
extern void arx_protobuf_packed(ArxProtobuf *message, uint64_t number);

/*
 * A message within the message, or a packed field: what is written between the
 * two calls.  open returns what close wants.  They nest.
 */
extern size_t arx_protobuf_open(ArxProtobuf *message, uint32_t field);
extern void arx_protobuf_close(ArxProtobuf *message, size_t opened);

#endif
