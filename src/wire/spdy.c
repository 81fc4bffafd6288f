/* SPDX-License-Identifier: Apache-2.0 */
/* spdy.c - read and write frames of SPDY/3.1. */
#include "wire/spdy.h"

#include <string.h>

/* From: SPDY/3.1 sections 2.2.1 and 2.6. */
#define CONTROL     0x80000000u
#define VERSION     3u
#define SYN_STREAM  1u
#define SYN_REPLY   2u
#define RST_STREAM  3u
#define PING        6u
#define GOAWAY      7u
#define FLAG_FIN    1u
#define STREAM_MASK 0x7fffffffu

/* A stored block of RFC 1951 ends its length in 16 bits; half of it is plenty. */
#define PAIRS_MAX (32u * 1024)

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void set32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

/* The frames that carry a number behind the stream that they are about. */
static int read_control(uint32_t type, struct hp_bytes body, struct hp_spdy_frame *f,
			struct hp_error *err)
{
	static const struct {
		uint32_t number;
		enum hp_spdy_type type;
		size_t needs;
	} rows[] = {
		{SYN_REPLY, HP_SPDY_REPLY, 4},
		{RST_STREAM, HP_SPDY_RESET, 8},
		{PING, HP_SPDY_PING, 4},
		{GOAWAY, HP_SPDY_GOAWAY, 8},
	};

	f->type = HP_SPDY_OTHER;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		if (rows[i].number != type)
			continue;
		if (body.len < rows[i].needs)
			return hp_fail(err, HP_EPROTO, "a SPDY frame of type %u has %zu bytes",
				       type, body.len);
		f->type = rows[i].type;
		if (type == PING) {
			f->number = get32(body.data);
			return 0;
		}
		f->stream = get32(body.data) & STREAM_MASK;
		f->number = rows[i].needs == 8 ? get32(body.data + 4) : 0;
	}
	return 0;
}

ssize_t hp_spdy_frame_next(struct hp_bytes in, struct hp_spdy_frame *ret, struct hp_error *err)
{
	struct hp_spdy_frame f = {0};

	if (in.len < HP_SPDY_HEADER)
		return 0;
	uint32_t head = get32(in.data);
	uint32_t flags = in.data[4];
	size_t len = get32(in.data + 4) & 0xffffffu;
	bool control = (head & CONTROL) != 0;

	if (control && (head >> 16 & 0x7fffu) != VERSION)
		return hp_fail(err, HP_EPROTO, "a frame of SPDY version %u",
			       head >> 16 & 0x7fffu);
	if (len > HP_SPDY_PAYLOAD)
		return hp_fail(err, HP_EPROTO, "a SPDY frame of %zu bytes", len);
	if (in.len < HP_SPDY_HEADER + len)
		return 0;
	f.fin = (flags & FLAG_FIN) != 0;
	f.payload = HP_BYTES(in.data + HP_SPDY_HEADER, len);
	if (control) {
		if (read_control(head & 0xffffu, f.payload, &f, err) < 0)
			return -1;
		f.fin = f.fin && f.type == HP_SPDY_REPLY;
		f.payload = HP_BYTES(NULL, 0);
	} else {
		f.type = HP_SPDY_DATA;
		f.stream = head & STREAM_MASK;
	}
	*ret = f;
	return (ssize_t)(HP_SPDY_HEADER + len);
}

static int put32(struct hp_buf *out, uint32_t value, struct hp_error *err)
{
	uint8_t bytes[4];

	set32(bytes, value);
	return hp_buf_add(out, bytes, sizeof(bytes), err);
}

static int put_text(struct hp_buf *out, const char *text, struct hp_error *err)
{
	size_t len = strlen(text);

	if (put32(out, (uint32_t)len, err) < 0)
		return -1;
	return hp_buf_add(out, text, len, err);
}

/* From: SPDY/3.1 section 2.6.10, "Name/Value Header Block". */
static int put_pairs(struct hp_buf *out, const struct hp_spdy_pair *pairs, size_t count,
		     struct hp_error *err)
{
	if (put32(out, (uint32_t)count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (put_text(out, pairs[i].name, err) < 0 ||
		    put_text(out, pairs[i].value, err) < 0)
			return -1;
	return 0;
}

/* Store @plain: a block with it, and an empty one, as a sync flush writes it, so that the reader
 * hands all of the first on. */
static int put_stored(struct hp_buf *out, struct hp_bytes plain, bool first,
		      struct hp_error *err)
{
	static const uint8_t zlib_head[] = {0x78, 0x01};
	static const uint8_t flush[] = {0x00, 0x00, 0x00, 0xff, 0xff};
	const uint8_t block[] = {
		0x00,
		(uint8_t)plain.len,
		(uint8_t)(plain.len >> 8),
		(uint8_t)~plain.len,
		(uint8_t)(~plain.len >> 8),
	};

	if (first && hp_buf_add(out, zlib_head, sizeof(zlib_head), err) < 0)
		return -1;
	if (hp_buf_add(out, block, sizeof(block), err) < 0 ||
	    hp_buf_add(out, plain.data, plain.len, err) < 0)
		return -1;
	return hp_buf_add(out, flush, sizeof(flush), err);
}

static int put_frame(struct hp_buf *out, uint32_t head, uint32_t flags, struct hp_bytes body,
		     struct hp_error *err)
{
	uint8_t bytes[HP_SPDY_HEADER];

	if (body.len > HP_SPDY_PAYLOAD || out->len + HP_SPDY_HEADER + body.len > out->max)
		return hp_fail(err, HP_EEXHAUSTED, "no room for a SPDY frame of %zu bytes",
			       body.len);
	set32(bytes, head);
	set32(bytes + 4, flags << 24 | (uint32_t)body.len);
	if (hp_buf_add(out, bytes, sizeof(bytes), err) < 0)
		return -1;
	return hp_buf_add(out, body.data, body.len, err);
}

int hp_spdy_put_open(struct hp_buf *out, uint32_t stream, const struct hp_spdy_pair *pairs,
		     size_t count, bool first, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf plain;
	AUTO(hp_buf_free) struct hp_buf body;

	hp_buf_init(&plain, PAIRS_MAX);
	hp_buf_init(&body, PAIRS_MAX + 64);
	if (put_pairs(&plain, pairs, count, err) < 0)
		return -1;
	/* The stream, the one that it belongs to (none), its priority and its slot. */
	if (put32(&body, stream & STREAM_MASK, err) < 0 || put32(&body, 0, err) < 0 ||
	    hp_buf_add(&body, "\0", 2, err) < 0 ||
	    put_stored(&body, hp_buf_bytes(&plain), first, err) < 0)
		return -1;
	return put_frame(out, CONTROL | VERSION << 16 | SYN_STREAM, 0, hp_buf_bytes(&body),
			 err);
}

int hp_spdy_put_data(struct hp_buf *out, uint32_t stream, struct hp_bytes data, bool fin,
		     struct hp_error *err)
{
	return put_frame(out, stream & STREAM_MASK, fin ? FLAG_FIN : 0, data, err);
}

int hp_spdy_put_ping(struct hp_buf *out, uint32_t number, struct hp_error *err)
{
	uint8_t bytes[4];

	set32(bytes, number);
	return put_frame(out, CONTROL | VERSION << 16 | PING, 0, HP_BYTES(bytes, 4), err);
}
