/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - the keeper's log: output in, lines of docker's json-file format out. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/error.h"

/* The two outputs of a container, in the order in which everything here counts them. */
enum hp_keeper_channel { HP_KEEPER_STDOUT, HP_KEEPER_STDERR, HP_KEEPER_CHANNELS };

/* Longest piece of a line that becomes one entry. From: docker's daemon/logger/copier.go,
 * defaultBufSize. */
#define HP_KEEPER_LINE_MAX 16384u

/* The beginning of a line whose end has not come yet. */
struct hp_keeper_line {
	uint8_t data[HP_KEEPER_LINE_MAX];
	size_t len;
};

/* A log. Entries gather in @batch and are written together.
 * size: of the file up to the last whole entry. lost: entries that could not be written since
 * the last one that could, because of @sys; the next that can be written says so. */
struct hp_keeper_log {
	int fd; /* -1: nothing is kept */
	off_t size;
	char *batch;
	size_t len;
	uint64_t lost;
	uint64_t noted; /* entries whose loss the first entry of the batch tells */
	int sys;
	char time[HP_TIME_TEXT];
	struct hp_keeper_line lines[HP_KEEPER_CHANNELS];
};

/* Open @path for appending, making it if need be, and lock it. A torn last line is cut off. */
int hp_keeper__log_open(struct hp_keeper_log *l, const char *path,
			struct hp_error *err) MUST_CHECK;
/* Take output. Nothing here fails: what cannot be written is counted and told later. */
void hp_keeper__log_take(struct hp_keeper_log *l, enum hp_keeper_channel channel,
			 const uint8_t *data, size_t len);
/* Write what is left, also lines without an end, and give the lock up. */
void hp_keeper__log_close(struct hp_keeper_log *l);

/* Put bytes into a JSON string; @out has room for six times @len.
 * Returns: the number of bytes put there. */
size_t hp_keeper__escape(const uint8_t *data, size_t len, char *out);
/* How many of @len bytes can be cut off without dividing a character of UTF-8. */
size_t hp_keeper__utf8_cut(const uint8_t *data, size_t len);
