/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - calls of docker's API: connections, the version spoken, and what its answers mean. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "wire/json_scan.h"

/* What a daemon may say of a failure. */
#define MESSAGE_MAX (64U << 10)

/* What connecting to the socket ended in, for people. */
static int explain_socket(const struct docker *d, const struct hp_error *cause,
			  struct hp_error *err)
{
	const char *engine = d->base.ops->name;
	struct stat st;

	if (cause->sys == ENOENT || cause->sys == ENOTDIR)
		return hp_fail(err, HP_EUNAVAILABLE,
			       "there is no socket '%s': is %s running? Start it, or name its "
			       "socket with --address",
			       d->at.path, engine);
	if (cause->sys == EACCES || cause->sys == EPERM)
		return hp_fail(err, HP_EDENIED,
			       "no access to the socket '%s': run as root, or become a member "
			       "of the group that owns it",
			       d->at.path);
	if (cause->sys == ECONNREFUSED && stat(d->at.path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return hp_fail(err, HP_EUNAVAILABLE,
			       "'%s' is not a socket: name %s's with --address", d->at.path,
			       engine);
	if (cause->sys == ECONNREFUSED)
		return hp_fail(err, HP_EUNAVAILABLE,
			       "nobody listens on the socket '%s': %s has stopped and left it "
			       "behind; start it",
			       d->at.path, engine);
	return hp_fail(err, cause->code == HP_ETIMEOUT ? HP_ETIMEOUT : HP_EUNAVAILABLE,
		       "connect to '%s': %s", d->at.path, cause->msg);
}

static int dial(struct docker *d, int64_t deadline, struct hp_exchange **ret,
		struct hp_error *err)
{
	struct hp_error cause = HP_ERROR_INIT;
	struct hp_conn *conn = NULL;

	if (d->at.path) {
		if (hp_conn_unix(d->at.path, &conn, &cause) < 0)
			return explain_socket(d, &cause, err);
	} else if (d->at.tls) {
		const struct hp_conn_tls to = {
			.host = d->at.host,
			.port = d->at.port,
			.ca = d->tls_ca,
			.cert = d->tls_cert,
			.key = d->tls_key,
			.verify = d->tls_verify,
		};
		if (hp_conn_tls(&to, deadline, &conn, err) < 0)
			return hp_wrap(err, "%s at %s", d->base.ops->name, d->base.address);
	} else if (hp_conn_tcp(d->at.host, d->at.port, deadline, &conn, err) < 0) {
		return hp_wrap(err, "%s at %s (is it running and does it listen there?)",
			       d->base.ops->name, d->base.address);
	}
	*ret = hp_exchange_new(conn);
	return 0;
}

/* The message of a refusal: {"message": "..."}, or a line of text. Owns: the caller. */
static char *message_of(struct hp_exchange *x, int64_t deadline)
{
	AUTO(hp_buf_free) struct hp_buf text;
	AUTO(hp_json_free) struct hp_json *json = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	hp_buf_init(&text, MESSAGE_MAX);
	if (hp_exchange_body(x, deadline, &text, &ignored) < 0)
		hp_error_clear(&ignored);
	if (hp_json_parse(hp_buf_bytes(&text), &json, &ignored) == 0) {
		const char *message = hp_json_get_str(json, "message");
		return hp_strdup(message ? message : "no reason is given");
	}
	char *plain = hp_buf_take_str(&text);
	plain[strcspn(plain, "\r\n")] = '\0';
	return plain;
}

static enum hp_code code_of(int status, const char *message)
{
	/* From: moby daemon/container.go, GetContainer(): of status 500 until docker 23. */
	if (strcasestr(message, "multiple IDs found"))
		return HP_EINVALID;
	switch (status) {
	case 400:
		return HP_EINVALID;
	case 401:
	case 403:
		return HP_EDENIED;
	case 404:
		return HP_ENOTFOUND;
	case 409:
		return HP_ESTATE;
	case 501:
		return HP_EUNSUPPORTED;
	case 503:
		return HP_EUNAVAILABLE;
	default:
		return HP_EFAILED;
	}
}

/* Is the status of the answer one of success? Else say why it is none. */
static int check_status(struct hp_exchange *x, int64_t deadline, struct hp_error *err)
{
	const int status = hp_exchange_status(x);

	if ((status >= 200 && status < 300) || status == 304 || status == 101)
		return status;
	AUTO_FREE char *message = message_of(x, deadline);
	(void)hp_fail(err, code_of(status, message), "%s", message);
	err->sys = status;
	return -1;
}

/* A request's texts, which must outlive it. */
struct request {
	struct hp_http1_request http;
	char *target;
	char *body;
	struct hp_strv headers;
};
static void request_clear(struct request *r)
{
	free(r->target);
	free(r->body);
	hp_strv_free(&r->headers);
}
HP_AUTO_VALUE(struct request, request_clear);

static void request_make(const struct docker *d, const struct hp_docker_call *call,
			 const char *const *headers, struct request *r)
{
	r->target = d->api ? hp_sprintf("/v1.%u%s", d->api, call->path) : hp_strdup(call->path);
	r->body = call->body ? hp_json_text(call->body, false) : NULL;
	hp_strv_add(&r->headers, "User-Agent: harpoon/" HP_VERSION);
	if (r->body)
		hp_strv_add(&r->headers, "Content-Type: application/json");
	for (size_t i = 0; headers && headers[i]; i++)
		hp_strv_add(&r->headers, headers[i]);
	r->http = (struct hp_http1_request){
		.method = call->method,
		.target = r->target,
		.host = d->at.host ? d->at.host : "docker",
		.headers = hp_strv_view(&r->headers),
		.body = r->body ? (int64_t)strlen(r->body) : HP_HTTP1_NO_BODY,
	};
	/* A POST without a body has one of no bytes. From: RFC 9110 section 8.6. */
	if (!r->body && hp_str_eq(call->method, "POST"))
		r->http.body = 0;
}

static int ask(const struct docker *d, struct hp_exchange *x, const struct request *r,
	       int64_t deadline, struct hp_error *err)
{
	if (hp_exchange_ask(x, &r->http, r->body ? hp_bytes_str(r->body) : HP_BYTES(NULL, 0),
			    deadline, err) == 0 &&
	    hp_exchange_head(x, deadline, err) == 0)
		return 0;
	if (err->code == HP_EPROTO)
		return hp_wrap(err, "what listens on '%s' does not speak %s's API",
			       d->base.address, d->base.ops->name);
	return hp_wrap(err, "%s at '%s'", d->base.ops->name, d->base.address);
}

/* Send the request and wait for the answer's head, on the idle connection when there is one. */
static int converse(struct docker *d, const struct request *r, int64_t deadline,
		    struct hp_exchange **ret, struct hp_error *err)
{
	AUTO(hp_exchange_free) struct hp_exchange *x = TAKE(d->idle);

	if (x) {
		if (ask(d, x, r, deadline, err) == 0) {
			*ret = TAKE(x);
			return 0;
		}
		/* The daemon may close what is idle, or have been started anew. */
		if (err->code != HP_EUNAVAILABLE || !hp_exchange_was_unheard(x))
			return -1;
		hp_error_clear(err);
		hp_exchange_free(TAKE(x));
	}
	if (dial(d, deadline, &x, err) < 0 || ask(d, x, r, deadline, err) < 0)
		return -1;
	*ret = TAKE(x);
	return 0;
}

static void let_go(struct docker *d, struct hp_exchange *take_x)
{
	if (!d->idle && hp_exchange_is_free(take_x))
		d->idle = take_x;
	else
		hp_exchange_free(take_x);
}

/* From: moby api/server/middleware/version.go: the header is in each answer. */
static int read_api(const struct docker *d, struct hp_exchange *x, int64_t deadline,
		    unsigned *ret_api, struct hp_error *err)
{
	const char *text = hp_exchange_header(x, "api-version");
	uint64_t minor = 0;
	struct hp_error why = HP_ERROR_INIT;

	if (!text || !hp_str_starts(text, "1.") || hp_str_u64(text + 2, &minor, &why) < 0) {
		/* Such as that it is sent HTTP where it speaks HTTPS. */
		AUTO_FREE char *words = message_of(x, deadline);
		return hp_fail(err, HP_EPROTO,
			       "what listens on '%s' does not speak %s's API: it says '%.100s'",
			       d->base.address, d->base.ops->name, words);
	}
	if (minor < HP_DOCKER_API_MIN)
		return hp_fail(
			err, HP_EUNSUPPORTED,
			"the daemon at '%s' speaks version %s of docker's API and is too "
			"old: 1.%u (docker 20.10) or newer is needed",
			d->base.address, text, HP_DOCKER_API_MIN);
	*ret_api = minor < HP_DOCKER_API_MAX ? (unsigned)minor : HP_DOCKER_API_MAX;
	return 0;
}

int hp_docker__negotiate(struct docker *d, struct hp_error *err)
{
	static const struct hp_docker_call ping = {.method = "GET", .path = "/_ping"};
	AUTO(request_clear) struct request r = {0};
	AUTO(hp_exchange_free) struct hp_exchange *x = NULL;
	AUTO(hp_buf_free) struct hp_buf body;
	const int64_t deadline = hp_deadline_in(d->base.timeout_ms);
	unsigned api = 0;

	hp_buf_init(&body, MESSAGE_MAX);
	if (d->api)
		return 0;
	request_make(d, &ping, NULL, &r);
	if (converse(d, &r, deadline, &x, err) < 0 || read_api(d, x, deadline, &api, err) < 0 ||
	    check_status(x, deadline, err) < 0 || hp_exchange_body(x, deadline, &body, err) < 0)
		return -1;
	let_go(d, TAKE(x));
	d->api = api;
	return 0;
}

int hp_docker__need_api(struct docker *d, unsigned minor, const char *what,
			struct hp_error *err)
{
	if (hp_docker__negotiate(d, err) < 0)
		return -1;
	if (d->api >= minor)
		return 0;
	return hp_fail(err, HP_EUNSUPPORTED,
		       "%s is not supported by this %s: it speaks version 1.%u of its API, and "
		       "1.%u is needed",
		       what, d->base.ops->name, d->api, minor);
}

static int read_reply(struct hp_exchange *x, int64_t deadline, struct hp_json **ret_reply,
		      struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text;

	hp_buf_init(&text, HP_JSON_MAX);
	if (hp_exchange_body(x, deadline, &text, err) < 0)
		return -1;
	if (!ret_reply)
		return 0;
	if (text.len && hp_json_parse(hp_buf_bytes(&text), ret_reply, err) < 0)
		return hp_wrap(err, "the answer");
	return 0;
}

int hp_docker__call(struct docker *d, const struct hp_docker_call *call,
		    struct hp_json **ret_reply, struct hp_error *err)
{
	AUTO(request_clear) struct request r = {0};
	AUTO(hp_exchange_free) struct hp_exchange *x = NULL;

	if (hp_docker__negotiate(d, err) < 0)
		return -1;
	const int64_t deadline = hp_deadline_in((int64_t)d->base.timeout_ms + call->extra_ms);
	request_make(d, call, NULL, &r);
	if (converse(d, &r, deadline, &x, err) < 0)
		return -1;
	const int status = check_status(x, deadline, err);
	if (status < 0 || read_reply(x, deadline, ret_reply, err) < 0) {
		/* A refusal leaves the connection as good as an answer does. */
		let_go(d, TAKE(x));
		return -1;
	}
	let_go(d, TAKE(x));
	return status;
}

int hp_docker__get(struct docker *d, const char *path, struct hp_json **ret_reply,
		   struct hp_error *err)
{
	const struct hp_docker_call call = {.method = "GET", .path = path};

	return hp_docker__call(d, &call, ret_reply, err);
}

int hp_docker__post(struct docker *d, const char *path, struct hp_error *err)
{
	const struct hp_docker_call call = {.method = "POST", .path = path};

	return hp_docker__call(d, &call, NULL, err);
}

int hp_docker__open(struct docker *d, const struct hp_docker_call *call,
		    const char *const *headers, struct hp_exchange **ret, struct hp_error *err)
{
	AUTO(request_clear) struct request r = {0};
	AUTO(hp_exchange_free) struct hp_exchange *x = NULL;

	if (hp_docker__negotiate(d, err) < 0)
		return -1;
	const int64_t deadline = hp_deadline_in((int64_t)d->base.timeout_ms + call->extra_ms);
	request_make(d, call, headers, &r);
	if (dial(d, deadline, &x, err) < 0 || ask(d, x, &r, deadline, err) < 0 ||
	    check_status(x, deadline, err) < 0)
		return -1;
	*ret = TAKE(x);
	return 0;
}

int hp_docker__upload_begin(struct docker *d, const struct hp_docker_call *call,
			    const char *type, struct hp_exchange **ret, struct hp_error *err)
{
	AUTO(request_clear) struct request r = {0};
	AUTO(hp_exchange_free) struct hp_exchange *x = NULL;
	AUTO_FREE char *header = hp_sprintf("Content-Type: %s", type);
	const char *const headers[] = {header, NULL};

	if (hp_docker__negotiate(d, err) < 0)
		return -1;
	const int64_t deadline = hp_deadline_in(d->base.timeout_ms);
	request_make(d, call, headers, &r);
	r.http.body = HP_HTTP1_CHUNKED;
	if (dial(d, deadline, &x, err) < 0 ||
	    hp_exchange_ask(x, &r.http, HP_BYTES(NULL, 0), deadline, err) < 0)
		return -1;
	*ret = TAKE(x);
	return 0;
}

int hp_docker__upload_end(struct docker *d, struct hp_exchange *x, int64_t extra_ms,
			  struct hp_error *err)
{
	const int64_t deadline = hp_deadline_in((int64_t)d->base.timeout_ms + extra_ms);

	if (hp_exchange_head(x, deadline, err) < 0)
		return -1;
	return check_status(x, deadline, err) < 0 ? -1 : 0;
}
