/* SPDX-License-Identifier: Apache-2.0 */
/* shim-action_delete.c - tests of src/shim/action_delete.c. */
#include <signal.h>
#include <sys/wait.h>

#include "shim-program.h"
#include "shim/record.h"

/* Run it and read what it prints. */
static void remove_all(const struct bundle *b, Hp__Shim__DeleteResponse **ret)
{
	AUTO(run_clear) struct run r = {0};
	struct hp_error err = HP_ERROR_INIT;
	ProtobufCMessage *m = NULL;

	bundle_run(b, "delete", &r);
	assert_string_equal(r.err, "");
	assert_int_equal(r.status, 0);
	assert_int_equal(hp_shim_unpack(&hp__shim__delete_response__descriptor,
					hp_bytes_str(r.out), &m, &err),
			 0);
	*ret = (Hp__Shim__DeleteResponse *)(void *)m;
}

static void works_when_nothing_is_there(void **state)
{
	Hp__Shim__DeleteResponse *reply;
	struct bundle b;

	(void)state;
	bundle_open(&b, NULL);
	for (int i = 0; i < 2; i++) {
		remove_all(&b, &reply);
		assert_int_equal(reply->exit_status, 137);
		assert_int_equal(reply->pid, 0);
		hp_shim_msg_free(&reply->base);
	}
	bundle_close(&b);
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

/* A shim that was killed left a machine, a name and a socket. */
static void ends_what_is_left(void **state)
{
	Hp__Shim__DeleteResponse *reply;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_record r = {.id = (char *)(uintptr_t) "web",
				   .ns = (char *)(uintptr_t) "ns",
				   .exited = true,
				   .exit_status = 42,
				   .exited_at_ns = 1700000000000000000,
				   .hooks_done = true};
	struct bundle b;
	int status;
	int fd;

	(void)state;
	bundle_open(&b, NULL);
	r.socket = hp_path_join(b.dir, "socket");
	r.link = hp_shim_record_link(b.dir, "ns", "web");
	r.vmm = hp_shim_pid_of(sleeper());
	r.files = hp_shim_pid_of(sleeper());
	assert_int_equal(hp_unix_listen(r.socket, 0600, &fd, &err), 0);
	close(fd);
	assert_int_equal(hp_shim_record_write(b.bundle, &r, &err), 0);
	assert_int_equal(hp_shim_record_publish(b.bundle, &r, &err), 0);
	remove_all(&b, &reply);
	/* It had ended before, and that is what is told. */
	assert_int_equal(reply->exit_status, 42);
	assert_int_equal(reply->pid, r.files.pid);
	assert_int_equal(reply->exited_at->seconds, 1700000000);
	hp_shim_msg_free(&reply->base);
	assert_int_equal(waitpid(r.vmm.pid, &status, 0), r.vmm.pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(waitpid(r.files.pid, &status, 0), r.files.pid);
	assert_true(WIFSIGNALED(status));
	assert_false(scratch_has(r.socket));
	assert_false(scratch_has(r.link));
	free(r.socket);
	free(r.link);
	bundle_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(works_when_nothing_is_there),
		FDS_TEST(ends_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
