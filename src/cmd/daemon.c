/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.c - the private containerd: its places, its process, its start. */
#include "cmd/daemon.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/proc.h"
#include "cmd/own.h"
#include "engine/containerd/roots.h"

/* The file that tells a directory of ours from all others. */
#define MARK "made-by-harpoon-up"

enum {
	LOCK_MS = 60 * 1000,
	START_MS = 30 * 1000,
	ASK_MS = 1000,
	PAUSE_MS = 20,
	TAIL_BYTES = 2000,
	MAX_FILE_BYTES = 64 * 1024 * 1024,
	/* From: unix(7), sun_path; containerd appends ".ttrpc" for its second socket. */
	MAX_SOCKET_PATH = 107 - 6,
};

/* From: containerd docs/man/containerd-config.toml.5; "disabled_plugins" takes plugin URIs, and
 * names that a version does not know do no harm. These write outside of root and state, or are of
 * no use here. */
static const char config_text[] = "# Written by harpoon up at each start.\n"
				  "version = 2\n"
				  "root = \"%s\"\n"
				  "state = \"%s\"\n"
				  "disabled_plugins = [\n"
				  "  \"io.containerd.grpc.v1.cri\",\n"
				  "  \"io.containerd.cri.v1.runtime\",\n"
				  "  \"io.containerd.cri.v1.images\",\n"
				  "  \"io.containerd.nri.v1.nri\",\n"
				  "  \"io.containerd.internal.v1.opt\",\n"
				  "  \"io.containerd.tracing.processor.v1.otlp\",\n"
				  "  \"io.containerd.internal.v1.tracing\",\n"
				  "  \"io.containerd.snapshotter.v1.aufs\",\n"
				  "  \"io.containerd.snapshotter.v1.btrfs\",\n"
				  "  \"io.containerd.snapshotter.v1.devmapper\",\n"
				  "  \"io.containerd.snapshotter.v1.zfs\",\n"
				  "]\n"
				  "[grpc]\n"
				  "  address = \"%s\"\n";

/* An absolute path that can stand between quotes in TOML. */
static int check_path(const char *given, char **ret, struct hp_error *err)
{
	AUTO_FREE char *clean = NULL;

	for (const char *s = given; *s; s++)
		if ((unsigned char)*s < ' ' || *s == '"' || *s == '\\' || *s == 0x7f)
			return hp_fail(err, HP_EUSAGE,
				       "the path '%s' has a quote, backslash or control "
				       "character",
				       given);
	if (hp_path_absolute(given, &clean, err) < 0)
		return -1;
	if (hp_str_eq(clean, "/"))
		return hp_fail(err, HP_EUSAGE, "'%s' is the root of all files", given);
	*ret = TAKE(clean);
	return 0;
}

int hp_daemon_init(const struct hp_cli *cli, const char *root, const char *state,
		   struct hp_daemon *ret, struct hp_error *err)
{
	AUTO(hp_daemon_clear) struct hp_daemon d = {.lock_fd = -1};
	AUTO_FREE char *usual_root = hp_path_join(hp_cli_data_root(cli), "containerd");
	AUTO_FREE char *usual_state = hp_path_join(hp_cli_state_root(cli), "containerd");

	if (check_path(root ? root : usual_root, &d.root, err) < 0 ||
	    check_path(state ? state : usual_state, &d.state, err) < 0)
		return -1;
	if (hp_str_eq(d.root, d.state))
		return hp_fail(err, HP_EUSAGE, "--root and --state are the same: '%s'", d.root);
	d.address = hp_path_join(d.state, "containerd.sock");
	d.config = hp_path_join(d.state, "config.toml");
	d.pid_file = hp_path_join(d.state, "containerd.pid");
	d.log = hp_path_join(d.root, "containerd.log");
	if (hp_containerd_root(hp_cli_data_root(cli), d.address, &d.our_data, err) < 0 ||
	    hp_containerd_root(hp_cli_state_root(cli), d.address, &d.our_state, err) < 0)
		return -1;
	if (strlen(d.address) > MAX_SOCKET_PATH)
		return hp_fail(err, HP_EUSAGE,
			       "'%s' is longer than a socket's path may be (%d)", d.address,
			       MAX_SOCKET_PATH);
	*ret = d;
	d = (struct hp_daemon){.lock_fd = -1};
	return 0;
}

void hp_daemon_clear(struct hp_daemon *d)
{
	free(d->root);
	free(d->state);
	free(d->address);
	free(d->config);
	free(d->pid_file);
	free(d->log);
	free(d->our_data);
	free(d->our_state);
	if (d->lock_fd >= 0)
		close(d->lock_fd);
	*d = (struct hp_daemon){.lock_fd = -1};
}

bool hp_daemon_made(const char *dir)
{
	AUTO_FREE char *mark = hp_path_join(dir, MARK);
	return access(mark, F_OK) == 0;
}

static bool is_empty(const char *dir)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	if (!d)
		return false;
	while (readdir(d))
		n++;
	closedir(d);
	return n <= 2; /* "." and ".." */
}

int hp_daemon_mark(const char *dir, struct hp_error *err)
{
	AUTO_FREE char *mark = hp_path_join(dir, MARK);
	static const char why[] = "harpoon down may remove this directory.\n";

	return hp_file_write(mark, why, strlen(why), 0644, err);
}

int hp_daemon_make(const char *dir, mode_t mode, struct hp_error *err)
{
	if (hp_daemon_made(dir))
		return 0;
	if (access(dir, F_OK) == 0 && !is_empty(dir))
		return hp_fail(err, HP_EEXISTS,
			       "'%s' is there, not empty and not made by harpoon up; name "
			       "another directory",
			       dir);
	if (hp_mkdirs(dir, mode, err) < 0)
		return -1;
	return hp_daemon_mark(dir, err);
}

/* The lock is good only while its file is the one of that name: down removes it at its end. */
static bool lock_is_current(int fd, const char *path)
{
	struct stat ours;
	struct stat named;

	return fstat(fd, &ours) == 0 && stat(path, &named) == 0 &&
	       ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

int hp_daemon_lock(struct hp_daemon *d, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(d->state, "lock");
	int64_t deadline = hp_deadline_in(LOCK_MS);

	while (hp_deadline_left_ms(deadline) > 0) {
		AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return hp_fail_errno(err, errno, "open '%s'", path);
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && lock_is_current(fd, path)) {
			d->lock_fd = TAKE_FD(fd);
			return 0;
		}
		hp_clock_sleep_ms(PAUSE_MS);
	}
	return hp_fail(err, HP_ETIMEOUT, "another harpoon up or down is at work in '%s'",
		       d->state);
}

/* The file has "PID START", START being the kernel's start time of the process. */
pid_t hp_daemon_pid(const struct hp_daemon *d)
{
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf buf;
	AUTO(hp_strv_free) struct hp_strv words = {0};
	uint64_t start = 0;
	int64_t pid = 0;

	hp_buf_init(&buf, 128);
	if (hp_file_read(d->pid_file, 128, &buf, &ignored) < 0)
		return 0;
	AUTO_FREE char *text = hp_buf_take_str(&buf);
	text[strcspn(text, "\n")] = '\0';
	hp_strv_split(&words, text, ' ');
	if (words.count != 2 || hp_str_i64(words.items[0], &pid, &ignored) < 0 ||
	    hp_str_u64(words.items[1], &start, &ignored) < 0 || pid <= 1 || start == 0)
		return 0;
	if (hp_proc_start_ticks((pid_t)pid) != start ||
	    !hp_proc_has_word((pid_t)pid, d->config))
		return 0;
	return (pid_t)pid;
}

int hp_daemon_engine(const struct hp_daemon *d, const char *ns, struct hp_engine **ret_engine,
		     struct hp_error *err)
{
	struct hp_client_config config = {.address = d->address, .ns = ns};
	return hp_engine_open("containerd", &config, ret_engine, err);
}

int hp_daemon_ask(const struct hp_daemon *d, char **ret_version, struct hp_error *err)
{
	AUTO(hp_engine_free) struct hp_engine *engine = NULL;
	AUTO(hp_version_clear) struct hp_version version = {0};
	struct hp_client_config config = {.address = d->address, .timeout_ms = ASK_MS};

	if (hp_engine_open("containerd", &config, &engine, err) < 0 ||
	    hp_engine_version(engine, &version, err) < 0)
		return -1;
	*ret_version = TAKE(version.version);
	return 0;
}

static int write_files(const struct hp_daemon *d, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf config;

	hp_buf_init(&config, MAX_FILE_BYTES);
	if (hp_buf_printf(&config, err, config_text, d->root, d->state, d->address) < 0)
		return -1;
	return hp_file_write(d->config, config.data, config.len, 0644, err);
}

static int spawn(const struct hp_daemon *d, const char *program, pid_t *ret_pid,
		 struct hp_error *err)
{
	AUTO_CLOSE int log = open(d->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	const char *const argv[] = {program, "--config", d->config, NULL};
	const int fds[] = {-1, log, log};
	struct hp_child child = {
		.path = program,
		.argv = argv,
		.fds = fds,
		.n_fds = HP_ARRAY_LEN(fds),
		.cwd = "/",
		.detach = true,
	};

	if (log < 0)
		return hp_fail_errno(err, errno, "open the log '%s'", d->log);
	if (hp_child_start(&child, ret_pid, err) < 0)
		return -1;
	AUTO_FREE char *line = hp_sprintf("%lld %" PRIu64 "\n", (long long)*ret_pid,
					  hp_proc_start_ticks(*ret_pid));
	return hp_file_write(d->pid_file, line, strlen(line), 0644, err);
}

/* Its last words, for people: it has no other way to say why it did not start. */
static void print_log_tail(const struct hp_daemon *d)
{
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf buf;

	hp_buf_init(&buf, MAX_FILE_BYTES);
	if (hp_file_read(d->log, MAX_FILE_BYTES, &buf, &ignored) < 0)
		return;
	AUTO_FREE char *text = hp_buf_take_str(&buf);
	size_t len = strlen(text);
	const char *tail = text + (len > TAIL_BYTES ? len - TAIL_BYTES : 0);
	const char *line = tail > text ? strchr(tail, '\n') : NULL;
	fprintf(stderr, "%s\n", line ? line + 1 : tail);
}

/* ret_version as in the header; a start that took too long or ended is a failure. */
static int await_answer(const struct hp_daemon *d, pid_t pid, char **ret_version,
			struct hp_error *err)
{
	int64_t deadline = hp_deadline_in(START_MS);

	while (hp_deadline_left_ms(deadline) > 0) {
		if (hp_proc_start_ticks(pid) == 0)
			return hp_fail(err, HP_EFAILED,
				       "containerd ended at once; its log is '%s'", d->log);
		if (access(d->address, F_OK) == 0 && hp_daemon_ask(d, ret_version, err) == 0)
			return 0;
		hp_error_clear(err);
		hp_clock_sleep_ms(PAUSE_MS);
	}
	return hp_fail(err, HP_ETIMEOUT, "containerd does not answer on '%s'; its log is '%s'",
		       d->address, d->log);
}

int hp_daemon_start(const struct hp_daemon *d, const char *program, char **ret_version,
		    struct hp_error *err)
{
	struct hp_error ignored = HP_ERROR_INIT;
	pid_t pid = 0;

	if (write_files(d, err) < 0 || spawn(d, program, &pid, err) < 0)
		return -1;
	if (await_answer(d, pid, ret_version, err) == 0)
		return 0;
	print_log_tail(d);
	if (hp_daemon_end(d, &ignored) < 0)
		return hp_wrap(err, "it could not be ended either (%s)", ignored.msg);
	return -1;
}
