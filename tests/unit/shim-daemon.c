/* SPDX-License-Identifier: Apache-2.0 */
/* shim-daemon.c - tests of src/shim/daemon.c, in the program as it is installed. */
#include <signal.h>

#include "links.h"
#include "net/ttrpc_client.h"
#include "shim-program.h"
#include "shim/client.h"
#include "shim/client_parts.h"
#include "shim/record.h"

static enum hp_code call(const char *socket, const char *method, char *ret_msg)
{
	Hp__Shim__CreateTaskRequest r = HP__SHIM__CREATE_TASK_REQUEST__INIT;
	AUTO(hp_buf_free) struct hp_buf reply = {0};
	struct hp_error err = HP_ERROR_INIT;
	const struct hp_shim__ask ask = {.socket = socket,
					 .service = HP_SHIM__TASK,
					 .method = method,
					 .request = &r.base,
					 .timeout_ms = PATIENCE_MS};

	r.id = (char *)(uintptr_t) "web";
	if (hp_shim__ask(&ask, &reply, &err) == 0)
		return HP_OK;
	snprintf(ret_msg, sizeof(err.msg), "%s", err.msg);
	return err.code;
}

/* Start one for a bundle whose machine cannot be started, and wait until its record is there. */
static void start(const struct bundle *b, struct hp_shim_record *ret)
{
	AUTO(run_clear) struct run r = {0};
	struct hp_error err = HP_ERROR_INIT;

	bundle_run(b, "start", &r);
	assert_int_equal(r.status, 0);
	for (int i = 0; i < 1000 && hp_shim_record_read(b->bundle, ret, &err) < 0; i++) {
		hp_error_clear(&err);
		hp_clock_sleep_ms(5);
	}
	assert_non_null(ret->socket);
}

static void await_end(struct hp_shim_pid pid)
{
	const int64_t deadline = hp_deadline_in(PATIENCE_MS);

	while (hp_shim_pid_alive(pid)) {
		assert_true(hp_deadline_left_ms(deadline) > 0);
		hp_clock_sleep_ms(5);
	}
}

/* What is wrong is told by Create; then Shutdown ends it, and leaves nothing. */
static void lives_until_shutdown(void **state)
{
	AUTO(hp_shim_record_clear) struct hp_shim_record r = {0};
	struct bundle b;
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int maker = -1;
	char msg[512] = "";

	(void)state;
	bundle_open(&b, "{]");
	start(&b, &r);
	/* As containerd's, it stays while calls come. */
	assert_int_equal(hp_unix_connect(r.socket, &maker, &err), 0);
	assert_int_equal(call(r.socket, "Connect", msg), HP_OK);
	assert_int_equal(call(r.socket, "Create", msg), HP_ECORRUPT);
	assert_non_null(strstr(msg, "config.json"));
	assert_int_equal(call(r.socket, "Delete", msg), HP_ENOTFOUND);
	assert_int_equal(call(r.socket, "Shutdown", msg), HP_OK);
	await_end(r.shim);
	assert_false(scratch_has(r.socket));
	bundle_close(&b);
}

/* Nobody else would ask for the container. */
static void ends_with_its_maker(void **state)
{
	AUTO(hp_shim_record_clear) struct hp_shim_record r = {0};
	struct bundle b;
	char msg[512] = "";

	(void)state;
	bundle_open(&b, "{]");
	start(&b, &r);
	assert_int_equal(call(r.socket, "Connect", msg), HP_OK);
	await_end(r.shim);
	assert_false(scratch_has(r.socket));
	bundle_close(&b);
}

static void ends_by_signal(void **state)
{
	AUTO(hp_shim_record_clear) struct hp_shim_record r = {0};
	struct bundle b;

	(void)state;
	bundle_open(&b, "{]");
	start(&b, &r);
	assert_int_equal(kill(r.shim.pid, SIGTERM), 0);
	await_end(r.shim);
	assert_false(scratch_has(r.socket));
	bundle_close(&b);
}

/* It has nothing of what its parent had open, and is no member of its session. */
static void keeps_nothing(void **state)
{
	AUTO(hp_shim_record_clear) struct hp_shim_record r = {0};
	AUTO_FREE char *path = NULL;
	struct bundle b;
	char target[200];
	char msg[512] = "";
	ssize_t n;

	(void)state;
	bundle_open(&b, "{]");
	start(&b, &r);
	for (int fd = 0; fd < 3; fd++) {
		free(path);
		path = hp_sprintf("/proc/%d/fd/%d", (int)r.shim.pid, fd);
		n = readlink(path, target, sizeof(target) - 1);
		assert_true(n > 0);
		target[n] = '\0';
		assert_string_equal(target, "/dev/null");
	}
	assert_int_equal(getsid(r.shim.pid), r.shim.pid);
	assert_int_equal(call(r.socket, "Shutdown", msg), HP_OK);
	await_end(r.shim);
	bundle_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(lives_until_shutdown),
		FDS_TEST(ends_with_its_maker),
		FDS_TEST(ends_by_signal),
		FDS_TEST(keeps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
