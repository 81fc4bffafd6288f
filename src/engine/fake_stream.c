/* SPDX-License-Identifier: Apache-2.0 */
/* fake_stream.c - streams and waiters on processes of the fake engine. */
#include <sys/eventfd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/fake_process.h"

/* What makes an eventfd full, so that it is not writable. From: eventfd(2). */
#define EVENTFD_FULL 0xfffffffffffffffeull

/* A cursor over output. process: who may write more, NULL for a log that is finished. */
struct fake_stream {
	struct hp_stream base;
	struct hp_fake_bell bell;
	struct hp_fake_process *process;
	struct hp_fake_output *output;
	size_t at;
	bool is_log;
	bool ended;
	struct hp_logs what;
	int stdin_fd; /* writable while stdin takes something */
	bool stdin_full;
};

static struct fake_stream *fake_stream_of(const struct hp_stream *s)
{
	return container_of(s, struct fake_stream, base);
}

static int stream_fd(const struct hp_stream *s)
{
	return fake_stream_of(s)->bell.fd;
}

/* Whether @process may add to what this stream shows. */
static bool goes_on(const struct fake_stream *f)
{
	return f->process && !f->process->ended && (!f->is_log || f->what.follow);
}

/* Output that came after the process' end belongs to a later run. */
static size_t output_end(const struct fake_stream *f)
{
	if (f->process && f->process->ended && (!f->is_log || f->what.follow))
		return f->process->output_end;
	return f->output->count;
}

static bool input_full(const struct hp_fake_process *p)
{
	return p->input.len >= p->input.max;
}

static void tune_stream(struct hp_fake_bell *bell)
{
	struct fake_stream *f = container_of(bell, struct fake_stream, bell);
	eventfd_t value = EVENTFD_FULL;

	if (f->ended || f->at < output_end(f) || !goes_on(f))
		hp_fake__bell_set(bell, HP_FAKE_NOW);
	else
		hp_fake__bell_set(bell, hp_fake__process_wake(f->process));
	if (f->stdin_fd < 0 || f->stdin_full == input_full(f->process))
		return;
	f->stdin_full = !f->stdin_full;
	if (f->stdin_full)
		eventfd_write(f->stdin_fd, value);
	else
		eventfd_read(f->stdin_fd, &value);
}

/* The next piece that is wanted. Returns: enum hp_next, HP_NEXT_WAIT when there is none now. */
static int find_piece(struct fake_stream *f, struct hp_chunk *ret)
{
	size_t end = output_end(f);

	while (f->at < end) {
		const struct hp_fake_piece *piece = &f->output->pieces[f->at++];
		if (f->what.since_ns && piece->time_ns < f->what.since_ns)
			continue;
		if (f->what.until_ns && piece->time_ns > f->what.until_ns)
			return HP_NEXT_END;
		*ret = (struct hp_chunk){
			.channel = piece->channel,
			.time_ns = f->is_log ? piece->time_ns : 0,
			.data = piece->data,
			.len = piece->len,
		};
		return HP_NEXT_ITEM;
	}
	return goes_on(f) ? HP_NEXT_WAIT : HP_NEXT_END;
}

static int stream_next(struct hp_stream *s, struct hp_chunk *ret, struct hp_error *err)
{
	struct fake_stream *f = fake_stream_of(s);

	if (f->bell.fd < 0)
		return hp_fail(err, HP_EEXHAUSTED, "no descriptor is left for a stream");
	if (f->ended)
		return HP_NEXT_END;
	if (f->process)
		hp_fake__process_run(f->process);
	int found = find_piece(f, ret);
	f->ended = found == HP_NEXT_END;
	tune_stream(&f->bell);
	return found;
}

static int stream_stdin_fd(const struct hp_stream *s)
{
	return fake_stream_of(s)->stdin_fd;
}

static ssize_t stream_write(struct hp_stream *s, const void *data, size_t len,
			    struct hp_error *err)
{
	struct fake_stream *f = fake_stream_of(s);

	if (f->stdin_fd < 0)
		return hp_fail(err, HP_ESTATE, "stdin is closed or was never open");
	hp_fake__process_run(f->process);
	if (f->process->ended || f->process->input_ended)
		return hp_fail(err, HP_EIO, "the process has closed its stdin");
	size_t room = f->process->input.max - f->process->input.len;
	size_t n = len < room ? len : room;
	if (hp_buf_add(&f->process->input, data, n, err) < 0)
		return -1;
	hp_fake__process_run(f->process);
	return (ssize_t)n;
}

static int stream_close_stdin(struct hp_stream *s, struct hp_error *err)
{
	struct fake_stream *f = fake_stream_of(s);

	(void)err;
	if (f->stdin_fd < 0)
		return 0;
	close(TAKE_FD(f->stdin_fd));
	f->process->input_ended = true;
	hp_fake__process_run(f->process);
	return 0;
}

static void stream_free(struct hp_stream *s)
{
	struct fake_stream *f = fake_stream_of(s);

	if (f->process)
		hp_fake__process_unlisten(f->process, &f->bell);
	hp_fake__bell_close(&f->bell);
	if (f->stdin_fd >= 0)
		close(f->stdin_fd);
	hp_fake__process_unref(f->process);
	hp_fake__output_unref(f->output);
	free(f);
}

static const struct hp_stream_ops stream_ops = {
	.fd = stream_fd,
	.next = stream_next,
	.stdin_fd = stream_stdin_fd,
	.write = stream_write,
	.close_stdin = stream_close_stdin,
	.free = stream_free,
};

static struct fake_stream *stream_new(struct hp_fake_output *output, struct hp_fake_process *p)
{
	struct fake_stream *f = hp_alloc(sizeof(*f));

	f->base.ops = &stream_ops;
	f->output = hp_fake__output_ref(output);
	f->process = p ? hp_fake__process_ref(p) : NULL;
	f->stdin_fd = -1;
	hp_fake__bell_open(&f->bell, tune_stream);
	return f;
}

struct hp_stream *hp_fake__stream_live(struct hp_fake_process *p, size_t from)
{
	struct fake_stream *f = stream_new(p->output, p);

	f->at = from;
	if (p->input_open && !p->input_ended)
		f->stdin_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	hp_fake__process_listen(p, &f->bell);
	return &f->base;
}

/* The piece with which the last @lines lines begin: see hp_log_tail__find(). */
static size_t find_tail(const struct hp_fake_output *o, uint64_t lines)
{
	size_t at = o->count;
	uint64_t counted = 0;

	while (lines && at > 0) {
		const struct hp_fake_piece *piece = &o->pieces[at - 1];
		bool finished = piece->data[piece->len - 1] == '\n';
		if (finished && counted == lines)
			break;
		if (finished || at == o->count)
			counted++;
		at--;
	}
	return at;
}

struct hp_stream *hp_fake__stream_log(struct hp_fake_output *output, struct hp_fake_process *p,
				      const struct hp_logs *what)
{
	struct fake_stream *f = stream_new(output, p);

	f->is_log = true;
	f->what = *what;
	f->at = what->has_tail ? find_tail(output, what->tail) : 0;
	if (p)
		hp_fake__process_listen(p, &f->bell);
	else
		tune_stream(&f->bell);
	return &f->base;
}

struct fake_waiter {
	struct hp_waiter base;
	struct hp_fake_bell bell;
	struct hp_fake_process *process;
};

static void tune_waiter(struct hp_fake_bell *bell)
{
	const struct fake_waiter *w = container_of(bell, struct fake_waiter, bell);

	hp_fake__bell_set(bell,
			  w->process->ended ? HP_FAKE_NOW : hp_fake__process_wake(w->process));
}

static int waiter_fd(const struct hp_waiter *w)
{
	return container_of(w, struct fake_waiter, base)->bell.fd;
}

static int waiter_next(struct hp_waiter *base, struct hp_exit *ret, struct hp_error *err)
{
	struct fake_waiter *w = container_of(base, struct fake_waiter, base);

	if (w->bell.fd < 0)
		return hp_fail(err, HP_EEXHAUSTED, "no descriptor is left for a wait");
	hp_fake__process_run(w->process);
	if (!w->process->ended)
		return HP_NEXT_WAIT;
	*ret = w->process->exit;
	return HP_NEXT_ITEM;
}

static void waiter_free(struct hp_waiter *base)
{
	struct fake_waiter *w = container_of(base, struct fake_waiter, base);

	hp_fake__process_unlisten(w->process, &w->bell);
	hp_fake__bell_close(&w->bell);
	hp_fake__process_unref(w->process);
	free(w);
}

static const struct hp_waiter_ops waiter_ops = {
	.fd = waiter_fd,
	.next = waiter_next,
	.free = waiter_free,
};

struct hp_waiter *hp_fake__waiter_new(struct hp_fake_process *p)
{
	struct fake_waiter *w = hp_alloc(sizeof(*w));

	w->base.ops = &waiter_ops;
	w->process = hp_fake__process_ref(p);
	hp_fake__bell_open(&w->bell, tune_waiter);
	hp_fake__process_listen(p, &w->bell);
	return &w->base;
}
