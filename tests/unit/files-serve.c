/* SPDX-License-Identifier: Apache-2.0 */
/* files-serve.c - tests of src/files/serve.c: the server as a whole, in a process of its own. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "files/files.h"
#include "scratch.h"
#include "wire/fuse.h"

struct guest {
	int port;
	pid_t server;
	char *dir;
	uint64_t unique;
	uint8_t body[HP_FUSE_MESSAGE_MAX];
	struct fuse_out_header head; /* of the last answer */
};

/* @dir: NULL: nothing is shared. */
static int serve(int port, const char *dir)
{
	struct hp_files_share share = {.name = "rootfs",
				       .fd = dir ? open(dir, O_PATH | O_CLOEXEC) : -1};
	struct hp_error err = HP_ERROR_INIT;
	int rc = hp_files_serve(port, &share, dir ? 1 : 0, 0, &err);

	return rc == 0 ? 0 : err.code == HP_EPROTO ? 9 : 1;
}

static struct guest *start_with(bool share)
{
	struct guest *g = hp_alloc(sizeof(*g));
	int ends[2];

	g->dir = scratch_new();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	g->server = fork();
	assert_true(g->server >= 0);
	if (g->server == 0) {
		close(ends[0]);
		_exit(serve(ends[1], share ? g->dir : NULL));
	}
	close(ends[1]);
	g->port = ends[0];
	return g;
}

static struct guest *start(void)
{
	return start_with(true);
}

/* Close the port. Returns: the server's exit status. */
static int finish(struct guest *g)
{
	int status = -1;

	close(g->port);
	assert_int_equal(waitpid(g->server, &status, 0), g->server);
	scratch_free(g->dir);
	free(g);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void ask(struct guest *g, uint32_t opcode, uint64_t node, const void *body, size_t len)
{
	struct fuse_in_header head = {.len = (uint32_t)(sizeof(head) + len),
				      .opcode = opcode,
				      .unique = ++g->unique,
				      .nodeid = node};

	assert_int_equal(send(g->port, &head, sizeof(head), MSG_MORE), sizeof(head));
	if (len > 0)
		assert_int_equal(send(g->port, body, len, 0), (ssize_t)len);
}

/* Take the next answer. Returns: its errno. */
static int hear(struct guest *g)
{
	size_t len;

	assert_int_equal(recv(g->port, &g->head, sizeof(g->head), MSG_WAITALL),
			 sizeof(g->head));
	assert_true(g->head.len >= sizeof(g->head) && g->head.len <= HP_FUSE_MESSAGE_MAX);
	len = g->head.len - sizeof(g->head);
	if (len > 0)
		assert_int_equal(recv(g->port, g->body, len, MSG_WAITALL), (ssize_t)len);
	return -g->head.error;
}

static uint64_t look(struct guest *g, uint64_t dir, const char *name)
{
	struct fuse_entry_out entry;

	ask(g, FUSE_LOOKUP, dir, name, strlen(name) + 1);
	assert_int_equal(hear(g), 0);
	memcpy(&entry, g->body, sizeof(entry));
	assert_true(entry.nodeid != 0);
	return entry.nodeid;
}

static void answers_until_the_port_is_closed(void **state)
{
	struct guest *g = start();
	struct fuse_init_in init = {.major = 7, .minor = 37, .flags = 0x7fffffff};
	struct fuse_forget_in forget = {.nlookup = 1};

	(void)state;
	free(scratch_file(g->dir, "a", "text"));
	ask(g, FUSE_INIT, 0, &init, sizeof(init));
	assert_int_equal(hear(g), 0);
	uint64_t node = look(g, look(g, FUSE_ROOT_ID, "rootfs"), "a");
	/* What gets no answer leaves none that the next request would take for its own. */
	ask(g, FUSE_FORGET, node, &forget, sizeof(forget));
	ask(g, FUSE_INTERRUPT, 0, "12345678", 8);
	assert_int_equal(hear(g), ENOSYS);
	assert_int_equal(g->head.unique, g->unique);
	assert_int_equal(finish(g), 0);
}

static void serves_on_after_bad_requests(void **state)
{
	static const uint8_t junk[200] = {1, 2, 3};
	struct guest *g = start();

	(void)state;
	for (uint32_t opcode = 0; opcode < 70; opcode++) {
		ask(g, opcode, FUSE_ROOT_ID, junk, sizeof(junk));
		if (hp_fuse_is_silent(opcode))
			continue;
		assert_int_not_equal(hear(g), 0);
		assert_int_equal(g->head.unique, g->unique);
	}
	look(g, FUSE_ROOT_ID, "rootfs");
	assert_int_equal(finish(g), 0);
}

static void ends_when_what_comes_are_no_requests(void **state)
{
	struct guest *g = start();
	char rest;

	(void)state;
	assert_int_equal(send(g->port, "GET / HTTP/1.1", 14, 0), 14);
	/* It reads no more; the port is closed when its process has ended. */
	assert_int_equal(recv(g->port, &rest, 1, 0), 0);
	assert_int_equal(finish(g), 9);
}

static void takes_and_gives_the_largest_messages(void **state)
{
	struct guest *g = start();
	AUTO_FREE char *path = scratch_file(g->dir, "a", "");
	size_t len = sizeof(struct fuse_write_in) + HP_FUSE_DATA_MAX;
	AUTO_FREE uint8_t *message = hp_alloc(len);
	struct fuse_write_in in = {.size = HP_FUSE_DATA_MAX};
	struct fuse_read_in read = {.size = HP_FUSE_DATA_MAX};
	uint64_t node = look(g, look(g, FUSE_ROOT_ID, "rootfs"), "a");

	(void)state;
	memset(message, 'w', len);
	memcpy(message, &in, sizeof(in));
	ask(g, FUSE_WRITE, node, message, len);
	assert_int_equal(hear(g), 0);
	ask(g, FUSE_READ, node, &read, sizeof(read));
	assert_int_equal(hear(g), 0);
	assert_int_equal(g->head.len, sizeof(g->head) + HP_FUSE_DATA_MAX);
	assert_memory_equal(g->body, message + sizeof(in), HP_FUSE_DATA_MAX);
	assert_int_equal(finish(g), 0);
}

/* Many requests at once, each is answered once, in whatever order. */
static void answers_many_at_once(void **state)
{
	struct guest *g = start();
	AUTO_FREE char *path = scratch_file(g->dir, "a", "text");
	struct fuse_read_in read = {.size = 64 * 1024};
	struct fuse_fsync_in sync = {0};
	uint64_t node = look(g, look(g, FUSE_ROOT_ID, "rootfs"), "a");
	uint64_t first = g->unique + 1;
	bool seen[300] = {false};

	(void)state;
	for (int i = 0; i < 150; i++) {
		ask(g, FUSE_READ, node, &read, sizeof(read));
		ask(g, FUSE_FSYNC, node, &sync, sizeof(sync));
	}
	for (int i = 0; i < 300; i++) {
		assert_int_equal(hear(g), 0);
		assert_true(g->head.unique >= first && g->head.unique < first + 300);
		assert_false(seen[g->head.unique - first]);
		seen[g->head.unique - first] = true;
	}
	assert_int_equal(finish(g), 0);
}

/* One that asks for more than it takes blocks itself, and its end ends the server all the same. */
static void ends_while_nobody_takes_its_answers(void **state)
{
	struct guest *g = start();
	AUTO_FREE char *path = scratch_file(g->dir, "a", "text");
	struct fuse_read_in read = {.size = HP_FUSE_DATA_MAX};
	uint64_t node = look(g, look(g, FUSE_ROOT_ID, "rootfs"), "a");

	(void)state;
	assert_int_equal(truncate(path, HP_FUSE_DATA_MAX), 0);
	for (int i = 0; i < 20; i++)
		ask(g, FUSE_READ, node, &read, sizeof(read));
	usleep(100000);
	assert_int_equal(finish(g), 0);
}

static long private_kb(pid_t pid)
{
	AUTO_FREE char *path = hp_sprintf("/proc/%d/status", (int)pid);
	AUTO(hp_buf_free) struct hp_buf buf = {0};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *text = NULL;
	long kb = -1;

	hp_buf_init(&buf, 65536);
	assert_int_equal(hp_file_read(path, 65536, &buf, &err), 0);
	text = hp_buf_take_str(&buf);
	assert_int_equal(sscanf(strstr(text, "RssAnon:"), "RssAnon: %ld", &kb), 1);
	return kb;
}

static void gives_memory_back_when_idle(void **state)
{
	struct guest *g = start();
	AUTO_FREE char *path = scratch_file(g->dir, "a", "text");
	struct fuse_read_in read = {.size = HP_FUSE_DATA_MAX};
	uint64_t node = look(g, look(g, FUSE_ROOT_ID, "rootfs"), "a");
	long busy;

	(void)state;
	assert_int_equal(truncate(path, HP_FUSE_DATA_MAX), 0);
	for (int i = 0; i < 8; i++) {
		ask(g, FUSE_READ, node, &read, sizeof(read));
		assert_int_equal(hear(g), 0);
	}
	busy = private_kb(g->server);
	for (int i = 0; i < 50 && private_kb(g->server) > busy - 900; i++)
		usleep(100000);
	assert_true(private_kb(g->server) <= busy - 900);
	/* And goes on. */
	look(g, FUSE_ROOT_ID, "rootfs");
	assert_int_equal(finish(g), 0);
}

/* For a machine that is to be a template, and has no container yet. */
static void answers_for_nothing(void **state)
{
	struct guest *g = start_with(false);
	struct fuse_init_in init = {.major = 7, .minor = 37, .flags = 0x7fffffff};

	(void)state;
	ask(g, FUSE_INIT, 0, &init, sizeof(init));
	assert_int_equal(hear(g), 0);
	ask(g, FUSE_LOOKUP, FUSE_ROOT_ID, "rootfs", sizeof("rootfs"));
	assert_int_equal(hear(g), ENOENT);
	assert_int_equal(finish(g), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(answers_until_the_port_is_closed),
		FDS_TEST(serves_on_after_bad_requests),
		FDS_TEST(ends_when_what_comes_are_no_requests),
		FDS_TEST(takes_and_gives_the_largest_messages),
		FDS_TEST(answers_many_at_once),
		FDS_TEST(ends_while_nobody_takes_its_answers),
		FDS_TEST(gives_memory_back_when_idle),
		FDS_TEST(answers_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
