/* SPDX-License-Identifier: Apache-2.0 */
/* fake_process.c - what processes of the fake engine do when time passes and signals come. */
#include "engine/fake_process.h"

#include <signal.h>
#include <sys/timerfd.h>

#include "base/alloc.h"
#include "base/clock.h"

/* Steps at one go; a loop that never rests is looked at again after the pause. */
#define MAX_STEPS    10000
#define BUSY_WAIT_NS 10000000

/* What a process may write in its life, and what may wait in its stdin as in a pipe. */
#define MAX_OUTPUT_BYTES (256u << 20)
#define MAX_INPUT_BYTES  65536u

/* Longest piece of a line, as log drivers cut them. */
#define MAX_PIECE_BYTES 16384u

#define SIGNAL_BIT(number) ((uint64_t)1 << ((number)-1))

void hp_fake__bell_open(struct hp_fake_bell *bell, void (*tune)(struct hp_fake_bell *bell))
{
	bell->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	bell->tune = tune;
	bell->next = NULL;
}

void hp_fake__bell_close(struct hp_fake_bell *bell)
{
	if (bell->fd >= 0)
		close(TAKE_FD(bell->fd));
}

void hp_fake__bell_set(const struct hp_fake_bell *bell, int64_t when)
{
	const struct itimerspec spec = {
		.it_value = {.tv_sec = when / 1000000000, .tv_nsec = when % 1000000000},
	};

	/* Setting it also takes back that it had rung. */
	timerfd_settime(bell->fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

struct hp_fake_output *hp_fake__output_new(void)
{
	struct hp_fake_output *o = hp_alloc(sizeof(*o));

	o->refs = 1;
	return o;
}

struct hp_fake_output *hp_fake__output_ref(struct hp_fake_output *o)
{
	o->refs++;
	return o;
}

void hp_fake__output_unref(struct hp_fake_output *o)
{
	if (--o->refs)
		return;
	for (size_t i = 0; i < o->count; i++)
		free(o->pieces[i].data);
	free(o->pieces);
	free(o);
}

static void add_piece(struct hp_fake_output *o, enum hp_channel channel, const char *data,
		      size_t len)
{
	if ((o->count & (o->count - 1)) == 0)
		o->pieces = hp_realloc_array(o->pieces, o->count ? o->count * 2 : 1,
					     sizeof(*o->pieces));
	o->pieces[o->count++] = (struct hp_fake_piece){
		.channel = channel,
		.time_ns = hp_clock_unix_ns(),
		.data = hp_memdup(data, len),
		.len = len,
	};
	o->bytes += len;
}

/* A terminal has one output, and its lines end in "\r\n". From: termios(3), ONLCR. */
static void write_tty(struct hp_fake_process *p, const char *data, size_t len)
{
	bool newline = data[len - 1] == '\n';

	if (newline && len > 1)
		add_piece(p->output, HP_CHANNEL_STDOUT, data, len - 1);
	else if (!newline)
		add_piece(p->output, HP_CHANNEL_STDOUT, data, len);
	if (newline)
		add_piece(p->output, HP_CHANNEL_STDOUT, "\r\n", 2);
}

/* Returns: false when nothing more can be written, as on a full disk. */
static bool write_output(struct hp_fake_process *p, enum hp_channel channel, const char *data,
			 size_t len)
{
	if (p->output->bytes + len > MAX_OUTPUT_BYTES)
		return false;
	while (len) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline ? (size_t)(newline - data) + 1 : len;
		if (n > MAX_PIECE_BYTES)
			n = MAX_PIECE_BYTES;
		if (p->tty)
			write_tty(p, data, n);
		else
			add_piece(p->output, channel, data, n);
		data += n;
		len -= n;
	}
	return true;
}

int hp_fake__process_new(const struct hp_fake_start *how, struct hp_fake_process **ret,
			 struct hp_error *err)
{
	AUTO(hp_fake__script_clear) struct hp_fake_script script = {0};
	AUTO(hp_strv_free) struct hp_strv env = {0};

	for (size_t i = 0; how->env && how->env[i]; i++)
		hp_strv_add(&env, how->env[i]);
	for (size_t i = 0; how->more_env && how->more_env[i]; i++)
		hp_strv_add(&env, how->more_env[i]);
	if (hp_fake__script_make(how->argv, hp_strv_view(&env), &script, err) < 0)
		return -1;
	struct hp_fake_process *p = hp_alloc(sizeof(*p));
	p->refs = 1;
	p->script = script;
	script = (struct hp_fake_script){0};
	p->env = env;
	env = (struct hp_strv){0};
	p->output = hp_fake__output_ref(how->output);
	hp_buf_init(&p->input, MAX_INPUT_BYTES);
	p->input_open = how->stdin_open;
	p->input_ended = !how->stdin_open;
	p->tty = how->tty;
	p->init = how->init;
	p->pid = how->pid;
	p->on_end = how->on_end;
	p->owner = how->owner;
	*ret = p;
	return 0;
}

struct hp_fake_process *hp_fake__process_ref(struct hp_fake_process *p)
{
	p->refs++;
	return p;
}

void hp_fake__process_unref(struct hp_fake_process *p)
{
	if (!p || --p->refs)
		return;
	hp_fake__script_clear(&p->script);
	hp_fake__output_unref(p->output);
	hp_buf_free(&p->input);
	hp_strv_free(&p->env);
	for (size_t i = 0; i < HP_ARRAY_LEN(p->traps); i++)
		free(p->traps[i].body);
	free(p);
}

static void end_process(struct hp_fake_process *p, int code)
{
	p->ended = true;
	p->wake_ns = 0;
	p->exit = (struct hp_exit){.code = code, .exited_ns = hp_clock_unix_ns()};
	p->output_end = p->output->count;
	if (p->owner)
		p->on_end(p->owner, p);
}

static void set_trap(struct hp_fake_process *p, const struct hp_fake_step *step)
{
	for (int number = 1; number <= 64; number++) {
		if (!(step->signals & SIGNAL_BIT(number)))
			continue;
		free(p->traps[number].body);
		p->traps[number].body = hp_strdup(step->text);
	}
}

/* cat, as far as it gets. Returns: false while it waits for more. */
static bool do_cat(struct hp_fake_process *p)
{
	if (p->input.len) {
		struct hp_bytes bytes = hp_buf_bytes(&p->input);
		bool fits =
			write_output(p, HP_CHANNEL_STDOUT, (const char *)bytes.data, bytes.len);
		hp_buf_drop(&p->input, bytes.len);
		p->status = fits ? 0 : 1;
		if (!fits) {
			p->at++;
			return true;
		}
	}
	if (!p->input_ended)
		return false;
	p->status = 0;
	p->at++;
	return true;
}

static bool do_sleep(struct hp_fake_process *p, int64_t ns)
{
	int64_t now = hp_clock_ns();

	if (!p->wake_ns)
		p->wake_ns = now + ns;
	if (now < p->wake_ns)
		return false;
	p->wake_ns = 0;
	p->status = 0;
	p->at++;
	return true;
}

/* Do the next step. Returns: false when it has to wait. */
static bool do_step(struct hp_fake_process *p)
{
	const struct hp_fake_step *step = &p->script.steps[p->at];

	switch (step->verb) {
	case HP_FAKE_CAT:
		return do_cat(p);
	case HP_FAKE_SLEEP:
		return do_sleep(p, step->ns);
	case HP_FAKE_EXIT:
		end_process(p, step->number < 0 ? p->status : step->number);
		return true;
	case HP_FAKE_GO:
		p->at = (size_t)step->number;
		return true;
	case HP_FAKE_SAY:
		write_output(p, (enum hp_channel)step->number, step->text, strlen(step->text));
		break;
	case HP_FAKE_TRAP:
		set_trap(p, step);
		break;
	case HP_FAKE_STATUS:
		p->status = step->number;
		break;
	}
	p->at++;
	return true;
}

/* Do what a trap says. What would wait is passed over: traps here write and exit. */
static void run_trap(struct hp_fake_process *p, const char *body)
{
	AUTO(hp_fake__script_clear) struct hp_fake_script script = {0};
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_fake__script_parse(body, hp_strv_view(&p->env), &script, &ignored) < 0)
		return;
	for (size_t i = 0; i < script.count && !p->ended; i++) {
		const struct hp_fake_step *step = &script.steps[i];
		if (step->verb == HP_FAKE_SAY)
			write_output(p, (enum hp_channel)step->number, step->text,
				     strlen(step->text));
		else if (step->verb == HP_FAKE_EXIT)
			end_process(p, step->number < 0 ? p->status : step->number);
	}
}

/* Signals that do nothing, or only stop, what has no trap for them; nothing stops here.
 * From: signal(7), "Signal dispositions". */
static bool harmless(int number)
{
	static const int numbers[] = {SIGCHLD, SIGCONT, SIGURG,  SIGWINCH,
				      SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};

	for (size_t i = 0; i < HP_ARRAY_LEN(numbers); i++)
		if (numbers[i] == number)
			return true;
	return false;
}

/* A shell runs a trap when the program that it waits for has ended; the rest happens at once. */
static void take_signal(struct hp_fake_process *p, int number, bool between_steps)
{
	const char *body = number == SIGKILL ? NULL : p->traps[number].body;

	if (body && *body && !between_steps)
		return;
	p->pending &= ~SIGNAL_BIT(number);
	if (body && *body)
		run_trap(p, body);
	else if (number == SIGKILL || (!body && !p->init && !harmless(number)))
		end_process(p, 128 + number);
}

static void take_signals(struct hp_fake_process *p)
{
	bool between_steps = !p->wake_ns && (p->at >= p->script.count ||
					     p->script.steps[p->at].verb != HP_FAKE_CAT);

	for (int number = 1; number <= 64 && !p->ended; number++)
		if (p->pending & SIGNAL_BIT(number))
			take_signal(p, number, between_steps);
}

static void tune_bells(const struct hp_fake_process *p)
{
	for (struct hp_fake_bell *bell = p->bells; bell; bell = bell->next)
		bell->tune(bell);
}

void hp_fake__process_run(struct hp_fake_process *p)
{
	bool going = true;
	int steps = 0;

	/* Whoever is told of its end may let go of it. */
	hp_fake__process_ref(p);
	while (going && !p->ended && !p->frozen && steps++ < MAX_STEPS) {
		take_signals(p);
		if (p->ended)
			break;
		if (p->at >= p->script.count)
			end_process(p, p->status);
		else
			going = do_step(p);
	}
	p->busy_ns = steps > MAX_STEPS ? hp_clock_ns() + BUSY_WAIT_NS : 0;
	tune_bells(p);
	hp_fake__process_unref(p);
}

void hp_fake__process_signal(struct hp_fake_process *p, int number)
{
	if (p->ended)
		return;
	p->pending |= SIGNAL_BIT(number);
	hp_fake__process_run(p);
}

void hp_fake__process_freeze(struct hp_fake_process *p, bool frozen)
{
	p->frozen = frozen;
	hp_fake__process_run(p);
}

void hp_fake__process_disown(struct hp_fake_process *p)
{
	p->owner = NULL;
	p->frozen = false;
	hp_fake__process_signal(p, SIGKILL);
}

int64_t hp_fake__process_wake(const struct hp_fake_process *p)
{
	if (p->ended || p->frozen)
		return HP_FAKE_NEVER;
	return p->wake_ns ? p->wake_ns : p->busy_ns;
}

bool hp_fake__process_await(struct hp_fake_process *p, int64_t deadline)
{
	for (;;) {
		hp_fake__process_run(p);
		int64_t left = deadline - hp_clock_ms();
		if (p->ended || left <= 0)
			return p->ended;
		int64_t wake = hp_fake__process_wake(p);
		int64_t sleeps = wake ? (wake - hp_clock_ns()) / 1000000 + 1 : left;
		hp_clock_sleep_ms(sleeps > left ? left : sleeps > 0 ? sleeps : 1);
	}
}

void hp_fake__process_listen(struct hp_fake_process *p, struct hp_fake_bell *bell)
{
	bell->next = p->bells;
	p->bells = bell;
	bell->tune(bell);
}

void hp_fake__process_unlisten(struct hp_fake_process *p, struct hp_fake_bell *bell)
{
	for (struct hp_fake_bell **at = &p->bells; *at; at = &(*at)->next) {
		if (*at == bell) {
			*at = bell->next;
			return;
		}
	}
}
