/* SPDX-License-Identifier: Apache-2.0 */
/* conn_tls.c - connections by TLS: libcurl makes them, and carries bytes. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "net/conn.h"
#include "net/curl.h"
#include "wire/x509.h"

/* A file of certificates; real ones have some 2 KiB each. */
#define PEM_MAX        (1U << 20)
/* How long a peer is waited for that gives no session tickets. */
#define VERDICT_MS     100
/* From: gnutls/gnutls.h, gnutls_close_request_t. */
#define GNUTLS_SHUT_WR 1

struct tls {
	struct hp_conn base;
	struct hp_curl curl;
	CURL *easy;
	char *cert; /* of ours; NULL: none */
	char reason[CURL_ERROR_SIZE];
};

static struct tls *tls_of(struct hp_conn *c)
{
	return container_of(c, struct tls, base);
}

static const char *reason_of(const struct tls *t, CURLcode code)
{
	return t->reason[0] ? t->reason : t->curl.strerror(code);
}

/* Is our own certificate good at this time? Fails with what is wrong with it. */
static int check_own(const struct tls *t, struct hp_error *err)
{
	const int64_t now = hp_clock_unix_ns() / 1000000000;
	AUTO(hp_buf_free) struct hp_buf pem;
	struct hp_error ignored = HP_ERROR_INIT;
	int64_t from = 0, until = 0;
	char text[HP_TIME_TEXT];

	hp_buf_init(&pem, PEM_MAX);
	if (hp_file_read(t->cert, PEM_MAX, &pem, &ignored) < 0 ||
	    hp_x509_validity(hp_buf_bytes(&pem), &from, &until, &ignored) < 0)
		return 0;
	if (until < now) {
		hp_time_format(until * 1000000000, text);
		return hp_fail(err, HP_EDENIED,
			       "the client certificate '%s' has expired (it was good until "
			       "%.10s): ask for a new one",
			       t->cert, text);
	}
	if (from > now) {
		hp_time_format(from * 1000000000, text);
		return hp_fail(
			err, HP_EDENIED,
			"the client certificate '%s' is good from %.10s on only: look at "
			"the clocks",
			t->cert, text);
	}
	return 0;
}

/* From: RFC 8446 section 6.2: alerts by which a server refuses a client's certificate. */
static bool is_about_us(const char *reason)
{
	static const char *const words[] = {"alert bad certificate", "certificate required",
					    "alert certificate",     "alert unknown ca",
					    "bad certificate",       "certificate unknown"};

	for (size_t i = 0; i < HP_ARRAY_LEN(words); i++)
		if (strstr(reason, words[i]))
			return true;
	return false;
}

/* The other side does not want us. */
static int refused(const struct tls *t, const char *reason, struct hp_error *err)
{
	if (!t->cert)
		return hp_fail(err, HP_EDENIED,
			       "a certificate of the client is wanted, and none is given: name "
			       "it and its key with --tlscert and --tlskey (%s)",
			       reason);
	if (check_own(t, err) < 0)
		return -1;
	return hp_fail(err, HP_EDENIED,
		       "the client certificate '%s' is not accepted; it must be signed by an "
		       "authority that the daemon trusts (%s)",
		       t->cert, reason);
}

/* From: libcurl-errors(3). */
static int explain(const struct tls *t, const struct hp_conn_tls *to, CURLcode code,
		   struct hp_error *err)
{
	const char *reason = reason_of(t, code);

	if (is_about_us(reason))
		return refused(t, reason, err);
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return hp_fail(err, HP_EDENIED,
			       "its certificate is not trusted (%s): --tlscacert names the "
			       "authority that signed it",
			       reason);
	if (code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CERTPROBLEM)
		return hp_fail(err, HP_EINVALID, "certificates '%s', '%s', key '%s': %s",
			       to->ca ? to->ca : "", to->cert ? to->cert : "",
			       to->key ? to->key : "", reason);
	if (strstr(reason, "wrong version number"))
		return hp_fail(err, HP_EUNAVAILABLE,
			       "it does not speak TLS: leave --tls and --tlsverify out (%s)",
			       reason);
	return hp_fail(err, code == CURLE_OPERATION_TIMEDOUT ? HP_ETIMEOUT : HP_EUNAVAILABLE,
		       "%s", reason);
}

static int lost(const struct tls *t, CURLcode code, struct hp_error *err)
{
	const char *reason = reason_of(t, code);

	if (is_about_us(reason))
		return refused(t, reason, err);
	return hp_fail(err, HP_EUNAVAILABLE, "the connection was lost: %s", reason);
}

static int tls_read(struct hp_conn *c, void *data, size_t len, size_t *ret_n,
		    struct hp_error *err)
{
	struct tls *t = tls_of(c);
	size_t n = 0;
	const CURLcode code = t->curl.recv(t->easy, data, len, &n);

	if (code == CURLE_AGAIN)
		return HP_NEXT_WAIT;
	if (code != CURLE_OK)
		return lost(t, code, err);
	*ret_n = n;
	return n ? HP_NEXT_ITEM : HP_NEXT_END;
}

static ssize_t tls_write(struct hp_conn *c, const void *data, size_t len, struct hp_error *err)
{
	struct tls *t = tls_of(c);
	size_t n = 0;
	const CURLcode code = t->curl.send(t->easy, data, len, &n);

	if (code == CURLE_AGAIN)
		return 0;
	if (code != CURLE_OK)
		return lost(t, code, err);
	return (ssize_t)n;
}

/* libcurl has no call for the end of one direction, but the TLS library below it has.
 * From: SSL_shutdown(3), gnutls_bye(3), CURLINFO_TLS_SSL_PTR(3). */
static int tls_end(struct hp_conn *c, struct hp_error *err)
{
	struct tls *t = tls_of(c);
	struct curl_tlssessioninfo *session = NULL;
	void *found = NULL;
	int (*openssl_shutdown)(void *ssl) = NULL;
	int (*gnutls_bye)(void *session, int how) = NULL;

	if (t->curl.getinfo(t->easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || !session ||
	    !session->internals)
		return hp_fail(err, HP_EUNAVAILABLE, "the connection was lost");
	const bool openssl = session->backend == CURLSSLBACKEND_OPENSSL;
	found = dlsym(t->curl.library, openssl ? "SSL_shutdown" : "gnutls_bye");
	if (!found)
		return hp_fail(err, HP_EUNSUPPORTED,
			       "the end of stdin cannot be told over TLS");
	if (openssl) {
		memcpy(&openssl_shutdown, &found, sizeof(found));
		openssl_shutdown(session->internals);
	} else {
		memcpy(&gnutls_bye, &found, sizeof(found));
		gnutls_bye(session->internals, GNUTLS_SHUT_WR);
	}
	return 0;
}

static void tls_free(struct hp_conn *c)
{
	struct tls *t = tls_of(c);

	if (t->easy)
		t->curl.easy_cleanup(t->easy);
	hp_curl__unload(&t->curl);
	free(t->cert);
	free(t);
}

static const struct hp_conn_ops tls_ops = {
	.read = tls_read,
	.write = tls_write,
	.end = tls_end,
	.free = tls_free,
};

static CURLcode set_up(struct tls *t, const struct hp_conn_tls *to, int64_t deadline)
{
	const struct hp_curl *c = &t->curl;
	const bool v6 = strchr(to->host, ':') != NULL;
	AUTO_FREE char *url = hp_sprintf("https://%s%s%s:%s/", v6 ? "[" : "", to->host,
					 v6 ? "]" : "", to->port);
	const int64_t left = hp_deadline_left_ms(deadline);
	CURLcode rc = CURLE_OK;

	rc |= c->setopt(t->easy, CURLOPT_URL, url);
	rc |= c->setopt(t->easy, CURLOPT_CONNECT_ONLY, 1L);
	rc |= c->setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	rc |= c->setopt(t->easy, CURLOPT_NOPROXY, "*");
	rc |= c->setopt(t->easy, CURLOPT_ERRORBUFFER, t->reason);
	/* HTTP/2 has no upgrade, and is not spoken here. */
	rc |= c->setopt(t->easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
	rc |= c->setopt(t->easy, CURLOPT_SSL_VERIFYPEER, to->verify ? 1L : 0L);
	rc |= c->setopt(t->easy, CURLOPT_SSL_VERIFYHOST, to->verify ? 2L : 0L);
	if (left >= 0)
		rc |= c->setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, left ? (long)left : 1L);
	if (to->ca)
		rc |= c->setopt(t->easy, CURLOPT_CAINFO, to->ca);
	if (to->cert)
		rc |= c->setopt(t->easy, CURLOPT_SSLCERT, to->cert);
	if (to->key)
		rc |= c->setopt(t->easy, CURLOPT_SSLKEY, to->key);
	return rc;
}

static int check_files(const struct hp_conn_tls *to, struct hp_error *err)
{
	const char *const files[] = {to->ca, to->cert, to->key};

	for (size_t i = 0; i < HP_ARRAY_LEN(files); i++)
		if (files[i] && access(files[i], R_OK) < 0)
			return hp_fail_errno(err, errno, "certificate or key '%s'", files[i]);
	return 0;
}

/* In TLS 1.3 the peer looks at our certificate when we take the connection for made. Its reason to
 * refuse, or its session tickets, come at once; a request sent before would be answered by a reset,
 * which has no reason. Who speaks HTTP says nothing else first. */
static int await_verdict(struct tls *t, struct hp_error *err)
{
	char nothing;
	size_t n = 0;

	if (hp_fd_poll(t->base.fd, POLLIN, VERDICT_MS, err) < 0)
		return -1;
	t->reason[0] = '\0';
	const CURLcode code = t->curl.recv(t->easy, &nothing, sizeof(nothing), &n);
	if (code == CURLE_AGAIN || (code == CURLE_OK && n))
		return 0;
	/* Nothing was asked yet, so whoever hangs up now has seen enough of us. */
	return refused(t, code == CURLE_OK ? "it hung up" : reason_of(t, code), err);
}

int hp_conn_tls(const struct hp_conn_tls *to, int64_t deadline, struct hp_conn **ret,
		struct hp_error *err)
{
	struct tls *t = hp_alloc(sizeof(*t));
	AUTO(hp_conn_free) struct hp_conn *conn = &t->base;
	curl_socket_t fd = CURL_SOCKET_BAD;

	t->base = (struct hp_conn){.ops = &tls_ops, .fd = -1};
	t->cert = hp_strdup(to->cert);
	if (check_files(to, err) < 0 || hp_curl__load(HP_CURL_LIBRARY, &t->curl, err) < 0)
		return -1;
	t->easy = t->curl.easy_init();
	if (!t->easy || set_up(t, to, deadline) != CURLE_OK)
		return hp_fail(err, HP_EUNSUPPORTED, "this libcurl cannot do TLS");
	const CURLcode code = t->curl.perform(t->easy);
	if (code != CURLE_OK)
		return explain(t, to, code, err);
	if (t->curl.getinfo(t->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
	    fd == CURL_SOCKET_BAD)
		return hp_fail(err, HP_EUNAVAILABLE, "the connection was lost");
	t->base.fd = fd;
	if (await_verdict(t, err) < 0)
		return -1;
	*ret = TAKE(conn);
	return 0;
}
