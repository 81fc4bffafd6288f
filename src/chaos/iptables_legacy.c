/* SPDX-License-Identifier: Apache-2.0 */
/* iptables_legacy.c - sets and removes rules by iptables-restore, which does all of them at once, and
 * finds them by iptables-save. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/fd.h"
#include "base/path.h"
#include "chaos/iptables.h"

#define PROGRAM_MS 10000 /* for one program, which may wait for another's lock */
#define WAIT_S     "5"   /* for that lock */
#define OUTPUT_MAX ((size_t)4 * 1024 * 1024)
#define ERRORS_MAX ((size_t)4096)
#define PATH_OF    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define IPV6_FILE  "/proc/sys/net/ipv6" /* of a kernel with IPv6 */

static const struct {
	uint8_t family;
	const char *save;
	const char *restore;
} families[] = {
	{NFPROTO_IPV4, "iptables-save", "iptables-restore"},
	{NFPROTO_IPV6, "ip6tables-save", "ip6tables-restore"},
};

static bool has_kernel(size_t i)
{
	return families[i].family == NFPROTO_IPV4 || access(IPV6_FILE, F_OK) == 0;
}

bool hp_iptables_is_legacy(void)
{
	const char *path = getenv("PATH");
	AUTO(hp_strv_free) struct hp_strv dirs = {0};

	hp_strv_split(&dirs, path ? path : PATH_OF, ':');
	for (size_t i = 0; i < dirs.count; i++) {
		AUTO_FREE char *file = hp_path_join(dirs.items[i], "iptables");
		AUTO_FREE char *real = realpath(file, NULL);

		/* Before there were two of them the program had the other's name. */
		if (real)
			return strstr(hp_path_base(real), "legacy") != NULL ||
			       hp_str_eq(hp_path_base(real), "xtables-multi");
	}
	return false;
}

/* A file in memory, to be a program's input or output. */
static int memory(const char *name, const void *data, size_t len, int *ret_fd,
		  struct hp_error *err)
{
	AUTO_CLOSE int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		return hp_fail_errno(err, errno, "make a file in memory");
	if (hp_fd_write_all(fd, data, len, err) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return hp_fail_errno(err, errno, "rewind a file in memory");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int read_memory(int fd, size_t max, char **ret, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text = {0};

	hp_buf_init(&text, max);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return hp_fail_errno(err, errno, "rewind a file in memory");
	if (hp_fd_read_all(fd, &text, err) < 0)
		return -1;
	*ret = hp_buf_take_str(&text);
	return 0;
}

static int fail_program(const char *path, int status, int err_fd, struct hp_error *err)
{
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO_FREE char *words = NULL;

	if (read_memory(err_fd, ERRORS_MAX, &words, &ignored) < 0)
		words = hp_strdup("");
	words[strcspn(words, "\n")] = '\0';
	return hp_fail(err, HP_EFAILED, "'%s' ended with status %d: %s", path, status, words);
}

/* Run a program with a text as its input. ret_output: what it prints; NULL: nothing. */
static int run(const char *const *argv, struct hp_bytes input, char **ret_output,
	       struct hp_error *err)
{
	AUTO_CLOSE int in_fd = -1;
	AUTO_CLOSE int out_fd = -1;
	AUTO_CLOSE int err_fd = -1;
	int status = -1;
	pid_t pid = 0;

	if (memory("input", input.data, input.len, &in_fd, err) < 0 ||
	    memory("output", "", 0, &out_fd, err) < 0 ||
	    memory("errors", "", 0, &err_fd, err) < 0)
		return -1;

	const int fds[] = {in_fd, out_fd, err_fd};
	const struct hp_child child = {
		.path = argv[0], .argv = argv, .fds = fds, .n_fds = HP_ARRAY_LEN(fds)};

	if (hp_child_start(&child, &pid, err) < 0)
		return hp_wrap(err, "install the package iptables, which has it");
	if (hp_child_wait(pid, PROGRAM_MS, &status, err) < 0) {
		struct hp_error ignored = HP_ERROR_INIT;

		kill(pid, SIGKILL);
		if (hp_child_wait(pid, 0, &status, &ignored) < 0)
			hp_error_clear(&ignored);
		return hp_wrap(err, "'%s'", argv[0]);
	}
	if (status != 0)
		return fail_program(argv[0], status, err_fd, err);
	return ret_output ? read_memory(out_fd, OUTPUT_MAX, ret_output, err) : 0;
}

static int restore(size_t i, const char *lines, struct hp_error *err)
{
	const char *const argv[] = {families[i].restore, "--noflush", "-w", WAIT_S, NULL};
	AUTO_FREE char *input = hp_sprintf("*filter\n%sCOMMIT\n", lines);

	return run(argv, HP_BYTES(input, strlen(input)), NULL, err);
}

static int save(size_t i, char **ret, struct hp_error *err)
{
	/* Asked for the table, it would make one that is not there. */
	const char *const argv[] = {families[i].save, "-c", NULL};

	return run(argv, HP_BYTES("", 0), ret, err);
}

static char *lines_of(const struct hp_iptables *t, uint8_t family, const char *mark)
{
	AUTO(hp_strv_free) struct hp_strv lines = {0};

	for (size_t i = 0; i < t->count; i++) {
		if (t->rules[i].family != family)
			continue;

		AUTO_FREE char *line = hp_iptables_line(t, &t->rules[i], mark);

		hp_strv_addf(&lines, "-I %s\n", line);
	}
	return hp_strv_join(hp_strv_view(&lines), "");
}

int hp_iptables_legacy_set(const struct hp_iptables *t, const char *fault_id,
			   struct hp_error *err)
{
	AUTO_FREE char *mark = hp_iptables_mark(fault_id);

	for (size_t i = 0; i < HP_ARRAY_LEN(families); i++) {
		AUTO_FREE char *lines = lines_of(t, families[i].family, mark);

		if (*lines && has_kernel(i) && restore(i, lines, err) < 0)
			return -1;
	}
	return 0;
}

static int unset(size_t i, const char *mark, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf removals = {0};
	AUTO_FREE char *lines = NULL;
	AUTO_FREE char *text = NULL;

	hp_buf_init(&removals, OUTPUT_MAX);
	if (save(i, &text, err) < 0 ||
	    hp_iptables_read_save(text, mark, &removals, NULL, err) < 0)
		return -1;
	if (removals.len == 0)
		return 0;
	lines = hp_buf_take_str(&removals);
	return restore(i, lines, err);
}

int hp_iptables_legacy_unset(const char *fault_id, struct hp_error *err)
{
	AUTO_FREE char *mark = hp_iptables_mark(fault_id);

	for (size_t i = 0; i < HP_ARRAY_LEN(families); i++)
		if (has_kernel(i) && unset(i, mark, err) < 0)
			return hp_wrap(err, "remove rules");
	return 0;
}

int hp_iptables_legacy_count(const char *fault_id, struct hp_iptables_counts *ret,
			     struct hp_error *err)
{
	AUTO_FREE char *mark = hp_iptables_mark(fault_id);
	struct hp_iptables_counts counts = {.seen = {0, 0}};

	for (size_t i = 0; i < HP_ARRAY_LEN(families); i++) {
		struct hp_nft_count dropped = {0, 0};
		AUTO_FREE char *text = NULL;

		if (!has_kernel(i))
			continue;
		if (save(i, &text, err) < 0 ||
		    hp_iptables_read_save(text, mark, NULL, &dropped, err) < 0)
			return -1;
		counts.dropped.packets += dropped.packets;
		counts.dropped.bytes += dropped.bytes;
	}
	*ret = counts;
	return 0;
}
