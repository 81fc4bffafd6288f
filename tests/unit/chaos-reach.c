/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-reach.c - tests of src/chaos/reach.c, with processes in namespaces of their own. */
#include "chaos/fault.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "fake/chaos_world.h"
#include "scratch.h"

/* A process in a network namespace of its own, which it tells by its first byte. */
static pid_t start_apart(void)
{
	int fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		if (unshare(CLONE_NEWNET) < 0 || write(fds[1], "x", 1) != 1)
			_exit(1);
		close(fds[1]);
		for (;;)
			pause();
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static struct hp_fault *fault_on(pid_t pid)
{
	struct hp_client_config config = {0};
	const struct hp_fault_world world = {
		.engine_name = "fake", .config = &config, .journal = "/nowhere"};
	AUTO(hp_container_free) struct hp_container *c = hp_container_new();

	hp_field_set(&c->name, "web");
	c->pid = pid;
	return hp_fault_new(&world, "x-1", &chaos_mark, c, NULL);
}

static void opens_the_engine_once(void **state)
{
	(void)state;
	AUTO(hp_fault_free) struct hp_fault *f = fault_on(0);
	struct hp_engine *first = NULL, *second = NULL;

	OK(hp_fault_engine(f, &first, &err));
	OK(hp_fault_engine(f, &second, &err));
	assert_non_null(first);
	assert_ptr_equal(first, second);
	free(f->reach->engine_name);
	f->reach->engine_name = hp_strdup("none");
	hp_engine_free(TAKE(f->reach->engine));
	FAILS(HP_EINVALID, hp_fault_engine(f, &first, &err));
}

static void a_namespace_outlives_its_process(void **state)
{
	(void)state;
	pid_t pid = start_apart();
	AUTO(hp_fault_free) struct hp_fault *f = fault_on(pid);
	struct stat st;
	int fd = -1, again = -1;

	OK(hp_fault_netns(f, &fd, &err));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_ino, f->reach->netns_inode);
	end(pid);
	OK(hp_fault_netns(f, &again, &err));
	assert_int_equal(fd, again);
}

static void a_namespace_is_found_by_its_number(void **state)
{
	(void)state;
	pid_t pid = start_apart();
	AUTO(hp_fault_free) struct hp_fault *f = fault_on(pid);
	int fd = -1;

	/* As after a restart of the container's first process, beside others. */
	f->container->pid = 0x7ffffff0;
	OK(hp_fault_netns(f, &fd, &err));
	end(pid);
	AUTO(hp_fault_free) struct hp_fault *g = fault_on(0);
	g->reach->netns_inode = f->reach->netns_inode;
	/* The descriptor of the first keeps it alive, but no process is in it. */
	FAILS(HP_ENOTFOUND, hp_fault_netns(g, &fd, &err));
}

static void a_namespace_is_found_by_its_name(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *name = scratch_file(dir, "pod", "");
	pid_t pid = start_apart();
	AUTO_FREE char *path = hp_sprintf("/proc/%d/ns/net", (int)pid);
	int fd = -1;

	(void)state;
	AUTO(hp_fault_free) struct hp_fault *f = fault_on(pid);
	if (mount(path, name, NULL, MS_BIND, NULL) < 0)
		fail_msg("%s on %s: %m", path, name);
	end(pid);
	OK(hp_fault_netns(f, &fd, &err));
	assert_int_equal(umount2(name, MNT_DETACH), 0);
	AUTO(hp_fault_free) struct hp_fault *g = fault_on(0);
	g->reach->netns_inode = f->reach->netns_inode;
	FAILS(HP_ENOTFOUND, hp_fault_netns(g, &fd, &err));
}

static void the_hosts_is_refused(void **state)
{
	(void)state;
	AUTO(hp_fault_free) struct hp_fault *f = fault_on(getpid());
	int fd = -1;

	FAILS(HP_EINVALID, hp_fault_netns(f, &fd, &err));
	f->allow_host = true;
	OK(hp_fault_netns(f, &fd, &err));
}

static void a_remote_one_cannot_be_reached(void **state)
{
	(void)state;
	AUTO(hp_fault_free) struct hp_fault *f = fault_on(0);
	int fd = -1;

	FAILS(HP_EUNSUPPORTED, hp_fault_netns(f, &fd, &err));
	FAILS(HP_ENOTFOUND, hp_fault_pidfd(f, &fd, &err));
}

static void a_pid_is_of_one_process_only(void **state)
{
	(void)state;
	pid_t pid = start_apart();
	AUTO(hp_fault_free) struct hp_fault *f = fault_on(pid);
	AUTO(hp_fault_free) struct hp_fault *g = fault_on(pid);
	int fd = -1;

	OK(hp_fault_pidfd(f, &fd, &err));
	/* Somebody else has its number now. */
	g->reach->started++;
	FAILS(HP_ENOTFOUND, hp_fault_pidfd(g, &fd, &err));
	end(pid);
	FAILS(HP_ENOTFOUND, hp_fault_pidfd(f, &fd, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(opens_the_engine_once),
		FDS_TEST(a_namespace_outlives_its_process),
		FDS_TEST(a_namespace_is_found_by_its_number),
		FDS_TEST(a_namespace_is_found_by_its_name),
		FDS_TEST(the_hosts_is_refused),
		FDS_TEST(a_remote_one_cannot_be_reached),
		FDS_TEST(a_pid_is_of_one_process_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
