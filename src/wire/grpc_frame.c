/* SPDX-License-Identifier: Apache-2.0 */
/* grpc_frame.c - read and write gRPC's message prefix, statuses and header texts. */
#include "wire/grpc_frame.h"

#include <inttypes.h>
#include <stdbool.h>

#include "base/alloc.h"
#include "base/str.h"

/* From: grpc/grpc doc/PROTOCOL-HTTP2.md, "TimeoutValue": at most 8 digits. */
#define TIMEOUT_MAX 99999999

int hp_grpc_message_next(struct hp_bytes in, size_t max, struct hp_bytes *ret_message,
			 struct hp_error *err)
{
	if (in.len == 0)
		return 0;
	/* The flag is judged on its own, as what is no gRPC may end before the length. */
	if (in.data[0] > 1)
		return hp_fail(err, HP_EPROTO, "message flag 0x%02x is none of gRPC's",
			       in.data[0]);
	if (in.data[0] == 1)
		return hp_fail(err, HP_EPROTO, "a compressed message came, none was asked for");
	if (in.len < HP_GRPC_PREFIX)
		return 0;

	size_t len = (size_t)in.data[1] << 24 | (size_t)in.data[2] << 16 |
		     (size_t)in.data[3] << 8 | (size_t)in.data[4];
	if (len > max)
		return hp_fail(err, HP_EEXHAUSTED,
			       "a message of %zu bytes is over the limit of %zu", len, max);
	if (in.len - HP_GRPC_PREFIX < len)
		return 0;
	*ret_message = HP_BYTES(in.data + HP_GRPC_PREFIX, len);
	return 1;
}

void hp_grpc_prefix_write(uint32_t len, uint8_t ret_prefix[HP_GRPC_PREFIX])
{
	ret_prefix[0] = 0;
	ret_prefix[1] = (uint8_t)(len >> 24);
	ret_prefix[2] = (uint8_t)(len >> 16);
	ret_prefix[3] = (uint8_t)(len >> 8);
	ret_prefix[4] = (uint8_t)len;
}

/* The byte that "%xy" at the front of @text stands for, -1 when it is not of that form. */
static int percent_value(struct hp_bytes text)
{
	if (text.len < 3 || text.data[0] != '%')
		return -1;

	int high = hp_str_hex_digit((char)text.data[1]);
	int low = hp_str_hex_digit((char)text.data[2]);

	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

char *hp_grpc_text_decode(struct hp_bytes encoded, size_t max)
{
	size_t room = encoded.len < max ? encoded.len : max;
	char *text = hp_alloc(room + 1);
	size_t len = 0;

	for (size_t at = 0; at < encoded.len && len < room;) {
		int value = percent_value(HP_BYTES(encoded.data + at, encoded.len - at));
		int byte = value < 0 ? encoded.data[at] : value;

		at += value < 0 ? 1 : 3;
		text[len++] = (char)(byte < 0x20 || byte == 0x7f ? ' ' : byte);
	}
	while (len > 0 && text[len - 1] == ' ')
		len--;
	text[len] = '\0';
	return text;
}

int hp_grpc_status_parse(struct hp_bytes text, int *ret_status, struct hp_error *err)
{
	int status = 0;

	if (text.len == 0)
		return hp_fail(err, HP_EPROTO, "the grpc-status is empty");
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return hp_fail(err, HP_EPROTO, "the grpc-status is no number");
		/* It need not be exact once it is out of range. */
		if (status <= HP_GRPC_STATUS_MAX)
			status = status * 10 + (text.data[i] - '0');
	}
	*ret_status = status > HP_GRPC_STATUS_MAX ? HP_GRPC_UNKNOWN : status;
	return 0;
}

const char *hp_grpc_status_name(int status)
{
	/* From: grpc/grpc doc/statuscodes.md; the index is the number. */
	static const char *const names[] = {
		"OK",
		"CANCELLED",
		"UNKNOWN",
		"INVALID_ARGUMENT",
		"DEADLINE_EXCEEDED",
		"NOT_FOUND",
		"ALREADY_EXISTS",
		"PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED",
		"FAILED_PRECONDITION",
		"ABORTED",
		"OUT_OF_RANGE",
		"UNIMPLEMENTED",
		"INTERNAL",
		"UNAVAILABLE",
		"DATA_LOSS",
		"UNAUTHENTICATED",
	};

	if (status < 0 || (size_t)status >= HP_ARRAY_LEN(names))
		return "UNKNOWN";
	return names[status];
}

void hp_grpc_timeout_format(int64_t timeout_ms, char ret_text[HP_GRPC_TIMEOUT_TEXT])
{
	int64_t value = timeout_ms < 1 ? 1 : timeout_ms;
	char unit = 'm';

	if (value > TIMEOUT_MAX) {
		value /= 1000;
		unit = 'S';
	}
	if (value > TIMEOUT_MAX)
		value = TIMEOUT_MAX;
	snprintf(ret_text, HP_GRPC_TIMEOUT_TEXT, "%" PRId64 "%c", value, unit);
}
