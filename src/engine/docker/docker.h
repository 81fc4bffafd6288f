/* SPDX-License-Identifier: Apache-2.0 */
/* docker.h - the docker engine's own struct, and what its files share; engines that speak docker's API
 * with ways of their own take the functions of ops.h and put others beside them. */
#pragma once
#include "base/clock.h"
#include "engine/engine_impl.h"
#include "net/exchange.h"
#include "wire/json.h"

/* The oldest API that is spoken, that of docker 20.10, and the newest that was looked at. */
#define HP_DOCKER_API_MIN 41
#define HP_DOCKER_API_MAX 51

/* Where a daemon is. */
struct hp_docker_address {
	char *path; /* of a unix socket; NULL: host and port */
	char *host;
	char *port;
	bool tls;
};
/* Read "unix:///run/docker.sock", "/run/docker.sock", "tcp://host:port", "http://host:port",
 * "https://host:port". Owns: the caller, until hp_docker__address_clear().
 * Fails: HP_EINVALID, HP_EUNSUPPORTED - of another kind; the message names those there are. */
int hp_docker__address_parse(const char *text, struct hp_docker_address *ret,
			     struct hp_error *err);
void hp_docker__address_clear(struct hp_docker_address *a);

struct docker {
	struct hp_engine base;
	struct hp_docker_address at;
	struct hp_exchange *idle; /* a connection that waits for the next call; NULL: none */
	bool tls_verify;
	char *tls_ca, *tls_cert, *tls_key; /* NULL: none */
	unsigned api; /* minor number of the version in use; 0: not asked for yet */
};

static inline struct docker *hp_docker__of(struct hp_engine *e)
{
	return container_of(e, struct docker, base);
}

/* A call. */
struct hp_docker_call {
	const char *method;
	const char *path;           /* without the version; its parts are escaped */
	const struct hp_json *body; /* NULL: none */
	int64_t extra_ms;           /* that it may take beside the client's timeout */
};
/* Make it, and read the whole answer. ret_reply: NULL when it is of no interest; may become NULL, as
 * an answer may be empty. Returns: the HTTP status, which is 2xx or 304; -1.
 * Fails: by the status of the answer, with the daemon's own words. */
int hp_docker__call(struct docker *d, const struct hp_docker_call *call,
		    struct hp_json **ret_reply, struct hp_error *err);
int hp_docker__get(struct docker *d, const char *path, struct hp_json **ret_reply,
		   struct hp_error *err);
int hp_docker__post(struct docker *d, const char *path, struct hp_error *err);
/* Make it on a connection of its own, and leave the answer's body to the caller. @headers: further
 * ones. Owns: the caller, until hp_exchange_free(). */
int hp_docker__open(struct docker *d, const struct hp_docker_call *call,
		    const char *const *headers, struct hp_exchange **ret, struct hp_error *err);
/* Begin a call with a body of content type @type, which hp_exchange_send() sends on and ends; and, when
 * that is done, wait for the answer's head, for @extra_ms beside the client's timeout. */
int hp_docker__upload_begin(struct docker *d, const struct hp_docker_call *call,
			    const char *type, struct hp_exchange **ret, struct hp_error *err);
int hp_docker__upload_end(struct docker *d, struct hp_exchange *x, int64_t extra_ms,
			  struct hp_error *err);
/* How long the daemon may take beside that to read, write or unpack an image. */
#define HP_DOCKER_LONG_MS 600000
/* Be sure of the version of the API that is spoken, d->api. */
int hp_docker__negotiate(struct docker *d, struct hp_error *err);
/* Fail unless the daemon speaks that version, saying which @what needs it. */
int hp_docker__need_api(struct docker *d, unsigned minor, const char *what,
			struct hp_error *err);

/* "/containers/REF/VERB" for a container as people name it. Owns: the caller.
 * Fails: HP_ENOTFOUND - no container can be called so. */
int hp_docker__container_path(const char *ref, const char *verb, char **ret_path,
			      struct hp_error *err);
/* The document of GET /containers/REF/json. */
int hp_docker__look(struct docker *d, const char *ref, struct hp_json **ret_reply,
		    struct hp_error *err);
/* What such a document says. */
enum hp_state hp_docker__state(const char *word);
/* A time as docker writes it; 0 for none. */
int64_t hp_docker__time(const char *text);
/* A container from a row of the list, and from such a document. */
struct hp_container *hp_docker__container_from_row(const char *engine,
						   const struct hp_json *row);
struct hp_container *hp_docker__container_from_document(const char *engine,
							const struct hp_json *document);

/* stdio.c: make a call that upgrades its connection to the stdio of a process. */
int hp_docker__hijack(struct docker *d, const struct hp_docker_call *call, bool tty,
		      bool has_stdin, struct hp_stream **ret, struct hp_error *err);
/* Attach to the container of a document, whether it runs or not. */
int hp_docker__attach_to(struct docker *d, const struct hp_json *document,
			 struct hp_stream **ret, struct hp_error *err);

/* lines.c: an answer of one JSON object a line. Owns: the exchange. */
struct hp_docker_lines {
	struct hp_exchange *exchange;
	struct hp_buf text;
	size_t looked; /* bytes of it that hold no newline */
};
void hp_docker__lines_begin(struct hp_docker_lines *l, struct hp_exchange *take_exchange);
void hp_docker__lines_clear(struct hp_docker_lines *l);
HP_AUTO_VALUE(struct hp_docker_lines, hp_docker__lines_clear);
/* Never blocks. Returns: enum hp_next, or -1. Owns: the caller owns *ret. */
int hp_docker__lines_next(struct hp_docker_lines *l, struct hp_json **ret,
			  struct hp_error *err);
/* The same, waiting for at most that long, and then HP_NEXT_WAIT. */
int hp_docker__lines_wait(struct hp_docker_lines *l, int64_t timeout_ms, struct hp_json **ret,
			  struct hp_error *err);

/* pull.c: what a line of the answer to a pull says. All is borrowed from @line. */
struct hp_docker_pull_line {
	const char *failure; /* NULL: none */
	const char *digest;  /* of all of the image; NULL: not told here */
	const char *layer;   /* the beginning of its digest; NULL: it is about none */
	enum hp_pull_state state;
	uint64_t done, total; /* bytes */
};
/* Returns: false - nothing of these. */
bool hp_docker__pull_read(const struct hp_json *line, struct hp_docker_pull_line *ret);
/* stats.c: read a reading. @limited: there is a limit of memory. */
void hp_docker__stats_read(const struct hp_json *from, bool limited, struct hp_stats *to);
/* images.c: add an image of the list, which has an id, under each of its names. */
void hp_docker__images_add(const struct hp_json *row, struct hp_image_list *list);
/* images.c: find an image by name, expanded name, id or unique beginning of one. ret: borrowed from
 * @list. Fails: HP_ENOTFOUND, HP_EINVALID. */
int hp_docker__image_find(const struct hp_image_list *list, const char *ref,
			  const struct hp_image **ret, struct hp_error *err);
/* transfer.c: have the daemon take the images called @names of @store. @what: who is told of it and
 * may stop it. */
struct hp_store;
int hp_docker__load(struct docker *d, struct hp_store *store, const char *const *names,
		    const struct hp_import *what, struct hp_error *err);

/* events.c: subscribe to what fits @filters, the JSON of docker's API. ret_fd: to poll. */
int hp_docker__events_open(struct docker *d, const char *filters, struct hp_docker_lines *ret,
			   int *ret_fd, struct hp_error *err);
/* Read a line of it into the empty @ret. Returns: false - it is about something else. */
bool hp_docker__event_read(const struct hp_json *line, struct hp_event *ret);

/* stats.c: the limits that are not zero, as docker's API names them. */
void hp_docker__put_limits(struct hp_json *to, const struct hp_resources *r);
/* config.c: all of @spec as the body of POST /containers/create. Owns: the caller.
 * Fails: HP_EUNSUPPORTED - it asks for what docker has not; HP_EINVALID, HP_ENOTFOUND - a file that
 * it names. */
int hp_docker__config(struct docker *d, const struct hp_container_spec *spec,
		      struct hp_json **ret, struct hp_error *err);
