/* SPDX-License-Identifier: Apache-2.0 */
/* engine-engine.c - tests of src/engine/engine.c: what it refuses before any op is asked, and what
 * it makes of ops that are not there. The engine here has no ops but those a test gives it. */
#include "engine/engine_impl.h"

#include <harpoon/harpoon.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/registry.h"
#include "fds.h"

/* What the ops below were asked. */
struct bare {
	struct hp_engine base;
	int opened;
	int stopped;
	int started;
	int kills;
};

static int bare_open(struct hp_engine *e, const struct hp_client_config *config,
		     struct hp_error *err)
{
	if (config->address && !strcmp(config->address, "bad"))
		return hp_fail(err, HP_EINVALID, "a bad address");
	container_of(e, struct bare, base)->opened = 1;
	return 0;
}

static int bare_stop(struct hp_engine *e, const char *ref, int signal, int64_t grace_ms,
		     struct hp_error *err)
{
	(void)signal;
	(void)grace_ms;
	if (!strcmp(ref, "stuck"))
		return hp_fail(err, HP_ETIMEOUT, "it is stuck");
	container_of(e, struct bare, base)->stopped++;
	return 0;
}

static int bare_start(struct hp_engine *e, const char *ref, uint16_t cols, uint16_t rows,
		      struct hp_stream **ret_stream, struct hp_error *err)
{
	(void)ref;
	(void)cols;
	(void)rows;
	(void)ret_stream;
	(void)err;
	container_of(e, struct bare, base)->started++;
	return 0;
}

static int bare_kill(struct hp_engine *e, const char *ref, const char *exec_id, int signal,
		     struct hp_error *err)
{
	(void)ref;
	(void)exec_id;
	(void)signal;
	(void)err;
	container_of(e, struct bare, base)->kills++;
	return 0;
}

/* A wait that ends by error, by exit, or never. */
struct bare_waiter {
	struct hp_waiter base;
	int fd;
	int result;
};

static int bare_waiter_fd(const struct hp_waiter *w)
{
	return container_of(w, struct bare_waiter, base)->fd;
}

static int bare_waiter_next(struct hp_waiter *w, struct hp_exit *ret, struct hp_error *err)
{
	const struct bare_waiter *b = container_of(w, struct bare_waiter, base);

	if (b->result < 0)
		return hp_fail(err, HP_EUNAVAILABLE, "the line is dead");
	if (b->result == HP_NEXT_ITEM)
		ret->code = 17;
	return b->result;
}

static void bare_waiter_free(struct hp_waiter *w)
{
	struct bare_waiter *b = container_of(w, struct bare_waiter, base);

	close(b->fd);
	free(b);
}

static int bare_waiter(struct hp_engine *e, const char *ref, struct hp_waiter **ret,
		       struct hp_error *err)
{
	static const struct hp_waiter_ops ops = {bare_waiter_fd, bare_waiter_next,
						 bare_waiter_free};
	struct bare_waiter *w = hp_alloc(sizeof(*w));

	(void)e;
	(void)err;
	w->base.ops = &ops;
	w->fd = eventfd(0, EFD_CLOEXEC);
	w->result = !strcmp(ref, "dead")    ? -1
		    : !strcmp(ref, "ended") ? HP_NEXT_ITEM
					    : HP_NEXT_WAIT;
	*ret = &w->base;
	return 0;
}

static const struct hp_engine_ops bare_ops = {
	.name = "bare",
	.size = sizeof(struct bare),
	.open = bare_open,
	.start = bare_start,
	.stop = bare_stop,
	.kill = bare_kill,
	.waiter = bare_waiter,
};

const struct hp_engine_ops *const hp_engine__registry[] = {&bare_ops, NULL};

static struct hp_engine *open_bare(void)
{
	struct hp_engine *e = NULL;
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_engine_open("bare", NULL, &e, &err), 0);
	return e;
}

static void opens_by_name(void **state)
{
	const struct hp_client_config slow = {.timeout_ms = 5};
	const struct hp_client_config bad = {.address = "bad"};
	const struct hp_client_config ns = {.ns = "mine"};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_engine *none = NULL;

	(void)state;
	AUTO(hp_engine_free) struct hp_engine *e = open_bare();
	assert_string_equal(hp_engine_name(e), "bare");
	assert_string_equal(hp_engine_address(e), "");
	assert_string_equal(hp_engine_namespace(e), "");
	assert_int_equal(hp_engine_can(e), 0);
	assert_int_equal(e->timeout_ms, 30000);
	AUTO(hp_engine_free) struct hp_engine *second = NULL;
	assert_int_equal(hp_engine_open("bare", &slow, &second, &err), 0);
	assert_int_equal(second->timeout_ms, 5);

	assert_int_equal(hp_engine_open("bare", &bad, &none, &err), -1);
	hp_error_clear(&err);
	assert_int_equal(hp_engine_open("bare", &ns, &none, &err), -1);
	assert_int_equal(err.code, HP_EUNSUPPORTED);
	hp_error_clear(&err);
	assert_int_equal(hp_engine_open("other", NULL, &none, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	assert_string_equal(err.msg, "no engine is called 'other'; there are: bare");
	assert_null(none);
	hp_engine_free(NULL);
	assert_string_equal(hp_library_version(), HP_VERSION);
}

/* A call that must fail so; more than 30 of them follow. */
#define REFUSED(want, call)                                                                    \
	do {                                                                                   \
		struct hp_error err = HP_ERROR_INIT;                                           \
		assert_int_equal(call, -1);                                                    \
		assert_int_equal(err.code, want);                                              \
	} while (0)

static void what_is_off_is_not_supported(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = open_bare();
	const struct hp_container_spec spec = {.image = "x"};
	const struct hp_exec_spec exec_spec = {0};
	const struct hp_import archive = {.path = "x"};
	const struct hp_pull image = {.ref = "x"};
	const struct hp_resources resources = {0};
	const char *const refs[] = {"x", NULL};
	struct hp_events *events = NULL;
	struct hp_stream *stream = NULL;
	struct hp_exec *exec = NULL;
	struct hp_pulled pulled = {0};
	struct hp_census census;
	struct hp_stats stats;
	char **names = NULL;
	char *id = NULL;

	(void)state;
	REFUSED(HP_EUNSUPPORTED, hp_engine_pull(e, &image, &pulled, &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_create(e, &spec, &id, &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_pause(e, "x", &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_unpause(e, "x", &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_start(e, "x", 0, 0, &stream, &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_kill(e, "x", "exec", SIGKILL, &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_exec(e, "x", &exec_spec, &exec, &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_attach(e, "x", &stream, &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_resize(e, "x", NULL, 80, 24, &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_logs(e, "x", NULL, &stream, &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_update(e, "x", &resources, &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_stats(e, "x", &stats, &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_events(e, &events, &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_import(e, &archive, &names, &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_export(e, refs, 1, &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_tag(e, "x", "y", &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_census(e, &census, &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_restart(e, "x", 0, &err));
	assert_int_equal(container_of(e, struct bare, base)->stopped, 0);

	struct hp_error err = HP_ERROR_INIT;
	assert_int_equal(hp_engine_pause(e, "x", &err), -1);
	assert_string_equal(err.msg, "pause is not supported by bare");
}

/* What an engine can do in part: the rest is refused before it is asked. */
static void parts_that_are_off_are_not_supported(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = open_bare();
	const struct hp_engine_ops partly = {
		.name = "bare",
		.can = HP_CAN_CREATE | HP_CAN_UPDATE | HP_CAN_EXEC,
		.close = e->ops->close,
	};
	const char *const words[] = {"x", NULL};
	const struct hp_container_spec specs[] = {
		{.image = "x", .network = "none"},
		{.image = "x", .log_driver = HP_LOG_NONE},
		{.image = "x", .resources.pids_limit = -1},
	};
	const struct hp_exec_spec execs[] = {
		{.args = words, .env = words},   {.args = words, .workdir = "/"},
		{.args = words, .user = "1"},    {.args = words, .privileged = true},
		{.args = words, .detach = true},
	};
	struct hp_exec *exec = NULL;
	char *id = NULL;

	(void)state;
	e->ops = &partly;
	for (size_t i = 0; i < HP_ARRAY_LEN(specs); i++)
		REFUSED(HP_EUNSUPPORTED, hp_engine_create(e, &specs[i], &id, &err));
	REFUSED(HP_EUNSUPPORTED, hp_engine_update(e, "x", &specs[2].resources, &err));
	for (size_t i = 0; i < HP_ARRAY_LEN(execs); i++)
		REFUSED(HP_EUNSUPPORTED, hp_engine_exec(e, "x", &execs[i], &exec, &err));
}

static void bad_names_and_signals_reach_no_op(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = open_bare();
	static const char *const names[] = {NULL, "", "a b", "a\tb", "\x7f", "\n"};
	struct hp_container *container = NULL;
	struct hp_waiter *waiter = NULL;
	AUTO_FREE char *longest = hp_alloc(1026);

	(void)state;
	memset(longest, 'a', 1025);
	for (size_t i = 0; i < HP_ARRAY_LEN(names); i++) {
		REFUSED(HP_EINVALID, hp_engine_inspect(e, names[i], &container, &err));
		REFUSED(HP_EINVALID, hp_engine_kill(e, names[i], NULL, SIGKILL, &err));
		REFUSED(HP_EINVALID, hp_engine_start(e, names[i], 0, 0, NULL, &err));
		REFUSED(HP_EINVALID, hp_engine_stop(e, names[i], 0, 0, &err));
		REFUSED(HP_EINVALID, hp_engine_restart(e, names[i], 0, &err));
		REFUSED(HP_EINVALID, hp_engine_remove(e, names[i], true, true, &err));
		REFUSED(HP_EINVALID, hp_engine_waiter(e, names[i], &waiter, &err));
		REFUSED(HP_EINVALID, hp_engine_remove_image(e, names[i], true, &err));
	}
	REFUSED(HP_EINVALID, hp_engine_stop(e, longest, 0, 0, &err));
	REFUSED(HP_EINVALID, hp_engine_kill(e, "x", NULL, 0, &err));
	REFUSED(HP_EINVALID, hp_engine_kill(e, "x", NULL, 65, &err));
	REFUSED(HP_EINVALID, hp_engine_kill(e, "x", NULL, -9, &err));
	REFUSED(HP_EINVALID, hp_engine_stop(e, "x", 100, 0, &err));
	assert_int_equal(container_of(e, struct bare, base)->kills, 0);
	struct hp_error err = HP_ERROR_INIT;
	assert_int_equal(hp_engine_kill(e, "x", NULL, 64, &err), 0);
	assert_int_equal(container_of(e, struct bare, base)->kills, 1);
}

static void restart_is_stop_and_start(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = open_bare();
	struct bare *b = container_of(e, struct bare, base);
	struct hp_engine_ops restarts = *e->ops;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	restarts.can = HP_CAN_RESTART;
	e->ops = &restarts;
	assert_int_equal(hp_engine_restart(e, "x", 5, &err), 0);
	assert_int_equal(b->stopped, 1);
	assert_int_equal(b->started, 1);
	assert_int_equal(hp_engine_restart(e, "stuck", 5, &err), -1);
	assert_int_equal(err.code, HP_ETIMEOUT);
	assert_int_equal(b->started, 1);
}

static void wait_blocks_no_longer_than_it_may(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = open_bare();
	struct hp_exit exit = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_engine_wait(e, "ended", 0, &exit, &err), 0);
	assert_int_equal(exit.code, 17);
	assert_int_equal(hp_engine_wait(e, "running", 20, &exit, &err), -1);
	assert_int_equal(err.code, HP_ETIMEOUT);
	assert_non_null(strstr(err.msg, "'running'"));
	hp_error_clear(&err);
	assert_int_equal(hp_engine_wait(e, "dead", 20, &exit, &err), -1);
	assert_int_equal(err.code, HP_EUNAVAILABLE);
	assert_non_null(strstr(err.msg, "'dead'"));
}

static void freeing_nothing_is_fine(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = open_bare();
	struct hp_exec *exec = hp_alloc(sizeof(*exec));
	struct hp_version version = {0};

	(void)state;
	hp_exec_free(e, NULL);
	hp_exec_free(e, exec);
	hp_version_clear(&version);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(opens_by_name),
		FDS_TEST(what_is_off_is_not_supported),
		FDS_TEST(parts_that_are_off_are_not_supported),
		FDS_TEST(bad_names_and_signals_reach_no_op),
		FDS_TEST(restart_is_stop_and_start),
		FDS_TEST(wait_blocks_no_longer_than_it_may),
		FDS_TEST(freeing_nothing_is_fine),
	};

	return cmocka_run_group_tests_name("engine-engine", tests, NULL, NULL);
}
