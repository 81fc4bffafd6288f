/* SPDX-License-Identifier: Apache-2.0 */
/* http.c - transfers on libcurl's multi interface. */
#include "net/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/labels.h"
#include "base/str.h"
#include "net/curl.h"

#define CONNECT_TIMEOUT_MS 15000L
/* A peer that sends nothing for that long is gone. */
#define STALL_SECONDS      30L
#define BUFFER_BYTES       (256L << 10)
/* From: curl lib/http.h: libcurl itself takes no longer header. */
#define HEADERS_MAX        256
#define HEADER_MAX         16384

struct hp_http {
	struct hp_curl curl;
	CURLM *multi;
	char *tls_ca;
};

struct hp_http_transfer {
	struct hp_http *http;
	CURL *easy;
	struct curl_slist *headers;
	struct hp_http_request request;
	struct hp_labels answer; /* headers, names in small letters */
	char *location;
	int64_t got; /* bytes of body */
	CURLcode code;
	struct hp_error err;
	char reason[CURL_ERROR_SIZE];
};

int hp_http_new(const struct hp_http_config *config, struct hp_http **ret, struct hp_error *err)
{
	AUTO(hp_http_free) struct hp_http *h = hp_alloc(sizeof(*h));

	if (config->tls_ca && access(config->tls_ca, R_OK) < 0)
		return hp_fail_errno(err, errno, "certificates in '%s'", config->tls_ca);
	if (hp_curl__load(HP_CURL_LIBRARY, &h->curl, err) < 0)
		return -1;
	h->tls_ca = hp_strdup(config->tls_ca);
	h->multi = h->curl.multi_init();
	if (!h->multi)
		return hp_fail(err, HP_EINTERNAL, "libcurl has no memory");
	*ret = TAKE(h);
	return 0;
}

void hp_http_free(struct hp_http *h)
{
	if (!h)
		return;
	if (h->multi)
		h->curl.multi_cleanup(h->multi);
	hp_curl__unload(&h->curl);
	free(h->tls_ca);
	free(h);
}

/* From: CURLOPT_HEADERFUNCTION(3): called for each line; a status line begins a new answer, as
 * after 100 Continue. */
static size_t take_header(char *line, size_t size, size_t n, void *arg)
{
	struct hp_http_transfer *t = arg;
	const size_t len = size * n;
	const char *colon = memchr(line, ':', len);

	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
		hp_labels_clear(&t->answer);
	if (!colon || len > HEADER_MAX || t->answer.count >= HEADERS_MAX)
		return len;
	AUTO_FREE char *name = hp_strndup(line, (size_t)(colon - line));
	AUTO_FREE char *value = hp_strndup(colon + 1, len - (size_t)(colon + 1 - line));
	for (char *p = name; *p; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
	size_t end = strcspn(value, "\r\n");
	while (end > 0 && (value[end - 1] == ' ' || value[end - 1] == '\t'))
		end--;
	value[end] = 0;
	if (!hp_labels_get(&t->answer, name))
		hp_labels_add(&t->answer, name, value + strspn(value, " \t"));
	return len;
}

static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
	struct hp_http_transfer *t = arg;
	const size_t len = size * n;

	if (len == 0)
		return 0;
	t->got += (int64_t)len;
	if (t->got > t->request.max) {
		(void)hp_fail(&t->err, HP_ECORRUPT,
			      "the answer is longer than the %lld bytes that it may have",
			      (long long)t->request.max);
		return 0;
	}
	if (t->request.data &&
	    t->request.data(t->request.arg, t, HP_BYTES(data, len), &t->err) < 0)
		return 0;
	return len;
}

/* The host of @url, without port, user and brackets. Owns: the caller. */
static char *host_of(const char *url)
{
	const char *begin = strstr(url, "://");

	begin = begin ? begin + 3 : url;
	size_t len = strcspn(begin, "/?#");
	const char *at = memrchr(begin, '@', len);
	if (at) {
		len -= (size_t)(at + 1 - begin);
		begin = at + 1;
	}
	if (*begin == '[')
		return hp_strndup(begin + 1, strcspn(begin + 1, "]"));
	return hp_strndup(begin, strcspn(begin, ":/?#") < len ? strcspn(begin, ":/?#") : len);
}

bool hp_http_is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (strcasecmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static CURLcode set_limits(struct hp_http_transfer *t, const char *url)
{
	const struct hp_curl *c = &t->http->curl;
	AUTO_FREE char *host = host_of(url);
	CURLcode rc = CURLE_OK;

	rc |= c->setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	rc |= c->setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	rc |= c->setopt(t->easy, CURLOPT_FOLLOWLOCATION, 0L);
	rc |= c->setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	rc |= c->setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	rc |= c->setopt(t->easy, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
	rc |= c->setopt(t->easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
	/* Layers come over connections of their own: one slow stream holds up no other. */
	rc |= c->setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	/* No proxy can reach this machine under its own name for itself. */
	if (hp_http_is_loopback(host))
		rc |= c->setopt(t->easy, CURLOPT_NOPROXY, "*");
	if (t->http->tls_ca)
		rc |= c->setopt(t->easy, CURLOPT_CAINFO, t->http->tls_ca);
	return rc;
}

static CURLcode set_request(struct hp_http_transfer *t, const struct hp_http_request *r)
{
	const struct hp_curl *c = &t->http->curl;
	CURLcode rc = CURLE_OK;

	for (size_t i = 0; r->headers && r->headers[i]; i++)
		t->headers = c->slist_append(t->headers, r->headers[i]);
	rc |= c->setopt(t->easy, CURLOPT_URL, r->url);
	rc |= c->setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	rc |= c->setopt(t->easy, CURLOPT_USERAGENT, "harpoon/" HP_VERSION);
	if (hp_str_eq(r->method, "HEAD"))
		rc |= c->setopt(t->easy, CURLOPT_NOBODY, 1L);
	if (r->body)
		rc |= c->setopt(t->easy, CURLOPT_COPYPOSTFIELDS, r->body);
	rc |= c->setopt(t->easy, CURLOPT_ERRORBUFFER, t->reason);
	rc |= c->setopt(t->easy, CURLOPT_PRIVATE, t);
	rc |= c->setopt(t->easy, CURLOPT_HEADERFUNCTION, take_header);
	rc |= c->setopt(t->easy, CURLOPT_HEADERDATA, t);
	rc |= c->setopt(t->easy, CURLOPT_WRITEFUNCTION, take_body);
	rc |= c->setopt(t->easy, CURLOPT_WRITEDATA, t);
	return rc;
}

int hp_http_start(struct hp_http *h, const struct hp_http_request *r,
		  struct hp_http_transfer **ret, struct hp_error *err)
{
	struct hp_http_transfer *t = hp_alloc(sizeof(*t));

	t->http = h;
	t->request = (struct hp_http_request){.max = r->max, .data = r->data, .arg = r->arg};
	t->easy = h->curl.easy_init();
	if (!t->easy || set_limits(t, r->url) != CURLE_OK || set_request(t, r) != CURLE_OK ||
	    h->curl.multi_add(h->multi, t->easy) != CURLM_OK) {
		hp_http_transfer_free(t);
		return hp_fail(err, HP_EUNSUPPORTED, "libcurl cannot do %s %s", r->method,
			       r->url);
	}
	*ret = t;
	return 0;
}

void hp_http_transfer_free(struct hp_http_transfer *t)
{
	if (!t)
		return;
	const struct hp_curl *c = &t->http->curl;
	if (t->easy) {
		/* Removing what was removed before is fine. */
		c->multi_remove(t->http->multi, t->easy);
		c->easy_cleanup(t->easy);
	}
	c->slist_free(t->headers);
	hp_labels_clear(&t->answer);
	free(t->location);
	free(t);
}

/* From: libcurl-errors(3). */
static enum hp_code code_of(CURLcode code)
{
	int means = (int)code;

	if (means == CURLE_OPERATION_TIMEDOUT)
		return HP_ETIMEOUT;
	if (means == CURLE_PEER_FAILED_VERIFICATION || means == CURLE_SSL_CACERT_BADFILE)
		return HP_EDENIED;
	if (means == CURLE_COULDNT_RESOLVE_HOST || means == CURLE_COULDNT_CONNECT ||
	    means == CURLE_COULDNT_RESOLVE_PROXY || means == CURLE_SSL_CONNECT_ERROR)
		return HP_EUNAVAILABLE;
	if (means == CURLE_URL_MALFORMAT || means == CURLE_UNSUPPORTED_PROTOCOL)
		return HP_EINVALID;
	return HP_EIO;
}

static void finish(struct hp_http_transfer *t, CURLcode code)
{
	const struct hp_curl *c = &t->http->curl;
	char *url = NULL;

	t->code = code;
	if (c->getinfo(t->easy, CURLINFO_REDIRECT_URL, &url) == CURLE_OK && url)
		t->location = hp_strdup(url);
	if (code == CURLE_OK || t->err.code)
		return;
	(void)hp_fail(&t->err, code_of(code), "%s",
		      t->reason[0] ? t->reason : c->strerror(code));
	if (code_of(code) == HP_EDENIED)
		(void)hp_wrap(&t->err, "its certificate is not trusted; --tls-ca names the "
				       "authority that signed it");
}

static int take_done(struct hp_http *h, struct hp_http_transfer **ret)
{
	int left = 0;

	for (CURLMsg *m; (m = h->curl.multi_info(h->multi, &left));) {
		struct hp_http_transfer *t = NULL;
		if (m->msg != CURLMSG_DONE)
			continue;
		const CURLcode code = m->data.result;
		h->curl.getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
		finish(t, code);
		h->curl.multi_remove(h->multi, t->easy);
		*ret = t;
		return 1;
	}
	return 0;
}

int hp_http_next(struct hp_http *h, int timeout_ms, struct hp_http_transfer **ret,
		 struct hp_error *err)
{
	const int64_t end = hp_clock_ms() + timeout_ms;

	for (;;) {
		int running = 0;
		const CURLMcode rc = h->curl.multi_perform(h->multi, &running);
		if (rc != CURLM_OK)
			return hp_fail(err, HP_EINTERNAL, "libcurl's transfers: error %d", rc);
		if (take_done(h, ret))
			return 1;
		const int64_t left = end - hp_clock_ms();
		if (left <= 0)
			return 0;
		if (h->curl.multi_poll(h->multi, NULL, 0, (int)left, NULL) != CURLM_OK)
			return hp_fail(err, HP_EINTERNAL, "libcurl cannot wait");
	}
}

void *hp_http_arg(const struct hp_http_transfer *t)
{
	return t->request.arg;
}

int hp_http_status(const struct hp_http_transfer *t)
{
	long status = 0;

	t->http->curl.getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

const char *hp_http_header(const struct hp_http_transfer *t, const char *name)
{
	return hp_labels_get(&t->answer, name);
}

const char *hp_http_location(const struct hp_http_transfer *t)
{
	return t->location;
}

const struct hp_error *hp_http_failure(const struct hp_http_transfer *t)
{
	return t->err.code ? &t->err : NULL;
}

bool hp_http_may_retry(const struct hp_http_transfer *t)
{
	const enum hp_code code = t->code == CURLE_OK ? HP_OK : t->err.code;

	/* What our own side refused is CURLE_WRITE_ERROR and stays refused. */
	if (t->code == CURLE_WRITE_ERROR || t->code == CURLE_COULDNT_RESOLVE_HOST)
		return false;
	return code == HP_EIO || code == HP_ETIMEOUT || code == HP_EUNAVAILABLE;
}
