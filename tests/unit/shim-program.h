/* SPDX-License-Identifier: Apache-2.0 */
/* shim-program.h - run the built containerd-shim-harpoon-v1 as containerd does. */
#pragma once
#include "base/child.h"
#include "base/clock.h"
#include "base/str.h"
#include "scratch.h"
#include "shim.pb-c.h"
#include "shim/msg.h"

/* What a run of it gave. */
struct run {
	int status;
	char *out, *err;
};

static inline void run_clear(struct run *r)
{
	free(r->out);
	free(r->err);
}
HP_AUTO_VALUE(struct run, run_clear);

static inline char *run_slurp(int fd)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_buf buf;

	hp_buf_init(&buf, 1 << 20);
	assert_int_equal(hp_fd_read_all(fd, &buf, &err), 0);
	return hp_buf_take_str(&buf);
}

/* Run it in @cwd with @in on its standard input. Returns when all copies of its outputs are closed,
 * as containerd does. */
static inline void run_program(const char *cwd, struct hp_bytes in, const char *const *argv,
			       struct run *ret)
{
	struct hp_error err = HP_ERROR_INIT;
	int ins[2];
	int outs[2];
	int errs[2];
	pid_t pid;

	assert_true(hp_pipe(ins, &err) == 0 && hp_pipe(outs, &err) == 0 &&
		    hp_pipe(errs, &err) == 0);
	const int fds[] = {ins[0], outs[1], errs[1]};
	const struct hp_child child = {.path = getenv("HP_TEST_SHIM"),
				       .argv = argv,
				       .fds = fds,
				       .n_fds = 3,
				       .cwd = cwd};

	assert_int_equal(hp_child_start(&child, &pid, &err), 0);
	close(ins[0]);
	close(outs[1]);
	close(errs[1]);
	assert_int_equal(hp_fd_write_all(ins[1], in.data, in.len, &err), 0);
	close(ins[1]);
	ret->out = run_slurp(outs[0]);
	ret->err = run_slurp(errs[0]);
	close(outs[0]);
	close(errs[0]);
	assert_int_equal(hp_child_wait(pid, 20000, &ret->status, &err), 0);
}

/* A bundle, and the parameters that let the socket be in it too. */
struct bundle {
	char *dir, *bundle;
	struct hp_shim_packed params;
};

static inline void bundle_open(struct bundle *b, const char *config)
{
	Hp__Shim__BootstrapParams p = HP__SHIM__BOOTSTRAP_PARAMS__INIT;
	struct hp_error err = HP_ERROR_INIT;

	b->dir = scratch_new();
	b->bundle = hp_path_join(b->dir, "b");
	assert_int_equal(hp_mkdirs(b->bundle, 0700, &err), 0);
	if (config)
		free(scratch_file(b->bundle, "config.json", config));
	p.instance_id = (char *)(uintptr_t) "web";
	p.namespace_ = (char *)(uintptr_t) "ns";
	p.socket_dir = b->dir;
	b->params = hp_shim_pack(&p.base);
}

static inline void bundle_close(struct bundle *b)
{
	hp_shim_packed_free(&b->params);
	free(b->bundle);
	scratch_free(b->dir);
}

static inline void bundle_run(const struct bundle *b, const char *action, struct run *ret)
{
	const char *argv[] = {"shim", "-namespace", "ns",   "-address", "/nowhere/c.sock",
			      "-id",  "web",        action, NULL};

	run_program(b->bundle, hp_str_eq(action, "start") ? b->params.bytes : HP_BYTES("", 0),
		    argv, ret);
}
