/* SPDX-License-Identifier: Apache-2.0 */
/* pull_show.c - a line a layer, redrawn on a terminal as the bytes arrive. */
#include "cmd/pull_show.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cmd/out.h"
#include "cmd/stopping.h"

enum { DRAW_EVERY_MS = 100, BAR_WIDTH = 30, LINES_MAX = 256, WIDTH_MIN = 76 };

struct line {
	char *digest;
	enum hp_pull_state state;
	bool seen;
	uint64_t done, total;
};

struct show {
	bool terminal;
	struct line *lines;
	unsigned count;
	unsigned drawn; /* lines on the screen */
	int64_t drawn_ms;
};

static const char *state_word(enum hp_pull_state state)
{
	switch (state) {
	case HP_PULL_PRESENT:
		return "already here";
	case HP_PULL_FETCHING:
		return "fetching";
	case HP_PULL_FETCHED:
		return "fetched";
	case HP_PULL_UNPACKING:
		return "unpacking";
	case HP_PULL_UNPACKED:
	default:
		return "unpacked";
	}
}

static void draw_line(const struct line *line)
{
	const unsigned full =
		line->total ? (unsigned)(line->done * BAR_WIDTH / line->total) : BAR_WIDTH;
	AUTO_FREE char *id = hp_out_short_id(line->digest);
	AUTO_FREE char *so_far = hp_out_size((int64_t)line->done);
	AUTO_FREE char *all = hp_out_size((int64_t)line->total);

	fprintf(stderr, "%s: %-12s [", id, line->seen ? state_word(line->state) : "waiting");
	for (unsigned i = 0; i < BAR_WIDTH; i++)
		fputc(i < full ? '=' : ' ', stderr);
	fprintf(stderr, "] %s/%s\033[K\n", so_far, all);
}

/* From: ECMA-48: CUU moves up, EL clears to the end of the line. No more lines than the screen
 * has: what is scrolled away cannot be drawn again. */
static void draw(struct show *s)
{
	struct winsize size = {0};
	unsigned rows = 24;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1)
		rows = size.ws_row;
	/* A line that wraps would be two. */
	if (size.ws_col > 0 && size.ws_col < WIDTH_MIN)
		return;
	if (s->drawn)
		fprintf(stderr, "\033[%uA", s->drawn);
	s->drawn = 0;
	for (unsigned i = 0; i < s->count && s->drawn + 1 < rows; i++) {
		if (!s->lines[i].digest)
			continue;
		draw_line(&s->lines[i]);
		s->drawn++;
	}
	fflush(stderr);
	s->drawn_ms = hp_clock_ms();
}

static void print_change(const struct line *line)
{
	AUTO_FREE char *id = hp_out_short_id(line->digest);
	AUTO_FREE char *all = hp_out_size((int64_t)line->total);

	fprintf(stderr, "%s: %s (%s)\n", id, state_word(line->state), all);
}

static void take_step(void *arg, const struct hp_pull_step *step)
{
	struct show *s = arg;

	if (!s->lines) {
		s->count = step->layers < LINES_MAX ? step->layers : LINES_MAX;
		s->lines = hp_alloc_array(s->count, sizeof(*s->lines));
	}
	if (step->layer >= s->count)
		return;
	struct line *line = &s->lines[step->layer];
	const bool changed = !line->seen || line->state != step->state;
	if (!line->digest)
		line->digest = hp_strdup(step->digest);
	line->seen = true;
	line->state = step->state;
	line->done = step->done;
	line->total = step->total;
	if (!s->terminal && changed)
		print_change(line);
	else if (s->terminal && (changed || hp_clock_ms() - s->drawn_ms >= DRAW_EVERY_MS))
		draw(s);
}

int hp_pull_show(struct hp_engine *engine, struct hp_pull *what, bool quiet,
		 struct hp_pulled *ret_pulled, struct hp_error *err)
{
	struct show show = {.terminal = isatty(STDERR_FILENO) != 0};

	if (!quiet) {
		what->progress = take_step;
		what->progress_arg = &show;
	}
	hp_stopping_block();
	what->stop = hp_stopping_asked;
	const int rc = hp_engine_pull(engine, what, ret_pulled, err);
	for (unsigned i = 0; i < show.count; i++)
		free(show.lines[i].digest);
	free(show.lines);
	return rc;
}
