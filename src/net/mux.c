/* SPDX-License-Identifier: Apache-2.0 */
/* mux.c - owns the streams of a channel, their credit, and whose turn it is to send.
 *
 * Data goes straight into the channel's queue and is never held anywhere else: a stream that finds
 * the queue full, or others waiting, is told later that it is its turn, and may then send one frame.
 * So streams take turns frame by frame, and what bounds the queue bounds them all. Frames without
 * data need no turn, and there are few: a credit is sent for a quarter of a window at a time. */
#include "net/mux.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "net/link.h"
#include "wire/mux_frame.h"

#define STREAMS_MAX 4096
#define BUCKETS     256
/* No data is added to a queue of so many bytes. What control frames may add to it is a peer's
 * credit for all streams, 16 frames of 12 bytes each, and is generous. */
#define QUEUE_FULL  ((size_t)256 * 1024)
#define QUEUE_MAX   (QUEUE_FULL + (size_t)1024 * 1024)
/* Two frames and more, so that one read brings many. */
#define INPUT_MAX   ((size_t)192 * 1024)
/* Credit is given back when so much has been taken: each stream can always send something. */
#define CREDIT_STEP ((size_t)HP_MUX_WINDOW / 4)

/* What may come once in a stream, behind the data that came before it. */
enum news { NEWS_NONE, NEWS_CAME, NEWS_TOLD };

struct hp_mux_stream {
	struct hp_mux *mux;
	struct hp_mux_stream *next;   /* in its bucket, or among the dead */
	struct hp_mux_stream *behind; /* who has his turn after it */
	uint32_t id;
	const struct hp_mux_events *events;
	void *data;
	bool closed;

	struct hp_buf in; /* what came and was not taken */
	size_t in_at;     /* so many bytes of @in have been taken since */
	size_t in_credit; /* what the peer may still send */
	size_t owed;      /* what was taken, and the peer does not know it yet */
	enum news mark, end;
	size_t before_mark; /* bytes of @in that came before the mark */
	bool delivering;

	size_t out_credit; /* what we may still send */
	bool reset;        /* nobody takes it any more */
	bool ended;        /* by us */
	bool marked;       /* by us */
	bool wants;        /* to be told when there is room */
	bool waits;        /* for its turn */
};

struct hp_mux {
	struct hp_loop *loop;
	struct hp_link link;
	struct hp_mux_stream *buckets[BUCKETS];
	size_t n_streams;
	struct hp_mux_stream *dead;         /* closed, and freed by release() */
	struct hp_mux_stream *first, *last; /* who waits for a turn */
	const struct hp_mux_stream *turn;   /* whose it is */
	size_t turn_left;                   /* bytes that it may still send in it */
	hp_loop_fn on_broken;
	void *data;
	unsigned in_use; /* calls that are at work inside of it */
	bool closed;
};

static void hold(struct hp_mux *m)
{
	m->in_use++;
}

/* What was queued meanwhile is sent, and what was closed meanwhile is freed. */
static void release(struct hp_mux *m)
{
	if (--m->in_use > 0)
		return;
	hp_link__send(&m->link);
	while (m->dead) {
		struct hp_mux_stream *s = m->dead;

		m->dead = s->next;
		free(s);
	}
	if (m->closed)
		free(m);
}

static struct hp_mux_stream **bucket_of(struct hp_mux *m, uint32_t id)
{
	return &m->buckets[id % BUCKETS];
}

static struct hp_mux_stream *find_stream(struct hp_mux *m, uint32_t id)
{
	struct hp_mux_stream *s = *bucket_of(m, id);

	while (s && s->id != id)
		s = s->next;
	return s;
}

/* Queue a frame. */
static void put_frame(struct hp_mux *m, const struct hp_mux_frame *f)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_buf *queue = hp_link__queue(&m->link, HP_MUX_HEADER + f->payload.len);

	/* Only a peer that reads nothing at all, and for long, lets it come to this. */
	if (!queue || hp_mux_frame_put(queue, f, &err) < 0)
		hp_link__break(&m->link);
}

static void put_control(struct hp_mux_stream *s, enum hp_mux_type type, size_t credit)
{
	const struct hp_mux_frame f = {
		.stream = s->id, .type = (uint8_t)type, .credit = (uint32_t)credit};

	put_frame(s->mux, &f);
}

static void wait_for_turn(struct hp_mux_stream *s)
{
	struct hp_mux *m = s->mux;

	if (s->waits || s->out_credit == 0)
		return;
	s->waits = true;
	s->behind = NULL;
	if (m->last)
		m->last->behind = s;
	else
		m->first = s;
	m->last = s;
	hp_link__set_eager(&m->link, true);
}

static void leave_turns(struct hp_mux_stream *s)
{
	struct hp_mux *m = s->mux;
	struct hp_mux_stream *before = NULL;

	s->wants = false;
	if (!s->waits)
		return;
	s->waits = false;
	for (struct hp_mux_stream *at = m->first; at != s; at = at->behind)
		before = at;
	if (before)
		before->behind = s->behind;
	else
		m->first = s->behind;
	if (m->last == s)
		m->last = before;
}

static bool is_up(const struct hp_mux *m)
{
	return m->link.loop && !m->link.broken;
}

/* Tell those who wait that it is their turn, as long as the queue takes what they send. */
static void give_turns(struct hp_mux *m)
{
	while (is_up(m) && m->first && hp_link__queued(&m->link) < QUEUE_FULL) {
		struct hp_mux_stream *s = m->first;

		leave_turns(s);
		m->turn = s;
		m->turn_left = HP_MUX_PAYLOAD;
		if (s->events->on_room)
			s->events->on_room(s->data);
		m->turn = NULL;
	}
	hp_link__set_eager(&m->link, m->first);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many bytes a frame of the stream can have now. */
static size_t frame_room(const struct hp_mux_stream *s)
{
	const struct hp_mux *m = s->mux;

	if (!is_up(m))
		return 0;
	if (m->turn == s)
		return least(m->turn_left, s->out_credit);
	if (m->first || hp_link__queued(&m->link) >= QUEUE_FULL)
		return 0;
	return least(HP_MUX_PAYLOAD, s->out_credit);
}

static void want_room(struct hp_mux_stream *s)
{
	s->wants = true;
	wait_for_turn(s);
}

size_t hp_mux_stream_room(struct hp_mux_stream *s)
{
	const size_t frame = HP_MUX_HEADER + HP_MUX_PAYLOAD;
	size_t room = frame_room(s);

	if (s->reset)
		return HP_MUX_WINDOW;
	if (room == 0)
		want_room(s);
	else if (s->mux->turn != s) /* more than one frame fits */
		room = least(s->out_credit,
			     (QUEUE_FULL - hp_link__queued(&s->mux->link) + frame - 1) / frame *
				     HP_MUX_PAYLOAD);
	return room;
}

size_t hp_mux_stream_write(struct hp_mux_stream *s, struct hp_bytes bytes)
{
	struct hp_mux *m = s->mux;
	struct hp_mux_frame f = {.stream = s->id, .type = HP_MUX_DATA};
	size_t taken = 0;

	assert(!s->ended && !s->closed);
	if (s->reset)
		return bytes.len;
	hold(m);
	while (taken < bytes.len) {
		const size_t len = least(bytes.len - taken, frame_room(s));

		if (len == 0) {
			want_room(s);
			break;
		}
		f.payload = HP_BYTES(bytes.data + taken, len);
		put_frame(m, &f);
		taken += len;
		s->out_credit -= len;
		if (m->turn == s)
			m->turn_left -= len;
	}
	release(m);
	return taken;
}

void hp_mux_stream_mark(struct hp_mux_stream *s)
{
	assert(!s->ended && !s->marked);
	s->marked = true;
	hold(s->mux);
	put_control(s, HP_MUX_MARK, 0);
	release(s->mux);
}

void hp_mux_stream_end(struct hp_mux_stream *s)
{
	assert(!s->ended);
	s->ended = true;
	leave_turns(s);
	hold(s->mux);
	put_control(s, HP_MUX_END, 0);
	release(s->mux);
}

/* Let the peer send as much as was taken, once that is worth a frame. */
static void give_credit(struct hp_mux_stream *s, size_t taken)
{
	s->owed += taken;
	if (s->owed < CREDIT_STEP || s->end != NEWS_NONE)
		return;
	put_control(s, HP_MUX_CREDIT, s->owed);
	s->in_credit += s->owed;
	s->owed = 0;
}

/* Returns: how many bytes were taken. The stream may be closed afterwards. */
static size_t offer(struct hp_mux_stream *s, struct hp_bytes bytes)
{
	size_t taken = bytes.len;

	s->delivering = true;
	if (s->events->on_data)
		taken = s->events->on_data(s->data, bytes);
	s->delivering = false;
	assert(taken <= bytes.len);
	if (!s->closed)
		give_credit(s, taken);
	return taken;
}

static size_t held(const struct hp_mux_stream *s)
{
	return s->in.len - s->in_at;
}

/* Offer what is held. Returns: whether all @len bytes were taken, and the stream is still open. */
static bool offer_held(struct hp_mux_stream *s, size_t len)
{
	const size_t taken = offer(s, HP_BYTES(s->in.data + s->in_at, len));

	if (s->closed)
		return false;
	s->in_at += taken;
	if (s->mark == NEWS_CAME)
		s->before_mark -= taken;
	if (held(s) == 0) {
		s->in_at = 0;
		hp_buf_free(&s->in);
	}
	return taken == len;
}

static void tell(const struct hp_mux_stream *s, void (*fn)(void *data))
{
	if (fn)
		fn(s->data);
}

/* Offer what is held as long as all of it is taken, and tell what stands behind it. */
static void deliver(struct hp_mux_stream *s)
{
	bool going = !s->delivering;

	while (going && !s->closed) {
		const size_t len = s->mark == NEWS_CAME ? s->before_mark : held(s);

		if (len > 0) {
			going = offer_held(s, len);
		} else if (s->mark == NEWS_CAME) {
			s->mark = NEWS_TOLD;
			tell(s, s->events->on_mark);
		} else if (s->end == NEWS_CAME) {
			s->end = NEWS_TOLD;
			tell(s, s->events->on_end);
		} else {
			going = false;
		}
	}
}

void hp_mux_stream_resume(struct hp_mux_stream *s)
{
	struct hp_mux *m = s->mux;

	hold(m);
	deliver(s);
	release(m);
}

/* Keep what the stream's owner did not take. It fits: the peer had credit for it. */
static void keep(struct hp_mux_stream *s, struct hp_bytes bytes)
{
	struct hp_error err = HP_ERROR_INIT;

	if (s->in_at > s->in.len / 2 || bytes.len > s->in.max - s->in.len) {
		hp_buf_drop(&s->in, s->in_at);
		s->in_at = 0;
	}
	if (hp_buf_add(&s->in, bytes.data, bytes.len, &err) < 0)
		hp_link__break(&s->mux->link);
}

/* Returns: whether the peer may have sent it; so for all that follow. */
static bool take_data(struct hp_mux_stream *s, struct hp_bytes bytes)
{
	if (s->end != NEWS_NONE || bytes.len > s->in_credit)
		return false;
	s->in_credit -= bytes.len;
	/* What is held comes first, and waits until its owner takes it. */
	if (held(s) == 0 && bytes.len > 0) {
		const size_t taken = offer(s, bytes);

		bytes = HP_BYTES(bytes.data + taken, bytes.len - taken);
	}
	if (!s->closed && bytes.len > 0)
		keep(s, bytes);
	return true;
}

static bool take_credit(struct hp_mux_stream *s, uint32_t credit)
{
	if (credit > HP_MUX_WINDOW - s->out_credit)
		return false;
	s->out_credit += credit;
	if (s->wants)
		wait_for_turn(s);
	return true;
}

static bool take_mark(struct hp_mux_stream *s)
{
	if (s->mark != NEWS_NONE || s->end != NEWS_NONE)
		return false;
	s->mark = NEWS_CAME;
	s->before_mark = held(s);
	if (held(s) == 0)
		deliver(s);
	return true;
}

static bool take_end(struct hp_mux_stream *s)
{
	if (s->end != NEWS_NONE)
		return false;
	s->end = NEWS_CAME;
	if (held(s) == 0)
		deliver(s);
	return true;
}

static void take_reset(struct hp_mux_stream *s)
{
	if (s->reset)
		return;
	s->reset = true;
	leave_turns(s);
	tell(s, s->events->on_reset);
}

static bool take_frame(struct hp_mux *m, const struct hp_mux_frame *f)
{
	struct hp_mux_stream *s = find_stream(m, f->stream);

	if (!s)
		return true;
	switch ((enum hp_mux_type)f->type) {
	case HP_MUX_DATA:
		return take_data(s, f->payload);
	case HP_MUX_CREDIT:
		return take_credit(s, f->credit);
	case HP_MUX_END:
		return take_end(s);
	case HP_MUX_MARK:
		return take_mark(s);
	case HP_MUX_RESET:
		take_reset(s);
		return true;
	}
	return false;
}

/* Returns: false when the peer has broken the protocol. */
static bool take_input(struct hp_mux *m)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_mux_frame f;
	ssize_t used = 1;

	while (!m->closed && used > 0) {
		used = hp_mux_frame_next(hp_link__input(&m->link), &f, &err);
		if (used < 0)
			return false;
		hp_link__use(&m->link, (size_t)used);
		if (used > 0 && !take_frame(m, &f))
			return false;
	}
	return true;
}

static void break_down(struct hp_mux *m)
{
	hp_link__close(&m->link);
	if (m->on_broken)
		m->on_broken(m->data, 0);
}

static void mux_ready(void *data, uint32_t events)
{
	struct hp_mux *m = data;
	bool good;

	hold(m);
	good = hp_link__receive(&m->link, events);
	good = take_input(m) && good;
	if (good)
		give_turns(m);
	else if (!m->closed)
		break_down(m);
	release(m);
}

int hp_mux_new(struct hp_loop *l, int take_fd, hp_loop_fn on_broken, void *data,
	       struct hp_mux **ret, struct hp_error *err)
{
	static const struct hp_link_limits limits = {.in = INPUT_MAX, .out = QUEUE_MAX};
	struct hp_mux *m = hp_alloc(sizeof(*m));

	if (hp_link__open(&m->link, l, take_fd, &limits, mux_ready, m, err) < 0) {
		free(m);
		return hp_wrap(err, "streams");
	}
	m->loop = l;
	m->on_broken = on_broken;
	m->data = data;
	*ret = m;
	return 0;
}

int hp_mux_stream_open(struct hp_mux *m, uint32_t id, const struct hp_mux_events *events,
		       void *data, struct hp_mux_stream **ret, struct hp_error *err)
{
	struct hp_mux_stream *s;

	if (find_stream(m, id))
		return hp_fail(err, HP_EEXISTS, "stream %u is open already", id);
	if (m->n_streams >= STREAMS_MAX)
		return hp_fail(err, HP_EEXHAUSTED, "open stream %u: %d are open", id,
			       STREAMS_MAX);
	s = hp_alloc(sizeof(*s));
	s->mux = m;
	s->id = id;
	s->events = events;
	s->data = data;
	s->in_credit = HP_MUX_WINDOW;
	s->out_credit = HP_MUX_WINDOW;
	hp_buf_init(&s->in, HP_MUX_WINDOW);
	s->next = *bucket_of(m, id);
	*bucket_of(m, id) = s;
	m->n_streams++;
	*ret = s;
	return 0;
}

/* Take the stream out of everything. The mux is held. */
static void bury(struct hp_mux_stream *s)
{
	struct hp_mux *m = s->mux;
	struct hp_mux_stream **at = bucket_of(m, s->id);

	leave_turns(s);
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	m->n_streams--;
	s->closed = true;
	hp_buf_free(&s->in);
	s->next = m->dead;
	m->dead = s;
}

void hp_mux_stream_close(struct hp_mux_stream *s)
{
	struct hp_mux *m;

	if (!s)
		return;
	m = s->mux;
	hold(m);
	if (!s->ended)
		put_control(s, HP_MUX_END, 0);
	if (s->end == NEWS_NONE)
		put_control(s, HP_MUX_RESET, 0);
	bury(s);
	release(m);
}

void hp_mux_free(struct hp_mux *m)
{
	if (!m)
		return;
	hold(m);
	for (size_t i = 0; i < BUCKETS; i++)
		while (m->buckets[i])
			bury(m->buckets[i]);
	hp_link__close(&m->link);
	m->closed = true;
	release(m);
}
