/* SPDX-License-Identifier: Apache-2.0 */
/* keeper.c - harpoon-keeper, the program: its options, and the word that it is ready. */
#include "keeper/keeper.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "keeper/loop.h"

#define DEFAULT_WAIT_MS 60000
#define MAX_WAIT_MS     (24 * 3600 * 1000)

static int usage(struct hp_error *err)
{
	return hp_fail(err, HP_EUSAGE,
		       "usage: harpoon-keeper --dir DIR [--log FILE] [--tty] [--wait-ms N] "
		       "[--wait-attach]");
}

static int parse_wait(const char *text, int64_t *ret_ms, struct hp_error *err)
{
	if (hp_str_i64(text, ret_ms, err) < 0)
		return hp_wrap(err, "--wait-ms");
	if (*ret_ms < 1 || *ret_ms > MAX_WAIT_MS)
		return hp_fail(err, HP_EUSAGE, "--wait-ms: %s is not from 1 to %d", text,
			       MAX_WAIT_MS);
	return 0;
}

static int parse_option(int c, struct hp_keeper_options *o, struct hp_error *err)
{
	switch (c) {
	case 'd':
		o->dir = optarg;
		return 0;
	case 'l':
		o->log = optarg;
		return 0;
	case 't':
		o->tty = true;
		return 0;
	case 'a':
		o->wait_attach = true;
		return 0;
	case 'w':
		return parse_wait(optarg, &o->wait_ms, err);
	default:
		return usage(err);
	}
}

static int parse_options(int argc, char **argv, struct hp_keeper_options *o,
			 struct hp_error *err)
{
	static const struct option longs[] = {
		{"dir", required_argument, NULL, 'd'},
		{"log", required_argument, NULL, 'l'},
		{"tty", no_argument, NULL, 't'},
		{"wait-ms", required_argument, NULL, 'w'},
		{"wait-attach", no_argument, NULL, 'a'},
		{0},
	};

	o->wait_ms = DEFAULT_WAIT_MS;
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;)
		if (parse_option(c, o, err) < 0)
			return -1;
	if (hp_str_empty(o->dir) || optind != argc)
		return usage(err);
	return 0;
}

/* Say it to whoever started us, once. */
static void say(int ready_fd, const char *text)
{
	if (ready_fd < 0)
		return;
	/* Nobody may be listening any more, which changes nothing. */
	if (write(ready_fd, text, strlen(text)) >= 0)
		close(ready_fd);
}

static int fail(int ready_fd, const struct hp_error *err)
{
	say(ready_fd, err->msg);
	fprintf(stderr, "harpoon-keeper: %s\n", err->msg);
	return hp_code_exit(err->code);
}

int main(int argc, char **argv)
{
	/* Before anything is opened, which could get that number. */
	int ready_fd =
		fcntl(HP_KEEPER_READY_FD, F_SETFD, FD_CLOEXEC) == 0 ? HP_KEEPER_READY_FD : -1;
	struct hp_keeper_options options = {0};
	struct hp_keeper *k = NULL;
	struct hp_error err = HP_ERROR_INIT;

	if (parse_options(argc, argv, &options, &err) < 0 ||
	    hp_keeper__open(&options, &k, &err) < 0)
		return fail(ready_fd, &err);
	say(ready_fd, "1");
	int failed = hp_keeper__run(k, &err);
	hp_keeper__free(k);
	return failed < 0 ? fail(-1, &err) : 0;
}
