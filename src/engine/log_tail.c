/* SPDX-License-Identifier: Apache-2.0 */
/* log_tail.c - the search for the last lines of a log, from its end. */
#include "engine/log_tail.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "engine/log_entry.h"

#define BLOCK_BYTES 65536u

/* A file read backwards: the block that was read last is kept. */
struct tail {
	int fd;
	const struct hp_log_kind *kind;
	uint64_t block_at;
	size_t block_len;
	char block[BLOCK_BYTES];
	char line[HP_LOG_LINE_MAX];
};

/* Read as much of @len bytes at @offset as there is. */
static int read_at(int fd, char *to, size_t len, uint64_t offset, size_t *ret_len,
		   struct hp_error *err)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(fd, to + got, len - got, (off_t)(offset + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hp_fail_errno(err, errno, "read at byte %llu",
					     (unsigned long long)(offset + got));
		if (n == 0)
			break;
		got += (size_t)n;
	}
	*ret_len = got;
	return 0;
}

/* Have the block that holds the byte before @end. */
static int load_before(struct tail *t, uint64_t end, struct hp_error *err)
{
	uint64_t at = (end - 1) / BLOCK_BYTES * BLOCK_BYTES;

	if (t->block_len && t->block_at == at && at + t->block_len >= end)
		return 0;
	t->block_at = at;
	return read_at(t->fd, t->block, BLOCK_BYTES, at, &t->block_len, err);
}

/* Where the line begins that goes on up to @end: behind the last newline before @end. */
static int find_start(struct tail *t, uint64_t end, uint64_t *ret_start, struct hp_error *err)
{
	while (end > 0) {
		if (load_before(t, end, err) < 0)
			return -1;
		size_t len = (size_t)(end - t->block_at);
		if (len > t->block_len)
			return hp_fail(err, HP_ECORRUPT, "the log became shorter");
		const char *newline = memrchr(t->block, '\n', len);
		if (newline) {
			*ret_start = t->block_at + (uint64_t)(newline - t->block) + 1;
			return 0;
		}
		end = t->block_at;
	}
	*ret_start = 0;
	return 0;
}

/* Whether the entry from @start to the newline before @end finishes a line of output. What is no
 * entry is a line of its own: the reader will complain of it. */
static int finishes_line(struct tail *t, uint64_t start, uint64_t end, bool *ret,
			 struct hp_error *err)
{
	struct hp_error ignored = HP_ERROR_INIT;
	struct hp_chunk chunk;
	size_t len = 0;

	*ret = true;
	if (end - start > sizeof(t->line))
		return 0;
	if (t->block_len && start >= t->block_at && end <= t->block_at + t->block_len) {
		len = (size_t)(end - start);
		memcpy(t->line, t->block + (start - t->block_at), len);
	} else if (read_at(t->fd, t->line, (size_t)(end - start), start, &len, err) < 0) {
		return -1;
	}
	if (!len || t->kind->parse(t->line, len - 1, &chunk, &ignored) < 0)
		return 0;
	*ret = chunk.len > 0 && chunk.data[chunk.len - 1] == '\n';
	return 0;
}

/* Go back entry by entry from @end, behind a newline, until the end of the line before the first
 * one that is wanted. */
static int walk_back(struct tail *t, uint64_t end, uint64_t lines, uint64_t *ret_offset,
		     struct hp_error *err)
{
	uint64_t counted = 0;
	bool last = true;

	while (end > 0) {
		uint64_t start = 0;
		bool finished = true;
		if (find_start(t, end - 1, &start, err) < 0 ||
		    finishes_line(t, start, end, &finished, err) < 0)
			return -1;
		if (finished && counted == lines)
			break;
		/* The last entry begins a line that goes on, if it does not finish one. */
		if (finished || last)
			counted++;
		last = false;
		end = start;
	}
	*ret_offset = end;
	return 0;
}

int hp_log_tail__find(int fd, uint64_t lines, const struct hp_log_kind *kind,
		      uint64_t *ret_offset, struct hp_error *err)
{
	AUTO_FREE struct tail *t = hp_alloc(sizeof(*t));
	struct stat st;
	uint64_t end = 0;

	t->fd = fd;
	t->kind = kind;
	if (fstat(fd, &st) < 0)
		return hp_fail_errno(err, errno, "find its size");
	if (find_start(t, (uint64_t)st.st_size, &end, err) < 0)
		return -1;
	if (!lines) {
		*ret_offset = end;
		return 0;
	}
	return walk_back(t, end, lines, ret_offset, err);
}
