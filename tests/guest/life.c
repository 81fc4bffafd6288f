/* SPDX-License-Identifier: Apache-2.0 */
/* life.c - from Hello to the end of a container. */
#include <signal.h>
#include <unistd.h>

#include "suite.h"

static void says_hello(void **state)
{
	Hp__Guest__HelloRequest request = HP__GUEST__HELLO_REQUEST__INIT;
	struct hp_error err = HP_ERROR_INIT;
	Hp__Guest__HelloResponse *r;

	request.version = 1;
	r = world_call(*state, "Hello", &request.base, &hp__guest__hello_response__descriptor,
		       &err);
	assert_non_null(r);
	assert_int_equal(r->version, 1);
	assert_true(*r->kernel);
	assert_true(r->uptime_ms > 0);
	hp__guest__hello_response__free_unpacked(r, NULL);
}

static void refuses_unknown_methods(void **state)
{
	Hp__Guest__HelloRequest request = HP__GUEST__HELLO_REQUEST__INIT;
	struct hp_error err = HP_ERROR_INIT;

	assert_null(world_call(*state, "Explode", &request.base,
			       &hp__guest__hello_response__descriptor, &err));
	assert_int_equal(err.code, HP_EUNSUPPORTED);
}

static void runs(void **state)
{
	struct world *w = *state;
	AUTO_FREE char *out = NULL;
	AUTO_FREE char *err = NULL;
	struct box b;

	box_init(&b, "echo $$ $HOME $(hostname) $PWD; echo oops >&2; exit 42");
	box_run(w, &b);
	assert_int_equal(world_exit(w, 0), 42);
	out = world_output(w, 0, 1);
	err = world_output(w, 0, 2);
	assert_string_equal(out, "1 /root boxed /\n");
	assert_string_equal(err, "oops\n");
}

static void rehearse(struct world *w, struct box *b)
{
	struct hp_error err = HP_ERROR_INIT;
	Hp__Guest__CreateResponse *r;

	b->container.rehearsal = true;
	b->container.rootfs = (char *)"";
	b->process.stdin = b->process.stdout = b->process.stderr = false;
	r = world_call(w, "Create", &b->request.base, &hp__guest__create_response__descriptor,
		       &err);
	assert_non_null(r);
	hp__guest__create_response__free_unpacked(r, NULL);
	box_start(w);
}

/* What is rehearsed has the machine's own root, and leaves the machine to the container that comes. */
static void rehearses(void **state)
{
	struct world *w = *state;
	AUTO_FREE char *out = NULL;
	struct box b;

	for (int i = 0; i < 2; i++) {
		box_init(&b, "[ $$ = 1 ] && exit 7");
		rehearse(w, &b);
		assert_int_equal(world_exit(w, 0), 7);
		w->exited[0] = false;
	}
	box_init(&b, "echo real");
	box_run(w, &b);
	assert_int_equal(world_exit(w, 0), 0);
	out = world_output(w, 0, 1);
	assert_string_equal(out, "real\n");
	box_refused(w, "Create", &b.request.base, HP_ESTATE, "*has a container already*");
}

static void waits_for_start(void **state)
{
	struct world *w = *state;
	struct box b;

	box_init(&b, "echo late");
	box_create(w, &b);
	assert_int_equal(w->streams[1].got.len, 0);
	box_start(w);
	assert_int_equal(world_exit(w, 0), 0);
}

static void holds_one_container(void **state)
{
	struct world *w = *state;
	Hp__Guest__StartRequest start = HP__GUEST__START_REQUEST__INIT;
	struct box b;

	box_init(&b, "exec cat");
	box_refused(w, "Start", &start.base, HP_ESTATE, "there is no container to be started");
	box_run(w, &b);
	box_refused(w, "Create", &b.request.base, HP_ESTATE,
		    "this machine has a container already");
	box_refused(w, "Start", &start.base, HP_ESTATE, "there is no container to be started");
	box_signal(w, 0, SIGKILL, false);
	assert_int_equal(world_exit(w, 0), 137);
	box_refused(w, "Create", &b.request.base, HP_ESTATE,
		    "this machine has a container already");
}

/* Docker's exit statuses 126 and 127 come from these words. */
static void refuses_what_cannot_run(void **state)
{
	static const struct {
		const char *program;
		enum hp_code code;
		const char *words;
	} rows[] = {
		{"nope", HP_ENOTFOUND, "exec: \"nope\": executable file not found in $PATH"},
		{"/nope", HP_ENOTFOUND, "exec: \"/nope\": no such file or directory"},
		{"/etc/passwd", HP_EDENIED, "exec: \"/etc/passwd\": permission denied"},
		{"/etc", HP_EDENIED, "exec: \"/etc\": is a directory"},
	};
	struct world *w = *state;
	struct box b;

	box_init(&b, "");
	b.process.n_args = 1;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		b.args[0] = (char *)rows[i].program;
		box_refused(w, "Create", &b.request.base, rows[i].code, rows[i].words);
	}
	/* None of these was a container. */
	b.args[0] = (char *)"true";
	box_run(w, &b);
	assert_int_equal(world_exit(w, 0), 0);
}

static void tells_why_it_did_not_start(void **state)
{
	struct world *w = *state;
	AUTO_FREE char *path = hp_sprintf("%s/shares/rootfs/bin/broken", w->dir);
	Hp__Guest__StartRequest start = HP__GUEST__START_REQUEST__INIT;
	Hp__Guest__SignalRequest signal = HP__GUEST__SIGNAL_REQUEST__INIT;
	struct hp_error err = HP_ERROR_INIT;
	struct box b;

	assert_int_equal(hp_file_write(path, "#!/nope\n", 8, 0755, &err), 0);
	box_init(&b, "");
	b.process.n_args = 1;
	b.args[0] = (char *)"broken";
	box_create(w, &b);
	box_refused(w, "Start", &start.base, HP_ENOTFOUND,
		    "exec /bin/broken: no such file or directory");
	signal.signal = SIGKILL;
	box_refused(w, "Signal", &signal.base, HP_ENOTFOUND, "process already finished");
}

static void is_killed_before_start(void **state)
{
	struct world *w = *state;
	struct box b;

	box_init(&b, "exit 3");
	box_create(w, &b);
	box_signal(w, 0, SIGTERM, false);
	assert_int_equal(world_exit(w, 0), 137);
}

static void tells_status_and_signal(void **state)
{
	struct world *w = *state;
	Hp__Guest__Process p;
	char *args[4];
	char script[32];
	struct box b;

	box_init(&b, "trap 'exit 77' USR1; echo up; while :; do sleep 0.01; done");
	box_run(w, &b);
	world_expect(w, 1, "up\n");
	for (uint32_t i = 1; i < 7; i++) {
		static const int signals[] = {SIGTERM, SIGKILL, SIGHUP,
					      SIGSEGV, SIGUSR2, SIGABRT};

		snprintf(script, sizeof(script), "kill -%d $$; sleep 30", signals[i - 1]);
		box_process(&b, script, &p, args);
		box_exec(w, i, &p);
		assert_int_equal(world_exit(w, i), 128 + signals[i - 1]);
	}
	box_signal(w, 0, SIGUSR1, false);
	assert_int_equal(world_exit(w, 0), 77);
}

/* The host is the only one who wants it. */
static void ends_with_the_host(void **state)
{
	struct world *w = *state;
	struct box b;

	box_init(&b, "while :; do sleep 0.01; done");
	box_run(w, &b);
}

static void measures(void **state)
{
	struct world *w = *state;
	Hp__Guest__StatsRequest request = HP__GUEST__STATS_REQUEST__INIT;
	struct hp_error err = HP_ERROR_INIT;
	Hp__Guest__StatsResponse *r = world_call(w, "Stats", &request.base,
						 &hp__guest__stats_response__descriptor, &err);

	assert_non_null(r);
	/* Fields 1, 2, 4, 6 and 8 of v2.Metrics are all there: some clients take them unseen. */
	for (uint8_t field = 1, at = 0; field <= 8; field += field == 1 ? 1 : 2) {
		assert_true(at + 1u < r->metrics.len);
		assert_int_equal(r->metrics.data[at], field << 3 | 2);
		at = (uint8_t)(at + 2 + r->metrics.data[at + 1]);
	}
	hp__guest__stats_response__free_unpacked(r, NULL);
}

const struct CMUnitTest suite_life[] = {
	GUEST_TEST(says_hello),
	GUEST_TEST(refuses_unknown_methods),
	GUEST_TEST(runs),
	GUEST_TEST(rehearses),
	GUEST_TEST(waits_for_start),
	GUEST_TEST(holds_one_container),
	GUEST_TEST(refuses_what_cannot_run),
	GUEST_TEST(tells_why_it_did_not_start),
	GUEST_TEST(is_killed_before_start),
	GUEST_TEST(tells_status_and_signal),
	GUEST_TEST(ends_with_the_host),
	GUEST_TEST(measures),
};
const size_t suite_life_count = HP_ARRAY_LEN(suite_life);
