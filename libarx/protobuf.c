/*
 * protobuf.c
 *	  Writes protocol buffer messages into memory of a fixed size.
 */
#include "libarx/protobuf.h"

#include <string.h>

#include "libarx/varint.h"

enum
{
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_LENGTH = 2,
};

void
arx_protobuf_start(ArxProtobuf *message, void *bytes, size_t room)
{
	message->bytes = bytes;
	message->room = room;
	message->used = 0;
	message->failed = false;
}

static void
append(ArxProtobuf *message, const void *bytes, size_t length)
{
	if (message->failed || length > message->room - message->used)
	{
		message->failed = true;
		return;
	}
	if (length > 0)
		memcpy(message->bytes + message->used, bytes, length);
	message->used += length;
}

void
arx_protobuf_packed(ArxProtobuf *message, uint64_t number)
{
	uint8_t bytes[ARX_VARINT_MAX_BYTES];

	append(message, bytes, arx_varint_put(bytes, number));
}

static void
append_tag(ArxProtobuf *message, uint32_t field, uint32_t wire)
{
	arx_protobuf_packed(message, (uint64_t) field << 3 | wire);
}

void
arx_protobuf_number(ArxProtobuf *message, uint32_t field, uint64_t number)
{
	if (number == 0)
		return;
	append_tag(message, field, WIRE_VARINT);
	arx_protobuf_packed(message, number);
}

void
arx_protobuf_fixed64(ArxProtobuf *message, uint32_t field, uint64_t number)
{
	uint8_t bytes[8];

	if (number == 0)
		return;
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t) (number >> (8 * i));
	append_tag(message, field, WIRE_FIXED64);
	append(message, bytes, sizeof(bytes));
}

void
arx_protobuf_head(ArxProtobuf *message, uint32_t field, size_t length)
{
	append_tag(message, field, WIRE_LENGTH);
	arx_protobuf_packed(message, length);
}

void
arx_protobuf_bytes(ArxProtobuf *message, uint32_t field, const void *bytes,
				   size_t length)
{
	if (length == 0)
		return;
	arx_protobuf_head(message, field, length);
	append(message, bytes, length);
}

size_t
arx_protobuf_open(ArxProtobuf *message, uint32_t field)
{
	append_tag(message, field, WIRE_LENGTH);
	return message->used;
}

/* The length goes before what it is the length of, which makes way for it. */
void
arx_protobuf_close(ArxProtobuf *message, size_t opened)
{
	uint8_t head[ARX_VARINT_MAX_BYTES];
	size_t length;
	size_t bytes;

	if (message->failed)
		return;
	length = message->used - opened;
	bytes = arx_varint_put(head, length);
	append(message, head, bytes);
	if (message->failed)
		return;
	memmove(message->bytes + opened + bytes, message->bytes + opened, length);
	memcpy(message->bytes + opened, head, bytes);
}
