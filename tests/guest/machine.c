/* SPDX-License-Identifier: Apache-2.0 */
/* machine.c - start a machine for the guest's contract, with a process that serves its files. */
#include "machine.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "files/files.h"
#include "vm/images.h"
#include "vm/machine.h"

#define PATIENCE_MS 60000
#define SHARES_MAX  8

struct machine {
	struct hp_vm_config config;
	struct hp_machine *vm;
	pid_t files;
	bool ended;
	struct hp_error why;
};

static void expect(int rc, const struct hp_error *err)
{
	if (rc < 0)
		fail_msg("%s", err->msg);
}

static void on_end(void *data, const struct hp_error *why)
{
	struct machine *m = data;

	m->ended = true;
	if (why)
		m->why = *why;
}

static _Noreturn void serve(int port, const char *dir)
{
	struct hp_files_share shares[SHARES_MAX];
	struct hp_error err = HP_ERROR_INIT;
	const struct dirent *e;
	DIR *list = opendir(dir);
	size_t n = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (list && n < SHARES_MAX && (e = readdir(list)))
		if (e->d_name[0] != '.')
			shares[n++] = (struct hp_files_share){
				.name = hp_strdup(e->d_name),
				.fd = openat(dirfd(list), e->d_name, O_PATH | O_CLOEXEC)};
	umask(0);
	if (hp_files_serve(port, shares, n, 0, &err) < 0)
		fprintf(stderr, "files: %s\n", err.msg);
	_exit(0);
}

struct machine *machine_open(struct hp_loop *l, const char *dir, int ret_ports[2])
{
	struct machine *m = hp_alloc(sizeof(*m));
	const struct hp_machine_spec spec = {.id = "guest", .tap_fd = -1, .cgroup_fd = -1};
	const struct hp_machine_events events = {.on_end = on_end, .data = m};
	AUTO_FREE char *shares = hp_sprintf("%s/shares", dir);
	AUTO(hp_images_clear) struct hp_images images = {0};
	struct hp_error err = HP_ERROR_INIT;
	int files;

	expect(hp_vm_config_load(&m->config, &err), &err);
	expect(hp_images_find(&m->config, &images, &err), &err);
	if (!hp_images_made(&images))
		expect(hp_images_make(&images, &err), &err);
	expect(hp_machine_start(l, &m->config, &spec, &events, &m->vm, &err), &err);
	ret_ports[0] = hp_machine_take_port(m->vm, HP_PORT_CONTROL);
	ret_ports[1] = hp_machine_take_port(m->vm, HP_PORT_STDIO);
	files = hp_machine_take_port(m->vm, HP_PORT_FILES);
	m->files = fork();
	assert_true(m->files >= 0);
	if (m->files == 0) {
		/* The machine ends when nobody has the other end of its control port. */
		close(ret_ports[0]);
		close(ret_ports[1]);
		serve(files, shares);
	}
	close(files);
	return m;
}

void machine_wait(struct machine *m, struct hp_loop *l)
{
	int64_t deadline = hp_deadline_in(PATIENCE_MS);
	struct hp_error err = HP_ERROR_INIT;

	while (!m->ended && hp_deadline_left_ms(deadline) > 0)
		if (hp_loop_once(l, hp_deadline_left_ms(deadline), &err) < 0)
			fail_msg("%s", err.msg);
	if (getenv("HP_TEST_VERBOSE"))
		fprintf(stderr, "%s\n%s\n", m->why.msg, hp_machine_console(m->vm));
	assert_true(m->ended);
}

void machine_free(struct machine *m)
{
	if (!m)
		return;
	hp_machine_free(m->vm);
	kill(m->files, SIGKILL);
	waitpid(m->files, NULL, 0);
	hp_vm_config_clear(&m->config);
	free(m);
}
