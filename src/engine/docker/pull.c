/* SPDX-License-Identifier: Apache-2.0 */
/* pull.c - have docker bring an image from a registry. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "engine/docker/ops.h"
#include "image/credentials.h"
#include "image/endpoint.h"
#include "image/pull.h"
#include "image/reference.h"
#include "image/staging.h"
#include "wire/base64.h"
#include "wire/platform.h"

/* How often whoever may stop it is asked. */
#define ASK_MS     100
/* A registry that says nothing for that long is gone; docker itself tries again for a while. */
#define SILENCE_MS 120000
/* From: docker's limit of layers, with room. */
#define LAYERS_MAX 512U

struct pull {
	const struct hp_pull *what;
	struct hp_endpoint where;
	char *name;
	char **layers; /* the beginnings of their digests, which is all that docker tells */
	size_t n_layers;
	char *digest; /* "" until it is told */
};

static void pull_clear(struct pull *p)
{
	hp_endpoint_clear(&p->where);
	for (size_t i = 0; i < p->n_layers; i++)
		free(p->layers[i]);
	free(p->layers);
	free(p->name);
	free(p->digest);
}
HP_AUTO_VALUE(struct pull, pull_clear);

/* From: docker API, "Authentication". Returns: the header, owned by the caller; NULL without. */
static int auth_header(const struct pull *p, char **ret_header, struct hp_error *err)
{
	AUTO(hp_credentials_clear) struct hp_credentials c = {0};
	AUTO(hp_json_free) struct hp_json *auth = hp_json_object();

	const int found = hp_credentials_find(p->what->config_dir, p->where.host, &c, err);
	if (found <= 0)
		return found;
	if (c.identity_token) {
		hp_json_set_str(auth, "identitytoken", c.identity_token);
	} else {
		hp_json_set_str(auth, "username", c.user);
		hp_json_set_str(auth, "password", c.password);
	}
	hp_json_set_str(auth, "serveraddress", p->where.host);
	AUTO_FREE char *text = hp_json_text(auth, false);
	AUTO_FREE char *coded = hp_base64_text(hp_bytes_str(text));
	/* The alphabet of URLs is asked for. From: RFC 4648 section 5. */
	for (char *at = coded; *at; at++)
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
	*ret_header = hp_sprintf("X-Registry-Auth: %s", coded);
	return 0;
}

/* What the words of a failed pull mean; their status is 500 for most. From: moby distribution and
 * registry, what they print. */
static int explain(const char *ref, const char *words, struct hp_error *err)
{
	static const struct {
		const char *words;
		enum hp_code code;
	} rows[] = {
		{"unauthorized", HP_EDENIED},
		{"no basic auth credentials", HP_EDENIED},
		{"access denied", HP_EDENIED},
		{"access forbidden", HP_EDENIED},
		{"x509:", HP_EDENIED},
		{"toomanyrequests", HP_EEXHAUSTED},
		{"no space left", HP_EEXHAUSTED},
		{"manifest unknown", HP_ENOTFOUND},
		{"not found", HP_ENOTFOUND},
		{"no matching manifest", HP_ENOTFOUND},
		{"does not exist", HP_ENOTFOUND},
		{"connection refused", HP_EUNAVAILABLE},
		{"no such host", HP_EUNAVAILABLE},
		{"unreachable", HP_EUNAVAILABLE},
		{"server misbehaving", HP_EUNAVAILABLE},
		{"server gave HTTP response to HTTPS client", HP_EUNAVAILABLE},
		{"i/o timeout", HP_ETIMEOUT},
		{"TLS handshake timeout", HP_ETIMEOUT},
		{"request canceled while waiting", HP_ETIMEOUT},
		{"filesystem layer verification failed", HP_ECORRUPT},
		{"unexpected EOF", HP_EIO},
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		if (strstr(words, rows[i].words))
			return hp_fail(err, rows[i].code, "pull '%s': %s", ref, words);
	return hp_fail(err, HP_EFAILED, "pull '%s': %s", ref, words);
}

/* Docker's word for where a layer is. Returns: false - it is about no layer. */
static bool read_state(const char *status, enum hp_pull_state *ret)
{
	static const struct {
		const char *status;
		enum hp_pull_state state;
	} rows[] = {
		{"Already exists", HP_PULL_PRESENT},     {"Pulling fs layer", HP_PULL_FETCHING},
		{"Waiting", HP_PULL_FETCHING},           {"Downloading", HP_PULL_FETCHING},
		{"Verifying Checksum", HP_PULL_FETCHED}, {"Download complete", HP_PULL_FETCHED},
		{"Extracting", HP_PULL_UNPACKING},       {"Pull complete", HP_PULL_UNPACKED},
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		if (!hp_str_eq(rows[i].status, status))
			continue;
		*ret = rows[i].state;
		return true;
	}
	return false;
}

bool hp_docker__pull_read(const struct hp_json *line, struct hp_docker_pull_line *ret)
{
	static const char digest[] = "Digest: ";
	const struct hp_json *detail = hp_json_get(line, "progressDetail");
	const char *status = hp_json_get_str(line, "status");
	const char *id = hp_json_get_str(line, "id");

	*ret = (struct hp_docker_pull_line){
		.failure = hp_json_get_str(line, "error"),
		.done = hp_json_u64(hp_json_get(detail, "current"), 0),
		.total = hp_json_u64(hp_json_get(detail, "total"), 0),
	};
	if (status && hp_str_starts(status, digest))
		ret->digest = status + strlen(digest);
	if (!hp_str_empty(id) && read_state(status, &ret->state))
		ret->layer = id;
	return ret->failure || ret->digest || ret->layer;
}

/* The place of layer @id among those told of; a new one goes to the end. */
static size_t layer_at(struct pull *p, const char *id)
{
	for (size_t i = 0; i < p->n_layers; i++)
		if (hp_str_eq(p->layers[i], id))
			return i;
	p->layers = hp_realloc_array(p->layers, p->n_layers + 1, sizeof(*p->layers));
	p->layers[p->n_layers] = hp_strdup(id);
	return p->n_layers++;
}

static void tell(struct pull *p, const struct hp_docker_pull_line *line)
{
	if (p->n_layers >= LAYERS_MAX)
		return;
	const size_t at = layer_at(p, line->layer);
	if (!p->what->progress)
		return;
	const struct hp_pull_step step = {
		.digest = p->layers[at],
		.state = line->state,
		.layer = (unsigned)at,
		.layers = (unsigned)p->n_layers,
		.done = line->done,
		.total = line->total,
	};
	p->what->progress(p->what->progress_arg, &step);
}

/* A line of the answer. Fails with what the daemon says. */
static int take_line(struct pull *p, const struct hp_json *json, struct hp_error *err)
{
	struct hp_docker_pull_line line;

	if (!hp_docker__pull_read(json, &line))
		return 0;
	if (line.failure)
		return explain(p->what->ref, line.failure, err);
	if (line.digest) {
		free(p->digest);
		p->digest = hp_strdup(line.digest);
	}
	if (line.layer)
		tell(p, &line);
	return 0;
}

static int follow(struct pull *p, struct hp_docker_lines *lines, struct hp_error *err)
{
	int64_t silent_since = hp_clock_ms();

	for (;;) {
		AUTO(hp_json_free) struct hp_json *line = NULL;
		/* Ended from here, the connection ends, and so does the daemon's pull. */
		if (p->what->stop && p->what->stop(p->what->stop_arg))
			return hp_fail(err, HP_ECANCELED, "pull '%s': it was stopped",
				       p->what->ref);
		const int found = hp_docker__lines_wait(lines, ASK_MS, &line, err);
		if (found < 0)
			return hp_wrap(err, "pull '%s'", p->what->ref);
		if (found == HP_NEXT_END)
			return 0;
		if (found == HP_NEXT_ITEM && take_line(p, line, err) < 0)
			return -1;
		if (found == HP_NEXT_ITEM)
			silent_since = hp_clock_ms();
		else if (hp_clock_ms() - silent_since > SILENCE_MS)
			return hp_fail(err, HP_ETIMEOUT, "pull '%s': nothing comes any more",
				       p->what->ref);
	}
}

static char *path_of(const struct pull *p)
{
	const char *platform = p->what->platform;
	AUTO_FREE char *repository = hp_sprintf("%s/%s", p->where.host, p->where.repo);
	AUTO_FREE char *from = hp_http1_escape(repository);
	AUTO_FREE char *tag =
		hp_http1_escape(p->where.digest[0] ? p->where.digest : p->where.tag);
	AUTO_FREE char *machine = hp_http1_escape(platform ? platform : "");

	return hp_sprintf("/images/create?fromImage=%s&tag=%s%s%s", from, tag,
			  platform ? "&platform=" : "", machine);
}

static int pull_by_daemon(struct docker *d, struct pull *p, struct hp_error *err)
{
	AUTO(hp_docker__lines_clear) struct hp_docker_lines lines = {0};
	AUTO_FREE char *auth = NULL;
	AUTO_FREE char *path = path_of(p);
	struct hp_exchange *x = NULL;

	if (auth_header(p, &auth, err) < 0)
		return -1;
	const char *const headers[] = {auth, NULL};
	const struct hp_docker_call call = {
		.method = "POST", .path = path, .extra_ms = SILENCE_MS};
	if (hp_docker__open(d, &call, headers, &x, err) < 0) {
		struct hp_error words = *err;
		if (!err->sys)
			return -1;
		hp_error_clear(err);
		return explain(p->what->ref, words.msg, err);
	}
	hp_docker__lines_begin(&lines, x);
	return follow(p, &lines, err);
}

/* Which registries are spoken to without TLS, and whose certificates are trusted, is set for all of
 * the daemon. Where this pull shall have it otherwise, the image is fetched here and handed over. */
static int pull_by_ourselves(struct docker *d, struct pull *p, struct hp_error *err)
{
	AUTO(hp_staging_free) struct hp_store *store = NULL;
	AUTO(hp_pulled_clear) struct hp_pulled pulled = {0};
	const struct hp_import how = {.stop = p->what->stop, .stop_arg = p->what->stop_arg};

	if (hp_staging_new(&store, err) < 0)
		return -1;
	const struct hp_pull_into into = {.store = store, .writers = &store, .n_writers = 1};
	if (hp_image_pull(&into, p->what, &pulled, err) < 0)
		return -1;
	free(p->digest);
	p->digest = hp_strdup(pulled.digest);
	const char *const names[] = {pulled.name, NULL};
	return hp_docker__load(d, store, names, &how, err);
}

/* The id of the image called @name, "" when there is none. Owns: the caller. */
static int id_of(struct docker *d, const char *name, char **ret_id, struct hp_error *err)
{
	AUTO_FREE char *escaped = hp_http1_escape(name);
	AUTO_FREE char *path = hp_sprintf("/images/%s/json", escaped);
	AUTO(hp_json_free) struct hp_json *reply = NULL;

	if (hp_docker__get(d, path, &reply, err) < 0) {
		if (err->code != HP_ENOTFOUND)
			return -1;
		hp_error_clear(err);
	}
	const char *id = hp_json_get_str(reply, "Id");
	*ret_id = hp_strdup(id ? id : "");
	return 0;
}

static int prepare(const struct hp_pull *what, struct pull *p, struct hp_error *err)
{
	const struct hp_endpoint_how how = {.plain_http = what->plain_http,
					    .tls = what->tls_ca != NULL};
	struct hp_platform platform;

	p->what = what;
	p->digest = hp_strdup("");
	if (hp_reference_expand(what->ref, &p->name, err) < 0 ||
	    hp_endpoint_of(p->name, &how, &p->where, err) < 0 ||
	    (what->platform && hp_platform_parse(what->platform, &platform, err) < 0))
		return hp_wrap(err, "pull '%s'", what->ref);
	return 0;
}

int hp_docker__pull(struct hp_engine *e, const struct hp_pull *what,
		    struct hp_pulled *ret_pulled, struct hp_error *err)
{
	struct docker *d = hp_docker__of(e);
	AUTO(pull_clear) struct pull p = {0};
	AUTO_FREE char *before = NULL;
	AUTO_FREE char *after = NULL;

	if (prepare(what, &p, err) < 0 || id_of(d, p.name, &before, err) < 0)
		return -1;
	if (what->plain_http || what->tls_ca ? pull_by_ourselves(d, &p, err) < 0
					     : pull_by_daemon(d, &p, err) < 0)
		return -1;
	if (id_of(d, p.name, &after, err) < 0)
		return -1;
	*ret_pulled = (struct hp_pulled){
		.name = hp_strdup(p.name),
		.digest = hp_strdup(p.digest[0] ? p.digest : after),
		.fresh = !hp_str_eq(before, after),
	};
	return 0;
}
