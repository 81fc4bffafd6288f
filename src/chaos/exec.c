/* SPDX-License-Identifier: Apache-2.0 */
/* exec.c - run a program in a container. args: {"command": ["kill", "1"]}. */
#include <poll.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/fd.h"
#include "chaos/action.h"

/* How much of its output goes into the log; the rest is read and dropped. */
#define OUTPUT_MAX (16u << 10)

static void command_of(const struct hp_json *args, struct hp_strv *ret)
{
	const struct hp_json *words = hp_json_get(args, "command");

	for (size_t i = 0; i < hp_json_count(words); i++)
		hp_strv_add(ret, hp_json_str(hp_json_at(words, i)));
}

static int read_output(struct hp_stream *s, struct hp_buf *buf, struct hp_error *err)
{
	for (;;) {
		struct hp_chunk chunk;
		int found = hp_stream_next(s, &chunk, err);
		if (found < 0 || found == HP_NEXT_END)
			return found < 0 ? -1 : 0;
		if (found == HP_NEXT_WAIT) {
			if (hp_fd_poll(hp_stream_fd(s), POLLIN, -1, err) < 0)
				return -1;
			continue;
		}
		size_t room = buf->max - buf->len;
		if (hp_buf_add(buf, chunk.data, chunk.len < room ? chunk.len : room, err) < 0)
			return -1;
	}
}

static int await_exit(struct hp_waiter *w, struct hp_exit *ret, struct hp_error *err)
{
	for (;;) {
		int found = hp_waiter_next(w, ret, err);
		if (found < 0 || found == HP_NEXT_ITEM)
			return found < 0 ? -1 : 0;
		if (hp_fd_poll(hp_waiter_fd(w), POLLIN, -1, err) < 0)
			return -1;
	}
}

static int follow(struct hp_fault *f, struct hp_exec *exec, int *ret_code, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf buf;
	struct hp_exit end = {0};

	hp_buf_init(&buf, OUTPUT_MAX);
	if (read_output(exec->stream, &buf, err) < 0 || await_exit(exec->waiter, &end, err) < 0)
		return -1;
	while (buf.len && buf.data[buf.len - 1] == '\n')
		buf.len--;
	f->output = buf.len ? hp_buf_take_str(&buf) : NULL;
	*ret_code = end.code;
	return 0;
}

static int exec_apply(struct hp_fault *f, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv command = {0};
	struct hp_exec_spec spec = {0};
	struct hp_exec *exec = NULL;
	struct hp_engine *engine = NULL;
	int code = 0;

	command_of(f->args, &command);
	spec.args = hp_strv_view(&command);
	spec.user = "0";
	if (hp_fault_engine(f, &engine, err) < 0 ||
	    hp_engine_exec(engine, f->container->id, &spec, &exec, err) < 0)
		return -1;
	int rc = follow(f, exec, &code, err);
	hp_exec_free(engine, exec);
	if (rc < 0 || code == 0)
		return rc;
	AUTO_FREE char *line = hp_strv_join(hp_strv_view(&command), " ");
	return hp_fail(err, HP_EFAILED, "exec failed %s: exit code %d", line, code);
}

static void exec_describe(const struct hp_json *args, struct hp_labels *ret_fields)
{
	AUTO(hp_strv_free) struct hp_strv command = {0};

	command_of(args, &command);
	AUTO_FREE char *line = hp_strv_join(hp_strv_view(&command), " ");
	hp_labels_add(ret_fields, "command", line);
}

const struct hp_action hp_action_exec = {
	.name = "exec",
	.doing = "exec container",
	.flags = HP_ACTION_BLOCKS,
	.apply = exec_apply,
	.describe = exec_describe,
};
