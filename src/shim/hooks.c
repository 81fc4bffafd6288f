/* SPDX-License-Identifier: Apache-2.0 */
/* hooks.c - runs hooks one after the other. What they read and write are files in memory, so that
 * none can make the shim wait. */
#include "shim/hooks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/fd.h"
#include "shim/child.h"
#include "wire/json.h"

#define LIMIT_MS    60000
#define OUTPUT_MAX  300 /* bytes of its last words that are passed on */
#define OCI_VERSION "1.0.2"

struct hp_shim_hooks {
	struct hp_loop *loop;
	const struct hp_shim_hook **hooks; /* all that are to be run */
	size_t n, at;
	char *state;
	bool all;
	int output_fd;
	struct hp_shim_child child;
	struct hp_timer timer; /* the hook's limit, or the turn in which the end is told */
	hp_shim_hooks_fn done;
	void *data;
	struct hp_error why;
};

static char *make_state(const struct hp_shim_hooks_spec *spec)
{
	AUTO(hp_json_free) struct hp_json *o = hp_json_object();
	const struct hp_strv *pairs = hp_shim_spec_annotations(spec->spec);
	struct hp_json *annotations = hp_json_object();

	hp_json_set_str(o, "ociVersion", OCI_VERSION);
	hp_json_set_str(o, "id", spec->id);
	hp_json_set_str(o, "status", spec->status);
	if (spec->pid)
		hp_json_set_u64(o, "pid", spec->pid);
	hp_json_set_str(o, "bundle", spec->bundle);
	for (size_t i = 0; i + 1 < pairs->count; i += 2)
		hp_json_set_str(annotations, pairs->items[i], pairs->items[i + 1]);
	hp_json_set(o, "annotations", annotations);
	return hp_json_text(o, false);
}

static void on_told(void *data, uint32_t events)
{
	struct hp_shim_hooks *h = data;

	(void)events;
	h->done(h->data, h->why.code == HP_OK ? NULL : &h->why);
}

static void tell(struct hp_shim_hooks *h)
{
	hp_timer_start(h->loop, &h->timer, 0, on_told, h);
}

static void close_output(struct hp_shim_hooks *h)
{
	if (h->output_fd >= 0)
		close(h->output_fd);
	h->output_fd = -1;
}

/* The end of what it wrote, as one line. */
static void read_output(const struct hp_shim_hooks *h, char ret_text[OUTPUT_MAX + 1])
{
	off_t size = lseek(h->output_fd, 0, SEEK_END);
	ssize_t n = pread(h->output_fd, ret_text, OUTPUT_MAX,
			  size > OUTPUT_MAX ? size - OUTPUT_MAX : 0);

	ret_text[n > 0 ? n : 0] = '\0';
	for (char *c = ret_text; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	for (size_t len = strlen(ret_text); len > 0 && ret_text[len - 1] == ' '; len--)
		ret_text[len - 1] = '\0';
}

static void start_next(struct hp_shim_hooks *h);

/* The hook at hand has: @why says so, and is what is told in the end unless another failed before. */
static void fail(struct hp_shim_hooks *h, const struct hp_error *why)
{
	close_output(h);
	if (h->why.code == HP_OK)
		h->why = *why;
	if (!h->all) {
		tell(h);
		return;
	}
	h->at++;
	start_next(h);
}

static void on_end(void *data, int status)
{
	struct hp_shim_hooks *h = data;
	const char *path = h->hooks[h->at]->path;
	struct hp_error why = HP_ERROR_INIT;
	char text[OUTPUT_MAX + 1];

	hp_timer_stop(&h->timer);
	if (status == 0) {
		close_output(h);
		h->at++;
		start_next(h);
		return;
	}
	read_output(h, text);
	hp_fail(&why, HP_EFAILED, "hook '%s' ended with status %d: %s", path, status, text);
	fail(h, &why);
}

static void on_limit(void *data, uint32_t events)
{
	struct hp_shim_hooks *h = data;
	struct hp_error why = HP_ERROR_INIT;

	(void)events;
	hp_shim_child_end(&h->child);
	hp_fail(&why, HP_ETIMEOUT, "hook '%s' has not ended in time", h->hooks[h->at]->path);
	fail(h, &why);
}

static int memory_file(const char *content, int *ret_fd, struct hp_error *err)
{
	AUTO_CLOSE int fd = memfd_create("hook", MFD_CLOEXEC);

	if (fd < 0)
		return hp_fail_errno(err, errno, "make a file in memory");
	if (hp_fd_write_all(fd, content, strlen(content), err) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return hp_fail_errno(err, errno, "seek in a file in memory");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int start(struct hp_shim_hooks *h, const struct hp_shim_hook *hook, struct hp_error *err)
{
	AUTO_CLOSE int in = -1;
	int fds[3];
	struct hp_child child = {.path = hook->path,
				 .argv = hook->args,
				 .env = hook->env,
				 .fds = fds,
				 .n_fds = HP_ARRAY_LEN(fds)};
	pid_t pid;

	if (memory_file(h->state, &in, err) < 0 || memory_file("", &h->output_fd, err) < 0)
		return -1;
	fds[0] = in;
	fds[1] = h->output_fd;
	fds[2] = h->output_fd;
	if (hp_child_start(&child, &pid, err) < 0)
		return -1;
	return hp_shim_child_watch(h->loop, &h->child, pid, on_end, h, err);
}

static void start_next(struct hp_shim_hooks *h)
{
	const struct hp_shim_hook *hook = h->at < h->n ? h->hooks[h->at] : NULL;
	struct hp_error why = HP_ERROR_INIT;

	if (!hook) {
		tell(h);
		return;
	}
	if (start(h, hook, &why) < 0) {
		hp_wrap(&why, "hook '%s'", hook->path);
		fail(h, &why);
		return;
	}
	hp_timer_start(h->loop, &h->timer, hook->timeout_ms > 0 ? hook->timeout_ms : LIMIT_MS,
		       on_limit, h);
}

static void collect(struct hp_shim_hooks *h, const struct hp_shim_hooks_spec *spec)
{
	for (size_t k = 0; k < spec->n_kinds; k++) {
		size_t n;
		const struct hp_shim_hook *some =
			hp_shim_spec_hooks(spec->spec, spec->kinds[k], &n);

		h->hooks = hp_realloc_array(h->hooks, h->n + n + 1, sizeof(*h->hooks));
		for (size_t i = 0; i < n; i++)
			h->hooks[h->n++] = &some[i];
	}
}

struct hp_shim_hooks *hp_shim_hooks_run(struct hp_loop *l,
					const struct hp_shim_hooks_spec *spec,
					hp_shim_hooks_fn done, void *data)
{
	struct hp_shim_hooks *h = hp_alloc(sizeof(*h));

	h->loop = l;
	h->done = done;
	h->data = data;
	h->output_fd = -1;
	h->all = spec->all;
	h->state = make_state(spec);
	collect(h, spec);
	start_next(h);
	return h;
}

void hp_shim_hooks_free(struct hp_shim_hooks *h)
{
	if (!h)
		return;
	hp_timer_stop(&h->timer);
	hp_shim_child_end(&h->child);
	close_output(h);
	free(h->hooks);
	free(h->state);
	free(h);
}
