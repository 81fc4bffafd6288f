/* SPDX-License-Identifier: Apache-2.0 */
/* logs.c - harpoon logs: what a container has written. */
#include "cmd/commands.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "cmd/cli.h"
#include "cmd/out.h"
#include "cmd/own.h"

struct logs_args {
	const char *since;
	const char *until;
	const char *tail;
	bool follow;
	bool timestamps;
};

/* clang-format off: one row an option */
static const struct hp_opt logs_opts[] = {
	HP_OPT_FLAG('f', "follow", struct logs_args, follow, "go on until the container ends"),
	HP_OPT_STR(0, "since", struct logs_args, since, "TIME",
		   "from then on: RFC 3339, Unix seconds, or a duration ago such as 10m"),
	HP_OPT_STR('n', "tail", struct logs_args, tail, "N", "the last N lines, or all"),
	HP_OPT_FLAG('t', "timestamps", struct logs_args, timestamps,
		    "with the time of each line"),
	HP_OPT_STR(0, "until", struct logs_args, until, "TIME",
		   "up to then; written as --since"),
	HP_OPT_END,
};
/* clang-format on */

static int read_what(const struct logs_args *args, struct hp_logs *ret, struct hp_error *err)
{
	int64_t now = hp_clock_unix_ns();
	struct hp_logs what = {.follow = args->follow};

	if (args->since && hp_time_parse_user(args->since, now, &what.since_ns, err) < 0)
		return hp_wrap(err, "--since");
	if (args->until && hp_time_parse_user(args->until, now, &what.until_ns, err) < 0)
		return hp_wrap(err, "--until");
	/* Docker takes any negative number for all of it. */
	what.has_tail = args->tail && !hp_str_eq(args->tail, "all") && args->tail[0] != '-';
	if (what.has_tail && hp_str_u64(args->tail, &what.tail, err) < 0)
		return hp_wrap(err, "--tail");
	*ret = what;
	return 0;
}

/* Our two outputs; at_start: the next byte begins a line. */
struct printer {
	bool timestamps;
	bool at_start[3];
};

static int print_stamped(struct printer *p, FILE *out, const struct hp_chunk *chunk)
{
	bool *at_start = &p->at_start[chunk->channel];
	const char *data = chunk->data;
	size_t left = chunk->len;
	char stamp[HP_TIME_TEXT];

	hp_time_format(chunk->time_ns, stamp);
	while (left > 0) {
		const char *end = memchr(data, '\n', left);
		size_t len = end ? (size_t)(end - data) + 1 : left;
		if (*at_start && fprintf(out, "%s ", stamp) < 0)
			return -1;
		if (fwrite(data, 1, len, out) != len)
			return -1;
		*at_start = end != NULL;
		data += len;
		left -= len;
	}
	return 0;
}

static int print_chunk(struct printer *p, const struct hp_chunk *chunk)
{
	FILE *out = chunk->channel == HP_CHANNEL_STDERR ? stderr : stdout;

	/* Both may be one file, where lines must come in the order of the log. */
	if (out == stderr && fflush(stdout) != 0)
		return -1;
	if (p->timestamps)
		return print_stamped(p, out, chunk);
	return fwrite(chunk->data, 1, chunk->len, out) == chunk->len ? 0 : -1;
}

/* Returns 0 at the end, also when nobody reads us any more. */
static int copy(struct hp_stream *stream, struct printer *p, struct hp_error *err)
{
	for (;;) {
		struct hp_chunk chunk = {0};
		int rc = hp_stream_next(stream, &chunk, err);
		if (rc == HP_NEXT_ITEM) {
			if (print_chunk(p, &chunk) < 0)
				return hp_out_flush(false, err);
			continue;
		}
		int flushed = hp_out_flush(true, err);
		if (flushed <= 0)
			return flushed;
		if (rc != HP_NEXT_WAIT)
			return rc;
		if (hp_fd_poll(hp_stream_fd(stream), POLLIN, -1, err) < 0)
			return -1;
	}
}

static int logs_run(const struct hp_use *use, struct hp_error *err)
{
	const struct logs_args *args = use->args;
	AUTO(hp_stream_free) struct hp_stream *stream = NULL;
	struct printer printer = {args->timestamps, {true, true, true}};
	struct hp_engine *engine = NULL;
	struct hp_logs what;

	if (read_what(args, &what, err) < 0 || hp_cli_engine(use->cli, &engine, err) < 0 ||
	    hp_engine_logs(engine, use->operands[0], &what, &stream, err) < 0)
		return -1;
	return copy(stream, &printer, err);
}

const struct hp_cmd hp_cmd_logs = {
	.name = "logs",
	.summary = "print what a container has written",
	.operands = "CONTAINER",
	.opts = logs_opts,
	.args_size = sizeof(struct logs_args),
	.min_operands = 1,
	.max_operands = 1,
	.kind = HP_OPERAND_CONTAINER,
	.run = logs_run,
};
