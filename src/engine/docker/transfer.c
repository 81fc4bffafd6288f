/* SPDX-License-Identifier: Apache-2.0 */
/* transfer.c - images into docker and out of it.
 *
 * Docker reads and writes archives of its own form, and those of OCI in newer releases only. So what
 * comes in is read by our own code, from whatever form it has, and handed over in the form that all
 * of them take; and what goes out is turned around in the same way where that is needed. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "engine/docker/ops.h"
#include "image/image.h"
#include "image/reference.h"
#include "image/staging.h"

/* The API of docker 25, which writes OCI layouts. */
#define API_LAYOUTS 44
#define PIECE_BYTES (256U << 10)

/* What docker says of an archive that it cannot take. */
static int explain_load(const char *message, struct hp_error *err)
{
	const bool full = strstr(message, "no space left") != NULL;

	return hp_fail(err, full ? HP_EEXHAUSTED : HP_ECORRUPT, "%s", message);
}

/* From: docker API, ImageLoad: what happens, and at last a failure, is told in lines. */
static int read_outcome(struct hp_exchange *take_x, struct hp_error *err)
{
	AUTO(hp_docker__lines_clear) struct hp_docker_lines lines = {0};

	hp_docker__lines_begin(&lines, take_x);
	for (;;) {
		AUTO(hp_json_free) struct hp_json *line = NULL;
		const int found = hp_docker__lines_wait(&lines, HP_DOCKER_LONG_MS, &line, err);
		if (found == HP_NEXT_WAIT)
			return hp_fail(err, HP_ETIMEOUT, "the daemon does not finish it");
		if (found != HP_NEXT_ITEM)
			return found;
		const char *failure = hp_json_get_str(line, "error");
		if (failure)
			return explain_load(failure, err);
	}
}

/* Send the file @fd from its beginning as the body of a request that was begun. */
static int send_file(struct docker *d, struct hp_exchange *x, int fd,
		     const struct hp_import *what, struct hp_error *err)
{
	AUTO_FREE uint8_t *data = hp_alloc(PIECE_BYTES);
	const off_t size = lseek(fd, 0, SEEK_END);

	for (off_t at = 0;;) {
		const ssize_t n = pread(fd, data, PIECE_BYTES, at);
		if (n < 0)
			return hp_fail_errno(err, errno, "read the archive");
		if (what->stop && what->stop(what->stop_arg))
			return hp_fail(err, HP_ECANCELED, "it was stopped");
		const int rc = hp_exchange_send(x, HP_BYTES(data, (size_t)n),
						hp_deadline_in(d->base.timeout_ms), err);
		if (rc < 0)
			return -1;
		at += n;
		if (what->progress)
			what->progress(what->progress_arg, "loading", (uint64_t)at,
				       (uint64_t)size);
		if (rc > 0 || n == 0)
			return 0;
	}
}

int hp_docker__load(struct docker *d, struct hp_store *store, const char *const *names,
		    const struct hp_import *what, struct hp_error *err)
{
	static const struct hp_docker_call call = {.method = "POST",
						   .path = "/images/load?quiet=1"};
	AUTO(hp_exchange_free) struct hp_exchange *x = NULL;
	AUTO_CLOSE int fd = -1;

	if (hp_staging_file(&fd, err) < 0 || hp_image_export(store, names, fd, err) < 0)
		return -1;
	if (hp_docker__upload_begin(d, &call, "application/x-tar", &x, err) < 0 ||
	    send_file(d, x, fd, what, err) < 0 ||
	    hp_docker__upload_end(d, x, HP_DOCKER_LONG_MS, err) < 0)
		return -1;
	return read_outcome(TAKE(x), err);
}

int hp_docker__import(struct hp_engine *e, const struct hp_import *what, char ***ret_names,
		      struct hp_error *err)
{
	AUTO(hp_staging_free) struct hp_store *store = NULL;
	AUTO(hp_strv_free) struct hp_strv names = {0};
	struct hp_import unpacked = *what;

	unpacked.no_unpack = true; /* that is the daemon's work */
	if (hp_staging_new(&store, err) < 0 ||
	    hp_image_import(store, &unpacked, &names, err) < 0)
		return -1;
	if (hp_docker__load(hp_docker__of(e), store, hp_strv_view(&names), what, err) < 0)
		return hp_wrap(err, "import '%s'", what->path);
	*ret_names = TAKE(names.items);
	names.count = 0;
	return 0;
}

/* Write what the daemon sends to @fd. */
static int receive(struct docker *d, struct hp_exchange *x, int fd, struct hp_error *err)
{
	for (;;) {
		struct hp_bytes piece;
		const int found =
			hp_exchange_wait(x, hp_deadline_in(d->base.timeout_ms), &piece, err);
		if (found != HP_NEXT_ITEM)
			return found < 0 ? -1 : 0;
		if (hp_fd_write_all(fd, piece.data, piece.len, err) < 0)
			return hp_wrap(err, "write the archive");
	}
}

/* The archive of docker's own form in @from as one of OCI's to @fd. */
static int convert(int from, int fd, struct hp_error *err)
{
	const struct hp_import what = {.path = "-", .fd = from, .no_unpack = true};
	AUTO(hp_staging_free) struct hp_store *store = NULL;
	AUTO(hp_strv_free) struct hp_strv names = {0};

	if (lseek(from, 0, SEEK_SET) < 0)
		return hp_fail_errno(err, errno, "read the archive");
	if (hp_staging_new(&store, err) < 0 || hp_image_import(store, &what, &names, err) < 0)
		return -1;
	return hp_image_export(store, hp_strv_view(&names), fd, err);
}

/* The names of images as a query. An id has no name in an archive, so one of its names is taken. */
static int names_query(struct hp_engine *e, const char *const *refs, char **ret,
		       struct hp_error *err)
{
	AUTO(hp_image_list_free) struct hp_image_list *list = NULL;
	AUTO(hp_strv_free) struct hp_strv words = {0};

	if (hp_docker__images(e, &list, err) < 0)
		return -1;
	for (size_t i = 0; refs[i]; i++) {
		const struct hp_image *image = NULL;
		if (hp_docker__image_find(list, refs[i], &image, err) < 0)
			return -1;
		const bool nameless = hp_str_starts(image->name, "<none>");
		AUTO_FREE char *escaped = hp_http1_escape(nameless ? image->id : image->name);
		hp_strv_addf(&words, "names=%s", escaped);
	}
	*ret = hp_strv_join(hp_strv_view(&words), "&");
	return 0;
}

int hp_docker__export(struct hp_engine *e, const char *const *refs, int fd,
		      struct hp_error *err)
{
	struct docker *d = hp_docker__of(e);
	AUTO(hp_exchange_free) struct hp_exchange *x = NULL;
	AUTO_FREE char *query = NULL;
	AUTO_CLOSE int own = -1;

	if (names_query(e, refs, &query, err) < 0)
		return -1;
	AUTO_FREE char *path = hp_sprintf("/images/get?%s", query);
	const struct hp_docker_call call = {
		.method = "GET", .path = path, .extra_ms = HP_DOCKER_LONG_MS};
	if (hp_docker__open(d, &call, NULL, &x, err) < 0)
		return hp_wrap(err, "export");
	if (d->api >= API_LAYOUTS)
		return receive(d, x, fd, err);
	if (hp_staging_file(&own, err) < 0 || receive(d, x, own, err) < 0)
		return hp_wrap(err, "export");
	return convert(own, fd, err);
}
