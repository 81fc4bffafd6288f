/* SPDX-License-Identifier: Apache-2.0 */
/* x509.c - find the validity in a certificate. */
#include "wire/x509.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "wire/base64.h"

/* A certificate's text; real ones have some 2 KiB. */
#define TEXT_MAX (64U << 10)

/* From: X.690 section 8.1.2. */
enum {
	TAG_INTEGER = 0x02,
	TAG_UTC_TIME = 0x17,
	TAG_GENERALIZED_TIME = 0x18,
	TAG_SEQUENCE = 0x30,
	TAG_VERSION = 0xa0,
};

static int corrupt(struct hp_error *err)
{
	return hp_fail(err, HP_ECORRUPT, "it holds no certificate");
}

/* Take the element at the front of @in off it. Returns: its tag, -1 when it is none. */
static int take(struct hp_bytes *in, struct hp_bytes *ret_content)
{
	size_t at = 2;
	size_t len;

	if (in->len < 2)
		return -1;
	const int tag = in->data[0];
	len = in->data[1];
	if (len & 0x80) {
		const size_t n = len & 0x7f;
		if (n == 0 || n > 3 || in->len < 2 + n)
			return -1;
		for (len = 0; at < 2 + n; at++)
			len = len << 8 | in->data[at];
	}
	if (len > in->len - at)
		return -1;
	*ret_content = HP_BYTES(in->data + at, len);
	*in = HP_BYTES(in->data + at + len, in->len - at - len);
	return tag;
}

static int two(const uint8_t *digits)
{
	return (digits[0] - '0') * 10 + digits[1] - '0';
}

/* "YYMMDDHHMMSSZ" or "YYYYMMDDHHMMSSZ". From: RFC 5280 section 4.1.2.5. */
static int read_time(int tag, struct hp_bytes text, int64_t *ret, struct hp_error *err)
{
	const size_t year_len = tag == TAG_GENERALIZED_TIME ? 4 : 2;
	struct tm tm = {0};

	if ((tag != TAG_UTC_TIME && tag != TAG_GENERALIZED_TIME) || text.len != year_len + 11 ||
	    text.data[text.len - 1] != 'Z')
		return corrupt(err);
	for (size_t i = 0; i + 1 < text.len; i++)
		if (!isdigit(text.data[i]))
			return corrupt(err);
	const uint8_t *rest = text.data + year_len;
	const int year = year_len == 4 ? two(text.data) * 100 + two(text.data + 2)
				       : two(text.data) + (two(text.data) < 50 ? 2000 : 1900);
	tm.tm_year = year - 1900;
	tm.tm_mon = two(rest) - 1;
	tm.tm_mday = two(rest + 2);
	tm.tm_hour = two(rest + 4);
	tm.tm_min = two(rest + 6);
	tm.tm_sec = two(rest + 8);
	*ret = (int64_t)timegm(&tm);
	return 0;
}

static int read_certificate(struct hp_bytes der, int64_t *ret_not_before,
			    int64_t *ret_not_after, struct hp_error *err)
{
	struct hp_bytes whole, rest, part, validity;

	if (take(&der, &whole) != TAG_SEQUENCE || take(&whole, &rest) != TAG_SEQUENCE)
		return corrupt(err);
	int tag = take(&rest, &part);
	if (tag == TAG_VERSION)
		tag = take(&rest, &part);
	/* The serial number, the algorithm and the issuer come before. */
	if (tag != TAG_INTEGER || take(&rest, &part) != TAG_SEQUENCE ||
	    take(&rest, &part) != TAG_SEQUENCE || take(&rest, &validity) != TAG_SEQUENCE)
		return corrupt(err);
	tag = take(&validity, &part);
	if (read_time(tag, part, ret_not_before, err) < 0)
		return -1;
	tag = take(&validity, &part);
	return read_time(tag, part, ret_not_after, err);
}

int hp_x509_validity(struct hp_bytes pem, int64_t *ret_not_before, int64_t *ret_not_after,
		     struct hp_error *err)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	static const char end[] = "-----END CERTIFICATE-----";
	const char *text = (const char *)pem.data;
	const char *from = pem.len ? memmem(text, pem.len, begin, strlen(begin)) : NULL;
	AUTO(hp_buf_free) struct hp_buf der = {0};
	int64_t before = 0, after = 0;

	if (!from)
		return corrupt(err);
	from += strlen(begin);
	const char *to = memmem(from, (size_t)(text + pem.len - from), end, strlen(end));
	if (!to || (size_t)(to - from) > TEXT_MAX)
		return corrupt(err);
	AUTO_FREE char *digits = hp_alloc((size_t)(to - from) + 1);
	size_t n = 0;
	for (const char *c = from; c < to; c++)
		if (!isspace((unsigned char)*c))
			digits[n++] = *c;
	if (strlen(digits) != n || hp_base64_parse(digits, &der, err) < 0)
		return err->code ? -1 : corrupt(err);
	if (read_certificate(hp_buf_bytes(&der), &before, &after, err) < 0)
		return -1;
	*ret_not_before = before;
	*ret_not_after = after;
	return 0;
}
