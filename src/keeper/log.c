/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - owns the log file: entries are gathered, written, and taken back when they do not fit. */
#include "keeper/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

/* A batch is written when it has this much, and one entry more always fits. */
#define BATCH_BYTES 65536u
#define ENTRY_BYTES (HP_KEEPER_LINE_MAX * 6 + 128)

/* Readers hold the lock for an instant, to see whether we live; so one refusal says nothing. */
#define LOCK_TRIES   200
#define LOCK_WAIT_MS 5

static int lock(int fd, struct hp_error *err)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return hp_fail_errno(err, errno, "lock it");
		hp_clock_sleep_ms(LOCK_WAIT_MS);
	}
	return hp_fail(err, HP_ESTATE, "another keeper writes it");
}

/* A keeper that was killed may have left half an entry: the file ends with its last newline. */
static int cut_torn_line(int fd, off_t *ret_size, struct hp_error *err)
{
	char block[4096];
	off_t end = lseek(fd, 0, SEEK_END);
	off_t size = end;

	if (end < 0)
		return hp_fail_errno(err, errno, "find its end");
	while (size > 0) {
		size_t len = size > (off_t)sizeof(block) ? sizeof(block) : (size_t)size;
		if (pread(fd, block, len, size - (off_t)len) != (ssize_t)len)
			return hp_fail_errno(err, errno, "read its end");
		const char *newline = memrchr(block, '\n', len);
		if (newline) {
			size += newline + 1 - block - (off_t)len;
			break;
		}
		size -= (off_t)len;
	}
	if (size < end && ftruncate(fd, size) < 0)
		return hp_fail_errno(err, errno, "cut off a torn line");
	*ret_size = size;
	return 0;
}

int hp_keeper__log_open(struct hp_keeper_log *l, const char *path, struct hp_error *err)
{
	struct stat st;
	AUTO_CLOSE int fd = open(
		path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);

	if (fd < 0 || fstat(fd, &st) < 0)
		return hp_fail_errno(err, errno, "open log '%s'", path);
	if (!S_ISREG(st.st_mode))
		return hp_fail(err, HP_EINVALID, "log '%s' is not a file", path);
	if (lock(fd, err) < 0 || cut_torn_line(fd, &l->size, err) < 0)
		return hp_wrap(err, "log '%s'", path);
	l->batch = hp_realloc_array(NULL, BATCH_BYTES + ENTRY_BYTES, 1);
	l->fd = TAKE_FD(fd);
	return 0;
}

static uint64_t count_lines(const char *data, size_t len)
{
	uint64_t lines = 0;

	for (const char *end = data + len; (data = memchr(data, '\n', (size_t)(end - data)));
	     data++)
		lines++;
	return lines;
}

/* The disk took @done bytes of the batch only. The entries that are whole stay, the rest is
 * taken back, so that readers never see half of one. */
static void take_back(struct hp_keeper_log *l, size_t done, int sys)
{
	const char *newline = memrchr(l->batch, '\n', done);
	size_t kept = newline ? (size_t)(newline - l->batch) + 1 : 0;
	uint64_t lost = count_lines(l->batch + kept, l->len - kept);

	l->size += (off_t)kept;
	if (done > kept && ftruncate(l->fd, l->size) < 0)
		sys = errno;
	/* The note of earlier losses is no loss itself, but it has to be made again. */
	if (l->noted && !kept)
		lost += l->noted - 1;
	l->lost = lost;
	l->sys = sys;
}

static void flush(struct hp_keeper_log *l)
{
	size_t done = 0;

	while (done < l->len) {
		ssize_t n = write(l->fd, l->batch + done, l->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			take_back(l, done, n < 0 ? errno : ENOSPC);
			l->len = 0;
			l->noted = 0;
			return;
		}
		done += (size_t)n;
	}
	l->size += (off_t)l->len;
	l->len = 0;
	l->noted = 0;
}

static void put(struct hp_keeper_log *l, const char *text)
{
	size_t len = strlen(text);

	memcpy(l->batch + l->len, text, len);
	l->len += len;
}

static void put_entry(struct hp_keeper_log *l, enum hp_keeper_channel channel,
		      const uint8_t *data, size_t len)
{
	put(l, "{\"log\":\"");
	l->len += hp_keeper__escape(data, len, l->batch + l->len);
	put(l, channel == HP_KEEPER_STDOUT ? "\",\"stream\":\"stdout\",\"time\":\""
					   : "\",\"stream\":\"stderr\",\"time\":\"");
	put(l, l->time);
	put(l, "\"}\n");
}

/* Tell in the log itself what is missing in it. */
static void put_note(struct hp_keeper_log *l)
{
	AUTO_FREE char *text = hp_sprintf("harpoon-keeper: %llu lines of log were lost: %s\n",
					  (unsigned long long)l->lost, strerror(l->sys));

	l->noted = l->lost;
	l->lost = 0;
	put_entry(l, HP_KEEPER_STDERR, (const uint8_t *)text, strlen(text));
}

static void add_entry(struct hp_keeper_log *l, enum hp_keeper_channel channel,
		      const uint8_t *data, size_t len)
{
	if (!l->len && l->lost)
		put_note(l);
	put_entry(l, channel, data, len);
	if (l->len >= BATCH_BYTES)
		flush(l);
}

/* Take as much of @data as belongs to one entry. Returns: the number of bytes. */
static size_t take_piece(struct hp_keeper_log *l, enum hp_keeper_channel channel,
			 const uint8_t *data, size_t len)
{
	struct hp_keeper_line *line = &l->lines[channel];
	const uint8_t *newline = memchr(data, '\n', len);
	size_t piece = newline ? (size_t)(newline - data) + 1 : len;
	size_t room = sizeof(line->data) - line->len;

	/* Most lines come whole and need not be copied. */
	if (newline && !line->len && piece <= room) {
		add_entry(l, channel, data, piece);
		return piece;
	}
	size_t n = piece < room ? piece : room;
	memcpy(line->data + line->len, data, n);
	line->len += n;
	if (line->data[line->len - 1] == '\n') {
		add_entry(l, channel, line->data, line->len);
		line->len = 0;
	} else if (line->len == sizeof(line->data)) {
		size_t cut = hp_keeper__utf8_cut(line->data, line->len);
		add_entry(l, channel, line->data, cut);
		line->len -= cut;
		memmove(line->data, line->data + cut, line->len);
	}
	return n;
}

/* All of it came by one read, so it has one time. */
void hp_keeper__log_take(struct hp_keeper_log *l, enum hp_keeper_channel channel,
			 const uint8_t *data, size_t len)
{
	if (l->fd < 0)
		return;
	hp_time_format(hp_clock_unix_ns(), l->time);
	while (len) {
		size_t n = take_piece(l, channel, data, len);
		data += n;
		len -= n;
	}
	flush(l);
}

void hp_keeper__log_close(struct hp_keeper_log *l)
{
	if (l->fd < 0)
		return;
	hp_time_format(hp_clock_unix_ns(), l->time);
	for (int i = HP_KEEPER_STDOUT; i < HP_KEEPER_CHANNELS; i++)
		if (l->lines[i].len)
			add_entry(l, (enum hp_keeper_channel)i, l->lines[i].data,
				  l->lines[i].len);
	flush(l);
	close(TAKE_FD(l->fd));
	free(TAKE(l->batch));
}
