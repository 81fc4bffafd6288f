/* SPDX-License-Identifier: Apache-2.0 */
/* guest-init.c - tests of src/guest/init.c, with a child as the machine's first process. */
#include "guest/init.h"

#include <fcntl.h>
#include <signal.h>

#include "apart.h"
#include "base/child.h"
#include "guest-call.h"
#include "net/mux.h"
#include "wire/fuse.h"

/* An init that runs, and the host's ends of its ports. */
struct machine {
	struct guest_host host;
	pid_t pid;
	int io, files;
};

/* In the child. */
static _Noreturn void be_init(int control, int io, int files)
{
	struct hp_guest_ports ports = HP_GUEST_PORTS_INIT;
	struct hp_error err = HP_ERROR_INIT;

	ports.control = control;
	ports.stdio = io;
	ports.files = files;
	if (unshare(CLONE_NEWNS) < 0 || hp_guest_boot_inside(NULL, &err) < 0)
		_exit(100);
	if (hp_guest_init_run(&ports, NULL, &err) == 0)
		_exit(0);
	_exit(err.code == HP_EUNAVAILABLE ? 50 : 51);
}

static void machine_open(struct machine *m, bool with_files)
{
	int control[2], io[2], files[2] = {-1, -1};

	links_pair(control);
	links_pair(io);
	if (with_files)
		links_pair(files);
	m->pid = fork();
	assert_true(m->pid >= 0);
	if (m->pid == 0) {
		close(control[1]);
		close(io[1]);
		close(files[1]);
		be_init(control[0], io[0], files[0]);
	}
	close(control[0]);
	close(io[0]);
	if (with_files)
		close(files[0]);
	m->io = io[1];
	m->files = files[1];
	guest_host_open(&m->host, links_loop(), control[1]);
}

/* Returns: how it has ended. */
static int machine_close(struct machine *m)
{
	struct hp_error err = HP_ERROR_INIT;
	int status = -1;

	guest_host_close(&m->host);
	assert_int_equal(hp_child_wait(m->pid, PATIENCE_MS, &status, &err), 0);
	if (m->io >= 0)
		close(m->io);
	if (m->files >= 0)
		close(m->files);
	hp_loop_free(m->host.loop);
	return status;
}

static void say_hello(struct machine *m)
{
	Hp__Guest__HelloRequest r = HP__GUEST__HELLO_REQUEST__INIT;
	Hp__Guest__HelloResponse *hello =
		guest_ask(&m->host, "Hello", &r.base, &hp__guest__hello_response__descriptor);

	assert_int_equal(hello->version, 1);
	assert_true(strlen(hello->kernel) > 0);
	hp__guest__hello_response__free_unpacked(hello, NULL);
}

static void serves_until_the_host_is_gone(void **state)
{
	struct machine m;

	(void)state;
	machine_open(&m, false);
	say_hello(&m);
	assert_int_equal(machine_close(&m), 0);
}

static void does_not_live_without_streams(void **state)
{
	struct machine m;
	struct hp_error err = HP_ERROR_INIT;
	int status = -1;

	(void)state;
	machine_open(&m, false);
	say_hello(&m);
	close(TAKE_FD(m.io));
	assert_int_equal(hp_child_wait(m.pid, PATIENCE_MS, &status, &err), 0);
	assert_int_equal(status, 50);
	guest_host_close(&m.host);
	hp_loop_free(m.host.loop);
}

/* By a signal, of which the loop hears. */
static void hears_of_the_end_of_processes(void **state)
{
	Hp__Guest__WatchRequest watch = HP__GUEST__WATCH_REQUEST__INIT;
	struct machine m;
	Hp__Guest__WatchResponse *news;
	Hp__Guest__Process p;
	char *args[3];

	(void)state;
	machine_open(&m, false);
	guest_script(&p, "kill -9 $$", args);
	guest_exec(&m.host, 1, &p);
	news = guest_ask(&m.host, "Watch", &watch.base, &hp__guest__watch_response__descriptor);
	assert_int_equal(news->n_exits, 1);
	assert_int_equal(news->exits[0]->number, 1);
	assert_int_equal(news->exits[0]->status, 128 + SIGKILL);
	hp__guest__watch_response__free_unpacked(news, NULL);
	assert_int_equal(machine_close(&m), 0);
}

/* Answer the mount, which the kernel asks for with INIT. */
static void answer_mount(int port)
{
	struct fuse_in_header in;
	struct fuse_out_header out = {.len = sizeof(out) + sizeof(struct fuse_init_out)};
	struct fuse_init_out init = {.major = 7, .minor = 31, .max_write = 4096};
	uint8_t request[256];
	struct hp_error err = HP_ERROR_INIT;
	ssize_t n = read(port, request, sizeof(request));

	assert_true(n >= (ssize_t)sizeof(in));
	memcpy(&in, request, sizeof(in));
	assert_int_equal(in.opcode, FUSE_INIT);
	assert_int_equal(in.len, n);
	out.unique = in.unique;
	assert_int_equal(hp_fd_write_all(port, &out, sizeof(out), &err), 0);
	assert_int_equal(hp_fd_write_all(port, &init, sizeof(init), &err), 0);
}

static void settles_when_the_files_answer(void **state)
{
	Hp__Guest__HelloRequest r = HP__GUEST__HELLO_REQUEST__INIT;
	struct guest_call settled, second;
	struct machine m;

	(void)state;
	machine_open(&m, true);
	r.settled = true;
	guest_call_begin(&m.host, &settled, "Hello", &r.base);
	say_hello(&m);
	assert_false(settled.done);
	guest_call_begin(&m.host, &second, "Hello", &r.base);
	guest_call_wait(&m.host, &second);
	assert_int_equal(second.why.code, HP_ESTATE);
	hp_buf_free(&second.answer);
	answer_mount(m.files);
	guest_call_wait(&m.host, &settled);
	assert_int_equal(settled.why.code, HP_OK);
	hp_buf_free(&settled.answer);
	assert_int_equal(machine_close(&m), 0);
}

static void does_not_live_without_files(void **state)
{
	struct machine m;
	struct hp_error err = HP_ERROR_INIT;
	int status = -1;

	(void)state;
	machine_open(&m, true);
	say_hello(&m);
	answer_mount(m.files);
	close(TAKE_FD(m.files));
	assert_int_equal(hp_child_wait(m.pid, PATIENCE_MS, &status, &err), 0);
	assert_int_equal(status, 50);
	guest_host_close(&m.host);
	close(m.io);
	hp_loop_free(m.host.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(serves_until_the_host_is_gone),
		FDS_TEST(does_not_live_without_streams),
		FDS_TEST(hears_of_the_end_of_processes),
		FDS_TEST(settles_when_the_files_answer),
		FDS_TEST(does_not_live_without_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
