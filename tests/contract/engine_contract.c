/* SPDX-License-Identifier: Apache-2.0 */
/* engine_contract.c - the contract suite's program: opens the engine, runs every test, and sees
 * that the engine holds nothing more afterwards than before. */
#include "contract.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

/* Every test's container has a name that begins so. */
#define NAME_PREFIX "contract-"

/* Output that a test may read. */
#define MAX_OUTPUT (64u << 20)

void output_clear(struct output *o)
{
	free(o->out);
	free(o->err);
	*o = (struct output){0};
}

struct hp_container_spec spec_of(struct contract *c, const char *const *args)
{
	static char name[64];

	snprintf(name, sizeof(name), NAME_PREFIX "%u", ++c->made);
	return (struct hp_container_spec){
		.image = c->image,
		.runtime = c->runtime,
		.name = name,
		.args = args,
		.network = hp_engine_can(c->engine) & HP_CAN_ISOLATE ? "none" : NULL,
	};
}

char *make_spec(struct contract *c, const struct hp_container_spec *spec)
{
	char *id = NULL;

	OK(hp_engine_create(c->engine, spec, &id, &err));
	assert_non_null(id);
	return id;
}

char *make(struct contract *c, const char *const *args)
{
	struct hp_container_spec spec = spec_of(c, args);

	return make_spec(c, &spec);
}

char *make_started(struct contract *c, const char *const *args)
{
	char *id = make(c, args);

	OK(hp_engine_start(c->engine, id, 0, 0, NULL, &err));
	return id;
}

void drop(struct contract *c, const char *id)
{
	OK(hp_engine_remove(c->engine, id, true, true, &err));
}

int await_exit(struct contract *c, const char *ref)
{
	struct hp_exit exit = {.code = -1};

	OK(hp_engine_wait(c->engine, ref, PATIENCE_MS, &exit, &err));
	return exit.code;
}

enum hp_state state_of(struct contract *c, const char *ref)
{
	AUTO(hp_container_free) struct hp_container *container = NULL;

	OK(hp_engine_inspect(c->engine, ref, &container, &err));
	return container->state;
}

int next_chunk(struct hp_stream *s, struct hp_chunk *ret)
{
	int found = HP_NEXT_WAIT;

	for (int i = 0; i < 100000; i++) {
		OK(found = hp_stream_next(s, ret, &err));
		if (found != HP_NEXT_WAIT)
			return found;
		int ready = 0;
		OK(ready = hp_fd_poll(hp_stream_fd(s), POLLIN, PATIENCE_MS, &err));
		if (!ready)
			fail_msg("a stream was silent for %d ms", PATIENCE_MS);
	}
	fail_msg("a stream is always readable, and never has anything");
	return found;
}

void read_all(struct hp_stream *s, struct output *ret)
{
	AUTO(hp_buf_free) struct hp_buf out;
	AUTO(hp_buf_free) struct hp_buf errors;
	struct hp_chunk chunk;

	hp_buf_init(&out, MAX_OUTPUT);
	hp_buf_init(&errors, MAX_OUTPUT);
	while (next_chunk(s, &chunk) == HP_NEXT_ITEM) {
		struct hp_buf *to = chunk.channel == HP_CHANNEL_STDOUT ? &out : &errors;
		assert_true(chunk.len > 0);
		OK(hp_buf_add(to, chunk.data, chunk.len, &err));
	}
	ret->out_len = out.len;
	ret->err_len = errors.len;
	ret->out = hp_buf_take_str(&out);
	ret->err = hp_buf_take_str(&errors);
}

void read_until(struct hp_stream *s, const char *text)
{
	AUTO(hp_buf_free) struct hp_buf seen;
	struct hp_chunk chunk;

	hp_buf_init(&seen, MAX_OUTPUT);
	do {
		if (next_chunk(s, &chunk) != HP_NEXT_ITEM)
			fail_msg("the output ended before '%s'", text);
		OK(hp_buf_add(&seen, chunk.data, chunk.len, &err));
	} while (!memmem(seen.data, seen.len, text, strlen(text)));
}

void write_all(struct hp_stream *s, const char *data, size_t len)
{
	while (len) {
		ssize_t n = 0;
		OK(n = hp_stream_write(s, data, len, &err));
		data += n;
		len -= (size_t)n;
		int ready = 0;
		if (!n)
			OK(ready = hp_fd_poll(hp_stream_stdin_fd(s), POLLOUT, PATIENCE_MS,
					      &err));
		assert_true(n || ready);
	}
}

int run(struct contract *c, const struct hp_container_spec *spec, struct output *ret)
{
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	AUTO_FREE char *id = make_spec(c, spec);

	OK(hp_engine_start(c->engine, id, 0, 0, &s, &err));
	OK(hp_stream_close_stdin(s, &err));
	read_all(s, ret);
	int code = await_exit(c, id);
	OK(hp_engine_remove(c->engine, id, false, true, &err));
	return code;
}

int contract_clean(void **state)
{
	struct contract *c = *state;
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;
	struct hp_error err = HP_ERROR_INIT;
	int failed = 0;

	if (hp_engine_list(c->engine, &list, &err) < 0) {
		fprintf(stderr, "list: %s\n", err.msg);
		return -1;
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct hp_container *left = list->items[i];
		if (!hp_str_starts(left->name, NAME_PREFIX))
			continue;
		fprintf(stderr, "the test left container '%s', %s\n", left->name,
			hp_state_name(left->state));
		hp_error_clear(&err);
		failed = -1;
		if (hp_engine_remove(c->engine, left->id, true, true, &err) < 0)
			fprintf(stderr, "remove: %s\n", err.msg);
	}
	return failed;
}

static const char *setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return hp_str_empty(value) ? otherwise : value;
}

static int open_engine(void **state)
{
	struct contract *c = hp_alloc(sizeof(*c));
	struct hp_error err = HP_ERROR_INIT;

	c->name = setting("HP_CONTRACT_ENGINE", "fake");
	c->image = setting("HP_CONTRACT_IMAGE", "busybox:latest");
	c->runtime = setting("HP_CONTRACT_RUNTIME", NULL);
	c->scratch = hp_strdup("/tmp/hpc.XXXXXX");
	if (!mkdtemp(c->scratch))
		return -1;
	c->config = (struct hp_client_config){
		.address = setting("HP_CONTRACT_ADDRESS", NULL),
		.snapshotter = setting("HP_CONTRACT_SNAPSHOTTER", NULL),
		.libexec_dir = setting("HP_CONTRACT_LIBEXEC", NULL),
		.data_root = hp_path_join(c->scratch, "data"),
		.state_root = hp_path_join(c->scratch, "state"),
	};
	if (hp_engine_open(c->name, &c->config, &c->engine, &err) < 0 ||
	    ((hp_engine_can(c->engine) & HP_CAN_CENSUS) &&
	     hp_engine_census(c->engine, &c->before, &err) < 0)) {
		fprintf(stderr, "%s: %s\n", c->name, err.msg);
		return -1;
	}
	*state = c;
	return 0;
}

/* What is on the host may belong to other engines too, and they may let go of it meanwhile. */
static bool nothing_more(const struct hp_census *before, const struct hp_census *after)
{
	return after->containers == before->containers && after->tasks == before->tasks &&
	       after->snapshots == before->snapshots && after->leases == before->leases &&
	       after->shims <= before->shims && after->sockets <= before->sockets &&
	       after->mounts <= before->mounts;
}

/* The last test: nothing is held that was not held before the first. Shims take a moment to end
 * after the engine has said that their container is gone. */
static void census_is_as_before(void **state)
{
	struct contract *c = *state;
	const struct hp_census *before = &c->before;
	struct hp_census after = {0};

	if (!(hp_engine_can(c->engine) & HP_CAN_CENSUS)) {
		FAILS(HP_EUNSUPPORTED, hp_engine_census(c->engine, &after, &err));
		return;
	}
	for (int i = 0; i < 50; i++) {
		OK(hp_engine_census(c->engine, &after, &err));
		if (nothing_more(before, &after))
			return;
		hp_clock_sleep_ms(100);
	}
	assert_int_equal(after.containers, before->containers);
	assert_int_equal(after.tasks, before->tasks);
	assert_int_equal(after.snapshots, before->snapshots);
	assert_int_equal(after.leases, before->leases);
	assert_in_range(after.shims, 0, before->shims);
	assert_in_range(after.sockets, 0, before->sockets);
	assert_in_range(after.mounts, 0, before->mounts);
}

static int close_engine(void **state)
{
	struct contract *c = *state;
	struct hp_error err = HP_ERROR_INIT;

	hp_engine_free(c->engine);
	int failed = hp_remove_tree(c->scratch, &err);
	free((char *)c->config.data_root);
	free((char *)c->config.state_root);
	free(c->scratch);
	free(c);
	return failed;
}

int main(void)
{
	static const struct CMUnitTest last = CONTRACT_TEST(census_is_as_before);
	const struct {
		const struct CMUnitTest *tests;
		size_t count;
	} tables[] = {
		{contract_lifecycle, contract_lifecycle_count},
		{contract_refusal, contract_refusal_count},
		{contract_stdio, contract_stdio_count},
		{contract_logs, contract_logs_count},
		{contract_exec, contract_exec_count},
		{contract_watch, contract_watch_count},
		{contract_image, contract_image_count},
		{&last, 1},
	};
	struct CMUnitTest all[160];
	size_t count = 0;

	for (size_t i = 0; i < HP_ARRAY_LEN(tables); i++)
		for (size_t j = 0; j < tables[i].count && count < HP_ARRAY_LEN(all); j++)
			all[count++] = tables[i].tests[j];
	signal(SIGPIPE, SIG_DFL);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	cmocka_set_test_filter(setting("HP_CONTRACT_TESTS", NULL));
	return _cmocka_run_group_tests("engine-contract", all, count, open_engine,
				       close_engine);
}
