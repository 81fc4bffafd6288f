/* SPDX-License-Identifier: Apache-2.0 */
/* lines.c - what docker tells over time: an answer of one JSON object after the other. */
#include "engine/docker/docker.h"

#include <poll.h>
#include <string.h>

#include "base/fd.h"

/* The longest object that is taken; ours. */
#define LINE_MAX_BYTES (1U << 20)

void hp_docker__lines_begin(struct hp_docker_lines *l, struct hp_exchange *take_exchange)
{
	*l = (struct hp_docker_lines){.exchange = take_exchange};
	hp_buf_init(&l->text, LINE_MAX_BYTES + (128U << 10));
}

void hp_docker__lines_clear(struct hp_docker_lines *l)
{
	hp_exchange_free(l->exchange);
	hp_buf_free(&l->text);
	l->exchange = NULL;
}

/* Take the first whole line. Returns: HP_NEXT_ITEM, HP_NEXT_WAIT when there is none, -1. */
static int take_line(struct hp_docker_lines *l, struct hp_json **ret, struct hp_error *err)
{
	for (;;) {
		const uint8_t *end = l->text.len > l->looked
					     ? memchr(l->text.data + l->looked, '\n',
						      l->text.len - l->looked)
					     : NULL;
		if (!end) {
			l->looked = l->text.len;
			if (l->text.len > LINE_MAX_BYTES)
				return hp_fail(err, HP_EPROTO,
					       "a line of the answer is over %u "
					       "bytes long",
					       LINE_MAX_BYTES);
			return HP_NEXT_WAIT;
		}
		const size_t len = (size_t)(end - l->text.data);
		struct hp_json *value = NULL;
		const bool empty = len == 0 || (len == 1 && l->text.data[0] == '\r');
		const int rc =
			empty ? 0 : hp_json_parse(HP_BYTES(l->text.data, len), &value, err);
		hp_buf_drop(&l->text, len + 1);
		l->looked = 0;
		if (rc < 0)
			return hp_wrap(err, "a line of the answer");
		if (!value)
			continue;
		*ret = value;
		return HP_NEXT_ITEM;
	}
}

int hp_docker__lines_next(struct hp_docker_lines *l, struct hp_json **ret, struct hp_error *err)
{
	for (;;) {
		struct hp_bytes piece;
		const int taken = take_line(l, ret, err);
		if (taken != HP_NEXT_WAIT)
			return taken;
		const int found = hp_exchange_next(l->exchange, &piece, err);
		if (found != HP_NEXT_ITEM)
			return found;
		if (hp_buf_add(&l->text, piece.data, piece.len, err) < 0)
			return -1;
	}
}

int hp_docker__lines_wait(struct hp_docker_lines *l, int64_t timeout_ms, struct hp_json **ret,
			  struct hp_error *err)
{
	const int64_t deadline = hp_clock_ms() + timeout_ms;

	for (;;) {
		const int found = hp_docker__lines_next(l, ret, err);
		const int64_t left = deadline - hp_clock_ms();
		if (found != HP_NEXT_WAIT || left <= 0)
			return found;
		if (hp_fd_poll(hp_exchange_conn(l->exchange)->fd, POLLIN, left, err) < 0)
			return -1;
	}
}
