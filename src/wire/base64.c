/* SPDX-License-Identifier: Apache-2.0 */
/* base64.c - three bytes to four letters and back. */
#include "wire/base64.h"

#include "base/alloc.h"

static const char letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *hp_base64_text(struct hp_bytes data)
{
	char *text = hp_alloc((data.len + 2) / 3 * 4 + 1);
	size_t n = 0;

	for (size_t i = 0; i < data.len; i += 3) {
		const size_t left = data.len - i;
		const uint32_t bits = (uint32_t)data.data[i] << 16 |
				      (left > 1 ? (uint32_t)data.data[i + 1] << 8 : 0) |
				      (left > 2 ? data.data[i + 2] : 0);
		text[n++] = letters[bits >> 18];
		text[n++] = letters[bits >> 12 & 63];
		text[n++] = left > 1 ? letters[bits >> 6 & 63] : '=';
		text[n++] = left > 2 ? letters[bits & 63] : '=';
	}
	return text;
}

int hp_base64_parse(const char *text, struct hp_buf *ret, struct hp_error *err)
{
	size_t len = strlen(text);
	AUTO(hp_buf_free) struct hp_buf out;
	uint32_t bits = 0;

	hp_buf_init(&out, len / 4 * 3 + 3);
	for (int i = 0; i < 2 && len > 0 && text[len - 1] == '='; i++)
		len--;
	if (len % 4 == 1)
		return hp_fail(err, HP_ECORRUPT, "no base64: a letter is missing at its end");
	for (size_t i = 0; i < len; i++) {
		const char *at = memchr(letters, text[i], sizeof(letters) - 1);
		if (!at)
			return hp_fail(err, HP_ECORRUPT, "no base64 at offset %zu", i);
		bits = bits << 6 | (uint32_t)(at - letters);
		/* After the second, third and fourth letter of four a further byte is whole. */
		if (i % 4 == 0)
			continue;
		const uint8_t byte = (uint8_t)(bits >> (6 - 2 * (i % 4)));
		if (hp_buf_add(&out, &byte, 1, err) < 0)
			return -1;
	}
	*ret = out;
	hp_buf_init(&out, 0);
	return 0;
}
