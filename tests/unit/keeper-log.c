/* SPDX-License-Identifier: Apache-2.0 */
/* keeper-log.c - tests of the log that harpoon-keeper writes, read back by the engine's reader. */
#include "keeper-world.h"

#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>

#include "keeper/log.h"

/* Run the keeper over what is written to stdout, and read the log back. */
static void keep(struct world *w, const char *data, size_t len, struct output *ret)
{
	WORLD_START(w, "--log", w->log);
	world_write_end(w, 0);
	world_write_end(w, 1);
	world_say(w, 0, data, len);
	world_end(w, 0);
	world_end(w, 1);
	assert_int_equal(world_wait(w), 0);
	output_of_log(w->log, false, ret);
}

static char *read_log(const struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_buf text;

	if (hp_file_read(w->log, 16u << 20, &text, &err) < 0)
		fail_msg("%s", err.msg);
	return hp_buf_take_str(&text);
}

static void writes_the_format_of_docker(void **state)
{
	AUTO(world_free) struct world w;
	AUTO(output_free) struct output kept = {0};
	char log[64] = "";
	char time[64] = "";
	int64_t at = 0;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	world_make(&w);
	int64_t before = hp_clock_unix_ns();
	keep(&w, "a \"b\"\t\\\n", 9, &kept);
	int64_t after = hp_clock_unix_ns();
	AUTO_FREE char *text = read_log(&w);
	assert_int_equal(
		sscanf(text,
		       "{\"log\":\"%63[^,],\"stream\":\"stdout\",\"time\":\"%63[^\"]\"}\n", log,
		       time),
		2);
	assert_string_equal(log, "a \\\"b\\\"\\t\\\\\\n\"");
	assert_int_equal(hp_time_parse(time, &at, &err), 0);
	assert_true(at >= before && at <= after);
	assert_output(&kept, 0, "a \"b\"\t\\\n");
}

static void keeps_every_byte(void **state)
{
	AUTO(world_free) struct world w;
	AUTO(output_free) struct output kept = {0};
	char data[256 * 3 + 40];
	size_t len = 0;

	(void)state;
	/* Each byte alone, each before a newline, and forms of UTF-8 that are wrong. */
	for (int i = 0; i < 256; i++)
		data[len++] = (char)i;
	for (int i = 0; i < 256; i++) {
		data[len++] = (char)i;
		data[len++] = '\n';
	}
	static const char odd[] =
		"\xed\xb2\x80 \xc0\x80 \xf5\x80\x80\x80 \xe2\x82 \xf0\x9f\x98\x80";
	memcpy(data + len, odd, sizeof(odd));
	len += sizeof(odd);
	world_make(&w);
	keep(&w, data, len, &kept);
	assert_int_equal(kept.text[0].len, len);
	assert_memory_equal(kept.text[0].data, data, len);
}

static void cuts_long_lines_between_characters(void **state)
{
	AUTO(world_free) struct world w;
	AUTO(output_free) struct output kept = {0};
	size_t len = 40000;
	AUTO_FREE char *data = hp_alloc(len + 4);

	(void)state;
	/* Euro signs from byte 1 on, so that 16 KiB end inside one of them. */
	data[0] = 'x';
	for (size_t i = 1; i < len; i += 3)
		memcpy(data + i, "\xe2\x82\xac", 3);
	data[len] = '\n';
	world_make(&w);
	keep(&w, data, len + 1, &kept);
	assert_int_equal(kept.text[0].len, len + 1);
	assert_memory_equal(kept.text[0].data, data, len + 1);
	AUTO_FREE char *text = read_log(&w);
	assert_null(strstr(text, "\\udc"));
	size_t entries = 0;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		entries++;
	assert_int_equal(entries, 3);
}

static void is_locked_while_it_may_grow(void **state)
{
	AUTO(world_free) struct world w;

	(void)state;
	world_make(&w);
	WORLD_START(&w, "--log", w.log);
	AUTO_CLOSE int fd = open(w.log, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_SH | LOCK_NB), -1);

	struct world second = w;
	AUTO_FREE char *said =
		world_start(&second, (const char *const[]){"--log", w.log, NULL});
	assert_non_null(strstr(said, "another keeper"));
	assert_int_equal(world_wait(&second), 1);

	kill(w.pid, SIGTERM);
	assert_int_equal(world_wait(&w), 0);
	assert_int_equal(flock(fd, LOCK_SH | LOCK_NB), 0);
}

static void goes_on_behind_a_torn_line(void **state)
{
	AUTO(world_free) struct world w;
	AUTO(output_free) struct output kept = {0};
	static const char whole[] = "{\"log\":\"old\\n\",\"stream\":\"stdout\","
				    "\"time\":\"2026-01-02T03:04:05Z\"}\n";

	(void)state;
	world_make(&w);
	AUTO_FREE char *torn = hp_sprintf("%s{\"log\":\"half of", whole);
	AUTO_FREE char *path = scratch_file(w.dir, "log", torn);
	keep(&w, "new\n", 4, &kept);
	assert_output(&kept, 0, "old\nnew\n");
}

static void refuses_a_log_that_is_no_file(void **state)
{
	AUTO(world_free) struct world w;

	(void)state;
	world_make(&w);
	AUTO_FREE char *said =
		world_start(&w, (const char *const[]){"--log", "/dev/null", NULL});
	assert_non_null(strstr(said, "not a file"));
	assert_int_equal(world_wait(&w), 1);
	AUTO_FREE char *missing =
		world_start(&w, (const char *const[]){"--log", "/nowhere/at/all", NULL});
	assert_non_null(strstr(missing, "/nowhere/at/all"));
	assert_int_equal(world_wait(&w), 1);
}

/* Write @count lines of 100 bytes. */
static void say_lines(struct world *w, int fd, int count)
{
	char line[101];
	char back[101];

	memset(line, 'l', sizeof(line));
	line[99] = '\n';
	for (int i = 0; i < count; i++) {
		world_say(w, 0, line, 100);
		size_t got = 0;
		while (got < 100) {
			ssize_t n = read(fd, back, 100 - got);
			assert_true(n > 0);
			got += (size_t)n;
		}
	}
}

static void goes_on_when_the_disk_is_full(void **state)
{
	AUTO(world_free) struct world w;
	AUTO(output_free) struct output kept = {0};
	int fds[2];

	(void)state;
	world_make(&w);
	AUTO_FREE char *disk = hp_path_join(w.dir, "disk");
	assert_int_equal(mkdir(disk, 0700), 0);
	assert_int_equal(mount("none", disk, "tmpfs", 0, "size=64k"), 0);
	free(w.log);
	w.log = hp_path_join(disk, "log");
	AUTO_FREE char *ballast = hp_path_join(disk, "ballast");
	int fd = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(posix_fallocate(fd, 0, 32768), 0);
	close(fd);

	WORLD_START(&w, "--log", w.log);
	assert_true(world_attach(&w, fds));
	world_write_end(&w, 0);
	world_write_end(&w, 1);
	say_lines(&w, fds[0], 1000);
	/* Room again: what comes now is kept, behind a word on what is not. */
	assert_int_equal(unlink(ballast), 0);
	world_say(&w, 0, "room again\n", 11);
	world_end(&w, 0);
	world_end(&w, 1);
	close(fds[0]);
	close(fds[1]);
	int status = world_wait(&w);
	output_of_log(w.log, false, &kept);
	assert_int_equal(umount2(disk, MNT_DETACH), 0);
	assert_int_equal(status, 0);

	AUTO_FREE char *note = hp_buf_take_str(&kept.text[1]);
	int lost = 0;
	assert_int_equal(sscanf(note, "harpoon-keeper: %d lines of log were lost", &lost), 1);
	assert_non_null(strstr(note, "No space left"));
	assert_ptr_equal(strchr(note, '\n'), strrchr(note, '\n'));
	assert_true(lost > 500 && lost < 1000);
	assert_int_equal(kept.text[0].len, (size_t)(1000 - lost) * 100 + 11);
}

static void a_follower_ends_with_the_keeper(void **state)
{
	AUTO(world_free) struct world w;
	const struct hp_logs what = {.follow = true};
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	struct hp_chunk chunk;
	int found = HP_NEXT_WAIT;

	(void)state;
	world_make(&w);
	WORLD_START(&w, "--log", w.log);
	world_write_end(&w, 0);
	world_write_end(&w, 1);
	assert_int_equal(hp_stream_from_log(w.log, &what, &s, &err), 0);
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_WAIT);
	world_say(&w, 0, "tick\n", 5);
	for (int i = 0; i < 100 && found == HP_NEXT_WAIT; i++) {
		assert_true(hp_fd_poll(hp_stream_fd(s), POLLIN, PATIENCE_MS, &err) > 0);
		found = hp_stream_next(s, &chunk, &err);
	}
	assert_int_equal(found, HP_NEXT_ITEM);
	assert_memory_equal(chunk.data, "tick\n", 5);
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_WAIT);

	/* Killed, it can tell nobody; its lock goes all the same. */
	kill(w.pid, SIGKILL);
	int64_t start = hp_clock_ms();
	for (found = HP_NEXT_WAIT; found == HP_NEXT_WAIT;) {
		assert_true(hp_fd_poll(hp_stream_fd(s), POLLIN, PATIENCE_MS, &err) > 0);
		found = hp_stream_next(s, &chunk, &err);
	}
	assert_int_equal(found, HP_NEXT_END);
	assert_true(hp_clock_ms() - start < 5000);
	assert_int_equal(world_wait(&w), 128 + SIGKILL);
}

int main(void)
{
	/* Mounts of ours end with us, however a test ends. */
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 1;

	const struct CMUnitTest tests[] = {
		FDS_TEST(writes_the_format_of_docker),
		FDS_TEST(keeps_every_byte),
		FDS_TEST(cuts_long_lines_between_characters),
		FDS_TEST(is_locked_while_it_may_grow),
		FDS_TEST(goes_on_behind_a_torn_line),
		FDS_TEST(refuses_a_log_that_is_no_file),
		FDS_TEST(goes_on_when_the_disk_is_full),
		FDS_TEST(a_follower_ends_with_the_keeper),
	};

	return cmocka_run_group_tests_name("keeper-log", tests, NULL, NULL);
}
