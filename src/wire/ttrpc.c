/* SPDX-License-Identifier: Apache-2.0 */
/* ttrpc.c - read and write ttrpc's frames and the two messages of unary calls.
 *
 * The messages are read by hand and not by protobuf-c: they are five fields, a payload of megabytes
 * need not be copied to get at it, and nothing is sized by what a peer says. */
#include "wire/ttrpc.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

/* From: containerd namespaces/ttrpc.go, TTRPCHeader. */
#define NS_KEY "containerd-namespace-ttrpc"

/* From: protobuf.dev/programming-guides/encoding, "Message Structure". */
enum wire_type { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };
#define VARINT_MAX 10

/* One field of a message. */
struct field {
	uint32_t number;
	uint32_t type;
	uint64_t varint;       /* of VARINT */
	struct hp_bytes bytes; /* of BYTES */
};

/* From: containerd/ttrpc request.proto. */
enum request_field { SERVICE = 1, METHOD = 2, PAYLOAD = 3, TIMEOUT = 4, METADATA = 5 };
enum pair_field { KEY = 1, VALUE = 2 };
enum response_field { STATUS = 1, REPLY = 2 };
/* From: googleapis google/rpc/status.proto. */
enum status_field { CODE = 1, MESSAGE = 2 };

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_u32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 24);
	p[1] = (uint8_t)(value >> 16);
	p[2] = (uint8_t)(value >> 8);
	p[3] = (uint8_t)value;
}

size_t hp_ttrpc_frame_next(struct hp_bytes in, struct hp_ttrpc_frame *ret_frame)
{
	uint32_t len;

	if (in.len < HP_TTRPC_HEADER)
		return 0;
	len = get_u32(in.data);
	if (len <= HP_TTRPC_PAYLOAD && in.len - HP_TTRPC_HEADER < len)
		return 0;
	*ret_frame = (struct hp_ttrpc_frame){
		.stream = get_u32(in.data + 4),
		.type = in.data[8],
		.flags = in.data[9],
	};
	if (len > HP_TTRPC_PAYLOAD) {
		ret_frame->too_large = len;
		return HP_TTRPC_HEADER;
	}
	ret_frame->payload = HP_BYTES(in.data + HP_TTRPC_HEADER, len);
	return HP_TTRPC_HEADER + len;
}

int hp_ttrpc_frame_put(struct hp_buf *out, const struct hp_ttrpc_frame *frame,
		       struct hp_error *err)
{
	const size_t len = frame->payload.len;
	uint8_t *at;

	if (len > HP_TTRPC_PAYLOAD)
		return hp_fail(err, HP_EEXHAUSTED,
			       "a message of %zu bytes is over ttrpc's limit of %d", len,
			       HP_TTRPC_PAYLOAD);
	at = hp_buf_reserve(out, HP_TTRPC_HEADER + len, err);
	if (!at)
		return -1;
	put_u32(at, (uint32_t)len);
	put_u32(at + 4, frame->stream);
	at[8] = frame->type;
	at[9] = frame->flags;
	if (len > 0)
		memcpy(at + HP_TTRPC_HEADER, frame->payload.data, len);
	out->len += HP_TTRPC_HEADER + len;
	return 0;
}

static struct hp_bytes skip(struct hp_bytes in, size_t len)
{
	return HP_BYTES(in.data + len, in.len - len);
}

/* Take a number from the front of @in. Bits beyond 64 are dropped, as protobuf does. */
static bool take_varint(struct hp_bytes *in, uint64_t *ret)
{
	uint64_t value = 0;

	for (size_t i = 0; i < in->len && i < VARINT_MAX; i++) {
		value |= (uint64_t)(in->data[i] & 0x7f) << (7 * i);
		if (in->data[i] & 0x80)
			continue;
		*in = skip(*in, i + 1);
		*ret = value;
		return true;
	}
	return false;
}

/* Take what stands behind a field's tag. */
static bool take_value(struct hp_bytes *in, struct field *f)
{
	uint64_t len = 0;

	switch (f->type) {
	case VARINT:
		return take_varint(in, &f->varint);
	case FIXED64:
		len = 8;
		break;
	case FIXED32:
		len = 4;
		break;
	case BYTES:
		if (!take_varint(in, &len))
			return false;
		break;
	default: /* groups, which proto3 does not have, and what does not exist */
		return false;
	}
	if (len > in->len)
		return false;
	f->bytes = HP_BYTES(in->data, (size_t)len);
	*in = skip(*in, (size_t)len);
	return true;
}

/* Take the next field from the front of @in. Returns: 1, 0 at its end, -1. */
static int take_field(struct hp_bytes *in, struct field *ret, struct hp_error *err)
{
	uint64_t tag;

	if (in->len == 0)
		return 0;
	*ret = (struct field){0};
	if (!take_varint(in, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
		return hp_fail(err, HP_EPROTO, "no protobuf message: a bad field");
	ret->number = (uint32_t)tag >> 3;
	ret->type = (uint32_t)tag & 7;
	if (!take_value(in, ret))
		return hp_fail(err, HP_EPROTO, "no protobuf message: a bad value of field %u",
			       ret->number);
	return 1;
}

/* A field that we know must be of the type that we know. */
static int expect(const struct field *f, enum wire_type type, struct hp_error *err)
{
	if (f->type == (uint32_t)type)
		return 0;
	return hp_fail(err, HP_EPROTO, "field %u is of type %u in place of %u", f->number,
		       f->type, (unsigned)type);
}

/* Copy a name. A NUL in it would make it look like another one. */
static int copy_name(const struct field *f, const char *what, char *ret, size_t size,
		     struct hp_error *err)
{
	const size_t len = f->bytes.len;

	if (expect(f, BYTES, err) < 0)
		return hp_wrap(err, "%s", what);
	if (len >= size)
		return hp_fail(err, HP_EPROTO, "%s: %zu bytes are over the limit of %zu", what,
			       len, size - 1);
	if (len > 0 && memchr(f->bytes.data, '\0', len))
		return hp_fail(err, HP_EPROTO, "%s: it has a NUL in it", what);
	if (len > 0)
		memcpy(ret, f->bytes.data, len);
	ret[len] = '\0';
	return 0;
}

/* Keep the namespace of one pair of metadata, when it is that pair. */
static int read_metadata(struct hp_bytes in, struct hp_ttrpc_request *r, struct hp_error *err)
{
	struct field key = {.number = KEY, .type = BYTES};
	struct field value = {.number = VALUE, .type = BYTES};
	struct field f;
	int found;

	while ((found = take_field(&in, &f, err)) > 0) {
		if (f.number == KEY)
			key = f;
		else if (f.number == VALUE)
			value = f;
	}
	if (found < 0 || expect(&key, BYTES, err) < 0)
		return hp_wrap(err, "metadata");
	if (key.bytes.len != strlen(NS_KEY) ||
	    strncasecmp((const char *)key.bytes.data, NS_KEY, strlen(NS_KEY)) != 0)
		return 0;
	return copy_name(&value, "namespace", r->ns, sizeof(r->ns), err);
}

static int read_request_field(const struct field *f, struct hp_ttrpc_request *r,
			      struct hp_error *err)
{
	switch (f->number) {
	case SERVICE:
		return copy_name(f, "service", r->service, sizeof(r->service), err);
	case METHOD:
		return copy_name(f, "method", r->method, sizeof(r->method), err);
	case PAYLOAD:
		r->payload = f->bytes;
		return expect(f, BYTES, err);
	case TIMEOUT:
		r->timeout_ns = (int64_t)f->varint < 0 ? 0 : (int64_t)f->varint;
		return expect(f, VARINT, err);
	case METADATA:
		return expect(f, BYTES, err) < 0 ? -1 : read_metadata(f->bytes, r, err);
	default:
		return 0;
	}
}

int hp_ttrpc_request_read(struct hp_bytes in, struct hp_ttrpc_request *ret,
			  struct hp_error *err)
{
	struct hp_ttrpc_request r = {0};
	struct field f;
	int found;

	while ((found = take_field(&in, &f, err)) > 0)
		if (read_request_field(&f, &r, err) < 0)
			return hp_wrap(err, "ttrpc request");
	if (found < 0)
		return hp_wrap(err, "ttrpc request");
	if (!r.service[0] || !r.method[0])
		return hp_fail(err, HP_EPROTO, "ttrpc request: it has no service or no method");
	*ret = r;
	return 0;
}

static int read_status(struct hp_bytes in, struct hp_ttrpc_response *r, struct hp_error *err)
{
	struct field f;
	int found;

	while ((found = take_field(&in, &f, err)) > 0) {
		if (f.number == CODE) {
			if (expect(&f, VARINT, err) < 0)
				return hp_wrap(err, "status");
			r->code = (int)(uint32_t)f.varint;
		} else if (f.number == MESSAGE) {
			if (expect(&f, BYTES, err) < 0)
				return hp_wrap(err, "status");
			r->message = f.bytes;
		}
	}
	return found < 0 ? hp_wrap(err, "status") : 0;
}

static int read_response_field(const struct field *f, struct hp_ttrpc_response *r,
			       struct hp_error *err)
{
	switch (f->number) {
	case STATUS:
		return expect(f, BYTES, err) < 0 ? -1 : read_status(f->bytes, r, err);
	case REPLY:
		r->payload = f->bytes;
		return expect(f, BYTES, err);
	default:
		return 0;
	}
}

int hp_ttrpc_response_read(struct hp_bytes in, struct hp_ttrpc_response *ret,
			   struct hp_error *err)
{
	struct hp_ttrpc_response r = {0};
	struct field f;
	int found;

	while ((found = take_field(&in, &f, err)) > 0)
		if (read_response_field(&f, &r, err) < 0)
			return hp_wrap(err, "ttrpc response");
	if (found < 0)
		return hp_wrap(err, "ttrpc response");
	if (r.code == 0)
		r.message = (struct hp_bytes){0};
	*ret = r;
	return 0;
}

static int put_varint(struct hp_buf *out, uint64_t value, struct hp_error *err)
{
	uint8_t bytes[VARINT_MAX];
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[n++] = (uint8_t)(value | 0x80);
	bytes[n++] = (uint8_t)value;
	return hp_buf_add(out, bytes, n, err);
}

/* A field with a number, unless it is 0. */
static int put_number(struct hp_buf *out, uint32_t field, uint64_t value, struct hp_error *err)
{
	if (value == 0)
		return 0;
	if (put_varint(out, field << 3 | VARINT, err) < 0)
		return -1;
	return put_varint(out, value, err);
}

/* A field with bytes, unless there are none. */
static int put_bytes(struct hp_buf *out, uint32_t field, struct hp_bytes value,
		     struct hp_error *err)
{
	if (value.len == 0)
		return 0;
	if (put_varint(out, field << 3 | BYTES, err) < 0 || put_varint(out, value.len, err) < 0)
		return -1;
	return hp_buf_add(out, value.data, value.len, err);
}

int hp_ttrpc_request_put(struct hp_buf *out, const struct hp_ttrpc_request *request,
			 struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf pair;

	hp_buf_init(&pair, sizeof(request->ns) + sizeof(NS_KEY) + 8);
	if (put_bytes(out, SERVICE, hp_bytes_str(request->service), err) < 0 ||
	    put_bytes(out, METHOD, hp_bytes_str(request->method), err) < 0 ||
	    put_bytes(out, PAYLOAD, request->payload, err) < 0 ||
	    put_number(out, TIMEOUT, (uint64_t)request->timeout_ns, err) < 0)
		return hp_wrap(err, "ttrpc request");
	if (!request->ns[0])
		return 0;
	if (put_bytes(&pair, KEY, hp_bytes_str(NS_KEY), err) < 0 ||
	    put_bytes(&pair, VALUE, hp_bytes_str(request->ns), err) < 0 ||
	    put_bytes(out, METADATA, hp_buf_bytes(&pair), err) < 0)
		return hp_wrap(err, "ttrpc request");
	return 0;
}

/* Append @text with each byte that is no UTF-8 as '?': Go refuses a whole message for one. */
static int put_text(struct hp_buf *out, struct hp_bytes text, struct hp_error *err)
{
	while (text.len > 0) {
		const size_t len = hp_str_utf8_len(text.data, text.len);

		if (hp_buf_add(out, len > 0 ? (const void *)text.data : "?", len > 0 ? len : 1,
			       err) < 0)
			return -1;
		text = skip(text, len > 0 ? len : 1);
	}
	return 0;
}

int hp_ttrpc_response_put(struct hp_buf *out, const struct hp_ttrpc_response *response,
			  struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text;
	AUTO(hp_buf_free) struct hp_buf status;

	hp_buf_init(&text, out->max);
	hp_buf_init(&status, out->max);
	if (response->code == 0)
		return put_bytes(out, REPLY, response->payload, err);
	if (put_text(&text, response->message, err) < 0 ||
	    put_number(&status, CODE, (uint64_t)(int64_t)response->code, err) < 0 ||
	    put_bytes(&status, MESSAGE, hp_buf_bytes(&text), err) < 0 ||
	    put_bytes(out, STATUS, hp_buf_bytes(&status), err) < 0)
		return hp_wrap(err, "ttrpc response");
	return 0;
}
