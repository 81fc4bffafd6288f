/* SPDX-License-Identifier: Apache-2.0 */
/* registry.c - see each fetch through redirects, tokens, broken connections and busy servers. */
#include "image/registry.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "image/registry_auth.h"
#include "image/registry_reply.h"
#include "net/http.h"

#define STEP_MS       200 /* how often stop is asked */
#define TRIES_MAX     5
#define REDIRECTS_MAX 10
#define AUTHS_MAX     3
#define BACKOFF_MS    300
/* A connection that breaks is no reason to give up as long as so much came over it. */
#define PROGRESS_MIN  ((int64_t)1 << 20)
/* What a server says why it refuses. */
#define TROUBLE_MAX   ((size_t)16 << 10)
/* An error's text may be longer than the blob that it is about. */
#define ANSWER_MIN    ((int64_t)1 << 20)

/* One fetch under way. */
struct job {
	struct hp_registry *registry;
	struct hp_fetch *fetch;
	struct hp_http_transfer *transfer; /* NULL while it waits */
	int64_t wait_until;                /* of hp_clock_ms() */
	char *url;
	unsigned tries, redirects, auths, generation;
	int64_t done;   /* bytes given to data() */
	int64_t before; /* how many of them when this try began */
	int64_t skip;   /* bytes of this answer that were given before */
	bool begun;     /* this answer's first bytes were looked at */
	struct hp_digest *digest;
	struct hp_buf trouble;
};

struct hp_registry {
	const struct hp_endpoint *where;
	const struct hp_registry_config *config;
	struct hp_http *http;
	struct hp_registry_auth auth;
	struct job **jobs;
	size_t n_jobs;
};

static void job_free(struct job *j)
{
	hp_http_transfer_free(j->transfer);
	hp_digest_free(j->digest);
	hp_buf_free(&j->trouble);
	free(j->url);
	free(j);
}

static void end_all(struct hp_registry *r)
{
	for (size_t i = 0; i < r->n_jobs; i++)
		job_free(r->jobs[i]);
	free(TAKE(r->jobs));
	r->n_jobs = 0;
}

int hp_registry_open(const struct hp_endpoint *where, const struct hp_registry_config *config,
		     struct hp_registry **ret, struct hp_error *err)
{
	AUTO(hp_registry_free) struct hp_registry *r = hp_alloc(sizeof(*r));
	const struct hp_http_config http = {.tls_ca = config->tls_ca};

	r->where = where;
	r->config = config;
	r->auth = (struct hp_registry_auth){
		.where = where, .tls_ca = config->tls_ca, .config_dir = config->config_dir};
	if (hp_http_new(&http, &r->http, err) < 0)
		return -1;
	*ret = TAKE(r);
	return 0;
}

void hp_registry_free(struct hp_registry *r)
{
	if (!r)
		return;
	end_all(r);
	hp_registry_auth__clear(&r->auth);
	hp_http_free(r->http);
	free(r);
}

/* The first bytes of an answer: does it go on where the last one broke off? */
static int begin_body(struct job *j, const struct hp_http_transfer *t, struct hp_error *err)
{
	int64_t from = 0;

	j->begun = true;
	if (hp_http_status(t) == 206 &&
	    (!hp_registry__range_start(hp_http_header(t, "content-range"), &from) ||
	     from != j->done))
		return hp_fail(err, HP_EPROTO,
			       "the registry goes on at another place than was asked for");
	/* A server that knows no ranges begins anew. */
	j->skip = hp_http_status(t) == 206 ? 0 : j->done;
	return 0;
}

static int take_body(void *arg, const struct hp_http_transfer *t, struct hp_bytes data,
		     struct hp_error *err)
{
	struct job *j = arg;
	const struct hp_fetch *f = j->fetch;
	const int64_t most = f->size >= 0 ? f->size : f->max;

	if (hp_http_status(t) / 100 != 2) {
		const size_t room = TROUBLE_MAX - j->trouble.len;
		return hp_buf_add(&j->trouble, data.data, data.len < room ? data.len : room,
				  err);
	}
	if (!j->begun && begin_body(j, t, err) < 0)
		return -1;
	const size_t skip = (int64_t)data.len < j->skip ? data.len : (size_t)j->skip;
	j->skip -= (int64_t)skip;
	data = HP_BYTES(data.data + skip, data.len - skip);
	if ((int64_t)data.len > most - j->done)
		return hp_fail(err, HP_ECORRUPT,
			       "it is longer than the %lld bytes that it should have",
			       (long long)most);
	if (data.len == 0)
		return 0;
	j->done += (int64_t)data.len;
	hp_digest_add(j->digest, data.data, data.len);
	return f->data ? f->data(f->arg, data, err) : 0;
}

/* Send the request, or send it again from where it broke off. */
static int send_request(struct job *j, struct hp_error *err)
{
	struct hp_registry *r = j->registry;
	const struct hp_fetch *f = j->fetch;
	const char *headers[4] = {NULL};
	size_t n = 0;
	AUTO_FREE char *accept = hp_sprintf("Accept: %s", f->accept ? f->accept : "*/*");
	AUTO_FREE char *range = hp_sprintf("Range: bytes=%lld-", (long long)j->done);
	const int64_t most = f->size >= 0 ? f->size : f->max;

	headers[n++] = accept;
	if (j->done > 0)
		headers[n++] = range;
	/* Whoever the registry sends us to need not know who we are to it. */
	if (r->auth.header && hp_endpoint_same_origin(j->url, r->where->base))
		headers[n++] = r->auth.header;
	j->generation = r->auth.generation;
	j->begun = false;
	j->trouble.len = 0;
	const struct hp_http_request request = {
		.method = f->head ? "HEAD" : "GET",
		.url = j->url,
		.headers = headers,
		.max = most > ANSWER_MIN ? most : ANSWER_MIN,
		.data = take_body,
		.arg = j,
	};
	return hp_http_start(r->http, &request, &j->transfer, err);
}

static char *origin_url(const struct hp_registry *r, const struct hp_fetch *f)
{
	return hp_sprintf("%s/v2/%s/%s", r->where->base, r->where->repo, f->path);
}

int hp_registry_start(struct hp_registry *r, struct hp_fetch *f, struct hp_error *err)
{
	struct job *j = hp_alloc(sizeof(*j));

	j->registry = r;
	j->fetch = f;
	j->url = origin_url(r, f);
	j->digest = hp_digest_new();
	hp_buf_init(&j->trouble, TROUBLE_MAX);
	r->jobs = hp_realloc_array(r->jobs, r->n_jobs + 1, sizeof(struct job *));
	r->jobs[r->n_jobs++] = j;
	return send_request(j, err);
}

/* Try again from the registry, after a while. Returns: 0, -1 when it was tried often enough. */
static int try_later(struct job *j, int64_t wait_ms, struct hp_error *err)
{
	if (j->done - j->before >= PROGRESS_MIN)
		j->tries = 0;
	j->before = j->done;
	if (++j->tries >= TRIES_MAX)
		return hp_wrap(err, "tried %u times", j->tries);
	hp_error_clear(err);
	free(j->url);
	j->url = origin_url(j->registry, j->fetch);
	j->redirects = 0;
	if (wait_ms < 0)
		wait_ms = (int64_t)BACKOFF_MS << (j->tries - 1);
	j->wait_until = hp_clock_ms() + wait_ms;
	return 0;
}

static int follow(struct job *j, const struct hp_http_transfer *t, struct hp_error *err)
{
	const char *to = hp_http_location(t);
	const bool secure = hp_str_starts(j->url, "https://");

	if (!to)
		return hp_fail(err, HP_EPROTO, "a redirect to nowhere");
	if (++j->redirects > REDIRECTS_MAX)
		return hp_fail(err, HP_EPROTO, "over %d redirects, the last to '%.120s'",
			       REDIRECTS_MAX, to);
	if (secure && !hp_str_starts(to, "https://"))
		return hp_fail(err, HP_EDENIED, "a redirect to '%.120s', which is not secure",
			       to);
	free(j->url);
	j->url = hp_strdup(to);
	j->wait_until = hp_clock_ms();
	return 0;
}

static int let_in(struct job *j, const struct hp_http_transfer *t, struct hp_error *err)
{
	struct hp_registry *r = j->registry;

	if (!hp_endpoint_same_origin(j->url, r->where->base))
		return hp_fail(err, HP_EDENIED, "'%.120s' answers 401", j->url);
	if (++j->auths > AUTHS_MAX)
		return hp_registry__refused(401, hp_buf_bytes(&j->trouble), err);
	/* Another fetch may have got a token in the meantime. */
	if (j->generation == r->auth.generation &&
	    hp_registry_auth__answer(&r->auth, hp_http_header(t, "www-authenticate"), err) < 0)
		return -1;
	j->wait_until = hp_clock_ms();
	return 0;
}

/* All bytes that were to come have come. Returns: 1, 0 it is tried again, -1. */
static int complete(struct job *j, const struct hp_http_transfer *t, struct hp_error *err)
{
	struct hp_fetch *f = j->fetch;
	char digest[HP_DIGEST_TEXT];

	hp_registry__read_head(t, f);
	f->got = j->done;
	if (f->head)
		return 1;
	if (f->size >= 0 && j->done < f->size) {
		(void)hp_fail(err, HP_ECORRUPT, "it has %lld bytes, and should have %lld",
			      (long long)j->done, (long long)f->size);
		return try_later(j, -1, err);
	}
	hp_digest_end(j->digest, digest);
	if (f->digest && !hp_str_eq(digest, f->digest))
		return hp_fail(err, HP_ECORRUPT, "its digest is %s", digest);
	return 1;
}

/* An answer is there, or there will be none. Returns: 1 the fetch is done, 0 not yet, -1. */
static int judge(struct job *j, const struct hp_http_transfer *t, struct hp_error *err)
{
	const struct hp_error *failure = hp_http_failure(t);
	const int status = hp_http_status(t);

	if (failure) {
		*err = *failure;
		/* Nobody at the address: it is a wrong one rather than a pause. */
		const bool never = err->code == HP_EUNAVAILABLE && j->done == 0 && !j->tries;
		return hp_http_may_retry(t) && !never ? try_later(j, -1, err) : -1;
	}
	if (status == 200 || status == 206)
		return complete(j, t, err);
	if (status == 401)
		return let_in(j, t, err);
	if (status == 301 || status == 302 || status == 303 || status == 307 || status == 308)
		return follow(j, t, err);
	(void)hp_registry__refused(status, hp_buf_bytes(&j->trouble), err);
	if (!hp_registry__is_busy(status))
		return -1;
	return try_later(j, hp_registry__retry_after_ms(hp_http_header(t, "retry-after")), err);
}

static int check_stop(const struct hp_registry *r, struct hp_error *err)
{
	if (r->config->stop && r->config->stop(r->config->stop_arg))
		return hp_fail(err, HP_ECANCELED, "canceled");
	return 0;
}

static int wrap_job(const struct job *j, struct hp_error *err)
{
	const char *slash = strrchr(j->fetch->path, '/');

	return hp_wrap(err, "%s '%s'", j->fetch->what, slash ? slash + 1 : j->fetch->path);
}

/* Send what has waited long enough. ret_ms: how long the next one waits, at most a step. */
static int send_waiting(struct hp_registry *r, int *ret_ms, struct hp_error *err)
{
	const int64_t now = hp_clock_ms();
	int64_t next = STEP_MS;

	for (size_t i = 0; i < r->n_jobs; i++) {
		struct job *j = r->jobs[i];
		const int64_t left = j->wait_until - now;
		if (j->transfer)
			continue;
		if (left <= 0 && send_request(j, err) < 0)
			return wrap_job(j, err);
		if (left > 0 && left < next)
			next = left;
	}
	*ret_ms = (int)next;
	return 0;
}

static void remove_job(struct hp_registry *r, struct job *j)
{
	for (size_t i = 0; i < r->n_jobs; i++)
		if (r->jobs[i] == j) {
			r->jobs[i] = r->jobs[--r->n_jobs];
			break;
		}
	job_free(j);
}

/* Returns: 1 with a fetch that is done, 0 none yet, -1. */
static int step(struct hp_registry *r, struct hp_fetch **ret, struct hp_error *err)
{
	struct hp_http_transfer *t = NULL;
	int wait_ms = 0;

	if (check_stop(r, err) < 0 || send_waiting(r, &wait_ms, err) < 0)
		return -1;
	const int got = hp_http_next(r->http, wait_ms, &t, err);
	if (got <= 0)
		return got;
	struct job *j = hp_http_arg(t);
	j->transfer = NULL;
	const int done = judge(j, t, err);
	hp_http_transfer_free(t);
	if (done < 0) {
		/* A stop that came up inside of a transfer needs no explanation. */
		if (err->code == HP_ECANCELED)
			return -1;
		return wrap_job(j, err);
	}
	if (done == 0)
		return 0;
	*ret = j->fetch;
	remove_job(r, j);
	return 1;
}

int hp_registry_next(struct hp_registry *r, struct hp_fetch **ret, struct hp_error *err)
{
	while (r->n_jobs > 0) {
		const int got = step(r, ret, err);
		if (got > 0)
			return 1;
		if (got < 0) {
			end_all(r);
			return hp_wrap(err, "registry '%s'", r->where->host);
		}
	}
	return 0;
}

int hp_registry_fetch(struct hp_registry *r, struct hp_fetch *f, struct hp_error *err)
{
	struct hp_fetch *done = NULL;

	if (hp_registry_start(r, f, err) < 0) {
		end_all(r);
		return hp_wrap(err, "registry '%s'", r->where->host);
	}
	return hp_registry_next(r, &done, err) < 0 ? -1 : 0;
}
