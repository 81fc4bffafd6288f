/* SPDX-License-Identifier: Apache-2.0 */
/* netns.c - a thread that goes into a network namespace, works there and ends. A thread, for one
 * that could not come back would be lost for everything else; and no process, for what it opens is
 * opened for us at once. */
#include "net/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/fault.h"

#define OWN        "/proc/thread-self/ns/net"
#define STACK_SIZE ((size_t)256 * 1024) /* our work needs little; the default is 8 MiB */

struct visit {
	int netns_fd; /* -1: a new one */
	hp_netns_fn fn;
	void *data;
	struct hp_error *err;
	int rc;
};

static int enter(int netns_fd, struct hp_error *err)
{
	if (netns_fd < 0) {
		if (HP_SYS("unshare", unshare(CLONE_NEWNET)) < 0)
			return hp_fail_errno(err, errno, "make a network namespace");
		return 0;
	}
	if (HP_SYS("setns", setns(netns_fd, CLONE_NEWNET)) < 0)
		return hp_fail_errno(err, errno, "enter a network namespace");
	return 0;
}

static void *visit_main(void *data)
{
	struct visit *v = data;

	v->rc = enter(v->netns_fd, v->err);
	if (v->rc == 0)
		v->rc = v->fn(v->data, v->err);
	return NULL;
}

static int visit(int netns_fd, hp_netns_fn fn, void *data, struct hp_error *err)
{
	struct visit v = {.netns_fd = netns_fd, .fn = fn, .data = data, .err = err};
	pthread_attr_t attributes;
	pthread_t thread;
	int rc;

	pthread_attr_init(&attributes);
	/* Cannot fail: the size is a multiple of pages, and over the least. */
	(void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
	rc = pthread_create(&thread, &attributes, visit_main, &v);
	pthread_attr_destroy(&attributes);
	if (rc != 0)
		return hp_fail_errno(err, rc, "start a thread for a network namespace");
	pthread_join(thread, NULL);
	return v.rc;
}

int hp_netns_call(int netns_fd, hp_netns_fn fn, void *data, struct hp_error *err)
{
	return visit(netns_fd, fn, data, err);
}

static int open_own(void *data, struct hp_error *err)
{
	return hp_netns_open(OWN, data, err);
}

int hp_netns_new(int *ret_fd, struct hp_error *err)
{
	return visit(-1, open_own, ret_fd, err);
}

int hp_netns_open(const char *path, int *ret_fd, struct hp_error *err)
{
	AUTO_CLOSE int fd = HP_SYS("open", open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));

	if (fd < 0)
		return hp_fail_errno(err, errno, "open the network namespace '%s'", path);
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return hp_fail(err, HP_EINVALID, "'%s' is no network namespace", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int hp_netns_is_ours(int netns_fd, bool *ret, struct hp_error *err)
{
	struct stat ours;
	struct stat theirs;

	if (HP_SYS("stat", stat(OWN, &ours)) < 0)
		return hp_fail_errno(err, errno, "look at '%s'", OWN);
	if (HP_SYS("fstat", fstat(netns_fd, &theirs)) < 0)
		return hp_fail_errno(err, errno, "look at a network namespace");
	*ret = ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
	return 0;
}
