/* SPDX-License-Identifier: Apache-2.0 */
/* escape.c - any bytes as a JSON string, so that they can be had back.
 *
 * Bytes that are no UTF-8 become lone surrogates, "\udc80" to "\udcff"; engine/log_entry.h, which
 * reads them, says why that is compatible with docker's readers. */
#include "keeper/log.h"

#include <string.h>

#include "base/str.h"

static char *put_hex(char *out, const char *prefix, uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";

	memcpy(out, prefix, 4);
	out[4] = digits[byte >> 4];
	out[5] = digits[byte & 0xf];
	return out + 6;
}

/* One ASCII character that JSON does not take as it is. From: RFC 8259, section 7. */
static char *put_escaped(char *out, uint8_t c)
{
	static const char means[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";
	const char *found = c ? strchr(means, c) : NULL;

	if (!found)
		return put_hex(out, "\\u00", c);
	*out++ = '\\';
	*out++ = letters[found - means];
	return out;
}

size_t hp_keeper__escape(const uint8_t *data, size_t len, char *out)
{
	char *start = out;
	size_t at = 0;

	while (at < len) {
		uint8_t c = data[at];
		size_t n = hp_str_utf8_len(data + at, len - at);
		if (n == 1 && (c < ' ' || c == '"' || c == '\\')) {
			out = put_escaped(out, c);
		} else if (n == 0) {
			out = put_hex(out, "\\udc", c);
			n = 1;
		} else {
			memcpy(out, data + at, n);
			out += n;
		}
		at += n;
	}
	return (size_t)(out - start);
}

size_t hp_keeper__utf8_cut(const uint8_t *data, size_t len)
{
	/* A character that is cut has its first byte among the last three. */
	for (size_t back = 1; back <= 3 && back < len; back++) {
		uint8_t c = data[len - back];
		if (c < 0x80)
			break;
		if (c < 0xc0)
			continue;
		size_t need = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
		return need > back ? len - back : len;
	}
	return len;
}
