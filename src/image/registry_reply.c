/* SPDX-License-Identifier: Apache-2.0 */
/* registry_reply.c - read headers and refusals. */
#include "image/registry_reply.h"

#include "base/clock.h"
#include "base/str.h"
#include "wire/json.h"

#define RETRY_AFTER_MAX_MS 60000

static void copy_value(char *to, size_t size, const char *value)
{
	const size_t len = value ? strcspn(value, "; \t") : 0;

	if (len < size) {
		memcpy(to, value ? value : "", len);
		to[len] = 0;
	}
}

void hp_registry__read_head(const struct hp_http_transfer *t, struct hp_fetch *f)
{
	struct hp_error ignored = HP_ERROR_INIT;
	const char *length = hp_http_header(t, "content-length");
	uint64_t n = 0;

	f->type[0] = f->said[0] = 0;
	copy_value(f->type, sizeof(f->type), hp_http_header(t, "content-type"));
	copy_value(f->said, sizeof(f->said), hp_http_header(t, "docker-content-digest"));
	if (!hp_digest_valid(f->said))
		f->said[0] = 0;
	f->length = -1;
	if (length && hp_str_u64(length, &n, &ignored) == 0 && n <= INT64_MAX)
		f->length = (int64_t)n;
}

bool hp_registry__range_start(const char *content_range, int64_t *ret_from)
{
	const char *const unit = "bytes ";
	int64_t n = 0;

	if (!content_range || !hp_str_starts(content_range, unit))
		return false;
	const char *p = content_range + strlen(unit);
	for (int digits = 0; *p >= '0' && *p <= '9' && digits < 18; p++, digits++)
		n = n * 10 + (*p - '0');
	if (*p != '-' || p == content_range + strlen(unit))
		return false;
	*ret_from = n;
	return true;
}

/* From: RFC 9110 section 5.6.7, IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT". */
static int64_t until_date_ms(const char *text)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);

	if (!end || *end)
		return -1;
	const int64_t left = (int64_t)timegm(&tm) * 1000 - hp_clock_unix_ns() / 1000000;
	return left > 0 ? left : 0;
}

int64_t hp_registry__retry_after_ms(const char *retry_after)
{
	struct hp_error ignored = HP_ERROR_INIT;
	uint64_t seconds = 0;
	int64_t ms;

	if (hp_str_empty(retry_after))
		return -1;
	if (hp_str_u64(retry_after, &seconds, &ignored) == 0)
		ms = seconds > RETRY_AFTER_MAX_MS / 1000 ? RETRY_AFTER_MAX_MS
							 : (int64_t)seconds * 1000;
	else
		ms = until_date_ms(retry_after);
	return ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : ms;
}

bool hp_registry__is_busy(int status)
{
	return status == 408 || status == 429 || status == 500 || status == 502 ||
	       status == 503 || status == 504;
}

static enum hp_code code_of(int status)
{
	if (status == 401 || status == 403)
		return HP_EDENIED;
	if (status == 404)
		return HP_ENOTFOUND;
	if (status == 429)
		return HP_EEXHAUSTED;
	return status / 100 == 5 || status == 408 ? HP_EUNAVAILABLE : HP_EPROTO;
}

/* A message of a stranger's, which may hold anything: only what can be printed is. */
static void clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f)
			*text = '?';
}

int hp_registry__refused(int status, struct hp_bytes body, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *v = NULL;
	struct hp_error ignored = HP_ERROR_INIT;
	char words[160] = "";

	if (hp_json_parse(body, &v, &ignored) == 0) {
		const struct hp_json *first = hp_json_at(hp_json_get(v, "errors"), 0);
		const char *message = hp_json_get_str(first, "message");
		snprintf(words, sizeof(words), " (%s)", message ? message : "no reason given");
		clean(words);
	}
	return hp_fail(err, code_of(status), "the registry answers %d%s", status,
		       status == 404 && !words[0] ? ", there is no such thing" : words);
}
