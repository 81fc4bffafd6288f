/* SPDX-License-Identifier: Apache-2.0 */
/* registry_auth.c - answer a registry's challenge with a password or with a token. */
#include "image/registry_auth.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "wire/base64.h"
#include "wire/challenge.h"
#include "wire/json.h"

#define TOKEN_REPLY_MAX ((size_t)64 << 10)
/* A token is sent with every request, in one header. */
#define TOKEN_MAX       ((size_t)12 << 10)
#define TRIES           3
#define TIMEOUT_MS      30000
#define CLIENT_ID       "harpoon"

void hp_registry_auth__clear(struct hp_registry_auth *a)
{
	hp_http_free(TAKE(a->http));
	hp_credentials_clear(&a->credentials);
	if (a->header)
		explicit_bzero(a->header, strlen(a->header));
	free(TAKE(a->header));
}

static void set_header(struct hp_registry_auth *a, char *take_header)
{
	if (a->header)
		explicit_bzero(a->header, strlen(a->header));
	free(a->header);
	a->header = take_header;
	a->generation++;
}

/* Owns: the caller. From: RFC 7617. */
static char *basic_header(const struct hp_credentials *c)
{
	char *pair = hp_sprintf("%s:%s", c->user, c->password);
	char *text = hp_base64_text(hp_bytes_str(pair));
	char *header = hp_sprintf("Authorization: Basic %s", text);

	explicit_bzero(pair, strlen(pair));
	explicit_bzero(text, strlen(text));
	free(pair);
	free(text);
	return header;
}

/* Append "<sep>name=value", percent-encoded. From: RFC 3986 section 2.3. */
static int add_param(struct hp_buf *b, char sep, const char *name, const char *value,
		     struct hp_error *err)
{
	if (hp_buf_printf(b, err, "%c%s=", sep, name) < 0)
		return -1;
	for (const char *p = value; *p; p++) {
		const unsigned char c = (unsigned char)*p;
		const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				   (c >= '0' && c <= '9') || strchr("-._~", c);
		if (hp_buf_printf(b, err, plain ? "%c" : "%%%02X", c) < 0)
			return -1;
	}
	return 0;
}

/* One exchange with the token's server. */
struct exchange {
	char *url;
	char *body;   /* NULL: a GET */
	char *header; /* who we are; NULL: nobody */
	struct hp_buf reply;
};

static void exchange_clear(struct exchange *x)
{
	if (x->header)
		explicit_bzero(x->header, strlen(x->header));
	if (x->body)
		explicit_bzero(x->body, strlen(x->body));
	if (x->reply.data)
		explicit_bzero(x->reply.data, x->reply.len);
	free(x->url);
	free(x->body);
	free(x->header);
	hp_buf_free(&x->reply);
}
HP_AUTO_VALUE(struct exchange, exchange_clear);

static int take_reply(void *arg, const struct hp_http_transfer *t, struct hp_bytes data,
		      struct hp_error *err)
{
	struct exchange *x = arg;

	(void)t;
	return hp_buf_add(&x->reply, data.data, data.len, err);
}

static int try_once(struct hp_registry_auth *a, struct exchange *x,
		    struct hp_http_transfer **ret, struct hp_error *err)
{
	AUTO(hp_http_transfer_free) struct hp_http_transfer *t = NULL;
	struct hp_http_transfer *done = NULL;
	const char *headers[] = {x->header, NULL};
	const struct hp_http_request request = {
		.method = x->body ? "POST" : "GET",
		.url = x->url,
		.headers = headers,
		.body = x->body,
		.max = (int64_t)TOKEN_REPLY_MAX,
		.data = take_reply,
		.arg = x,
	};

	x->reply.len = 0;
	if (hp_http_start(a->http, &request, &t, err) < 0)
		return -1;
	const int got = hp_http_next(a->http, TIMEOUT_MS, &done, err);
	if (got < 0)
		return -1;
	if (got == 0)
		return hp_fail(err, HP_ETIMEOUT, "no answer within %d s", TIMEOUT_MS / 1000);
	*ret = TAKE(t);
	return 0;
}

/* Read the token out of the reply. From: distribution docs/spec/auth/token.md, "Token Response
 * Fields". */
static int read_token(const struct exchange *x, char **ret_header, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *reply = NULL;

	if (hp_json_parse(hp_buf_bytes(&x->reply), &reply, err) < 0)
		return -1;
	const char *token = hp_json_get_str(reply, "token");
	if (hp_str_empty(token))
		token = hp_json_get_str(reply, "access_token");
	if (hp_str_empty(token) || strlen(token) > TOKEN_MAX)
		return hp_fail(err, HP_EPROTO, "its answer has no token");
	for (const char *p = token; *p; p++)
		if (*p <= ' ' || *p == 0x7f)
			return hp_fail(err, HP_EPROTO, "its token cannot be sent");
	*ret_header = hp_sprintf("Authorization: Bearer %s", token);
	return 0;
}

static int ask_for_token(struct hp_registry_auth *a, struct exchange *x, char **ret_header,
			 struct hp_error *err)
{
	for (int i = 1;; i++) {
		AUTO(hp_http_transfer_free) struct hp_http_transfer *t = NULL;
		if (try_once(a, x, &t, err) < 0)
			return -1;
		const struct hp_error *failure = hp_http_failure(t);
		const int status = hp_http_status(t);
		const bool later =
			failure ? hp_http_may_retry(t) : status == 429 || status / 100 == 5;
		if (later && i < TRIES) {
			hp_clock_sleep_ms(500 * i);
			continue;
		}
		if (failure) {
			*err = *failure;
			return -1;
		}
		if (status == 401 || status == 403)
			return hp_fail(err, HP_EDENIED,
				       x->header || x->body
					       ? "it refuses our credentials"
					       : "it wants credentials, and there "
						 "are none in docker's config.json");
		if (status != 200)
			return hp_fail(err, HP_EUNAVAILABLE, "it answers %d", status);
		return read_token(x, ret_header, err);
	}
}

/* Secrets do not go over the network in the clear, when the registry itself is not so. */
static int check_realm(const struct hp_registry_auth *a, const char *realm,
		       struct hp_error *err)
{
	const char *const http = "http://";

	if (hp_str_starts(realm, "https://"))
		return 0;
	if (!hp_str_starts(realm, http))
		return hp_fail(err, HP_EPROTO, "the registry's token server '%.200s' is no URL",
			       realm);
	const char *host = realm + strlen(http);
	AUTO_FREE char *bare = hp_strndup(host, strcspn(host, ":/?#"));
	if (!hp_str_starts(a->where->base, http) && !hp_http_is_loopback(bare))
		return hp_fail(err, HP_EDENIED,
			       "the registry's token server '%.200s' is not secure", realm);
	return 0;
}

static int fill_exchange(const struct hp_registry_auth *a, const struct hp_challenge *c,
			 struct exchange *x, struct hp_error *err)
{
	AUTO_FREE char *pull = hp_sprintf("repository:%s:pull", a->where->repo);
	const char *scope = hp_str_empty(c->scope) ? pull : c->scope;
	const char *refresh = a->credentials.identity_token;
	AUTO(hp_buf_free) struct hp_buf b;
	char sep = '&';

	hp_buf_init(&b, TOKEN_REPLY_MAX);
	hp_buf_init(&x->reply, TOKEN_REPLY_MAX);
	if (!refresh) {
		sep = strchr(c->realm, '?') ? '&' : '?';
		if (hp_buf_printf(&b, err, "%s", c->realm) < 0)
			return -1;
	} else if (hp_buf_printf(&b, err, "grant_type=refresh_token&client_id=" CLIENT_ID) <
			   0 ||
		   add_param(&b, sep, "refresh_token", refresh, err) < 0) {
		return -1;
	}
	if (c->service) {
		if (add_param(&b, sep, "service", c->service, err) < 0)
			return -1;
		sep = '&';
	}
	if (add_param(&b, sep, "scope", scope, err) < 0)
		return -1;
	x->url = refresh ? hp_strdup(c->realm) : hp_buf_take_str(&b);
	x->body = refresh ? hp_buf_take_str(&b) : NULL;
	if (!refresh && a->credentials.user)
		x->header = basic_header(&a->credentials);
	return 0;
}

static int answer_bearer(struct hp_registry_auth *a, const struct hp_challenge *c,
			 struct hp_error *err)
{
	AUTO(exchange_clear) struct exchange x = {0};
	char *header = NULL;

	if (!c->realm)
		return hp_fail(err, HP_EPROTO, "the registry wants a token, but not from whom");
	if (check_realm(a, c->realm, err) < 0)
		return -1;
	const struct hp_http_config config = {.tls_ca = a->tls_ca};
	if (!a->http && hp_http_new(&config, &a->http, err) < 0)
		return -1;
	if (fill_exchange(a, c, &x, err) < 0 || ask_for_token(a, &x, &header, err) < 0)
		return hp_wrap(err, "token from '%.200s'", c->realm);
	set_header(a, header);
	return 0;
}

int hp_registry_auth__answer(struct hp_registry_auth *a, const char *challenge,
			     struct hp_error *err)
{
	AUTO(hp_challenge_clear) struct hp_challenge c = {0};

	if (!a->looked &&
	    hp_credentials_find(a->config_dir, a->where->host, &a->credentials, err) < 0)
		return -1;
	a->looked = true;
	hp_challenge_parse(challenge, &c);
	if (c.scheme == HP_CHALLENGE_BEARER)
		return answer_bearer(a, &c, err);
	if (c.scheme != HP_CHALLENGE_BASIC)
		return hp_fail(err, HP_EDENIED,
			       "the registry lets nobody in in a way that we know");
	if (!a->credentials.user)
		return hp_fail(err, HP_EDENIED,
			       "the registry wants a user and a password, and docker's "
			       "config.json has none for '%s'",
			       a->where->host);
	set_header(a, basic_header(&a->credentials));
	return 0;
}
