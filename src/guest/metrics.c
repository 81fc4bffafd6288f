/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c - owns the reading of what the kernel counts for the container's cgroup. */
#include "guest/metrics.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "metrics.pb-c.h"

#define FILE_BYTES_MAX (64 * 1024)
/* Devices of a machine that io.stat has lines for. */
#define DEVICES_MAX    32

/* A file of the cgroup as a string; "" when there is none. Owns: the caller. */
static char *read_text(const struct hp_guest_cgroup *g, const char *name)
{
	AUTO_CLOSE int fd = g->fd < 0 ? -1 : openat(g->fd, name, O_RDONLY | O_CLOEXEC);
	AUTO(hp_buf_free) struct hp_buf text = {0};
	struct hp_error ignored = HP_ERROR_INIT;

	hp_buf_init(&text, FILE_BYTES_MAX);
	if (fd < 0 || hp_fd_read_all(fd, &text, &ignored) < 0)
		return hp_strdup("");
	return hp_buf_take_str(&text);
}

/* One number; "max" and what is not there are @otherwise. */
static uint64_t read_number(const struct hp_guest_cgroup *g, const char *name,
			    uint64_t otherwise)
{
	AUTO_FREE char *text = read_text(g, name);
	struct hp_error ignored = HP_ERROR_INIT;
	uint64_t n = otherwise;

	text[strcspn(text, "\n")] = '\0';
	return hp_str_u64(text, &n, &ignored) < 0 ? otherwise : n;
}

/* Put @value into the field of @m that is called @name, when there is one of that kind: the kernel
 * and the message have the same names. */
static void fill_field(ProtobufCMessage *m, const char *name, uint64_t value)
{
	const ProtobufCFieldDescriptor *f =
		protobuf_c_message_descriptor_get_field_by_name(m->descriptor, name);

	if (f && f->type == PROTOBUF_C_TYPE_UINT64)
		memcpy((char *)m + f->offset, &value, sizeof(value));
}

/* Lines of "name value". */
static void fill_from(const struct hp_guest_cgroup *g, const char *file, ProtobufCMessage *m)
{
	AUTO_FREE char *text = read_text(g, file);
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		const char *name = strsep(&line, " ");
		struct hp_error ignored = HP_ERROR_INIT;
		uint64_t value = 0;

		if (line && hp_str_u64(line, &value, &ignored) == 0)
			fill_field(m, name, value);
	}
}

/* A line of "8:0 rbytes=1 wbytes=2 rios=3 wios=4 ...". Returns: whether it is one. */
static bool read_io_line(char *line, Hp__V2IoEntry *ret)
{
	char *word = strsep(&line, " ");

	if (sscanf(word, "%" SCNu64 ":%" SCNu64, &ret->major, &ret->minor) != 2)
		return false;
	while ((word = strsep(&line, " "))) {
		const char *name = strsep(&word, "=");
		struct hp_error ignored = HP_ERROR_INIT;
		uint64_t value = 0;

		if (word && hp_str_u64(word, &value, &ignored) == 0)
			fill_field(&ret->base, name, value);
	}
	return true;
}

static size_t read_io(const struct hp_guest_cgroup *g, Hp__V2IoEntry ret[DEVICES_MAX])
{
	AUTO_FREE char *text = read_text(g, "io.stat");
	char *rest = text, *line;
	size_t n = 0;

	while (n < DEVICES_MAX && (line = strsep(&rest, "\n"))) {
		hp__v2_io_entry__init(&ret[n]);
		if (read_io_line(line, &ret[n]))
			n++;
	}
	return n;
}

void hp_guest_metrics_pack(const struct hp_guest_cgroup *g, struct hp_buf *ret)
{
	Hp__V2Metrics m = HP__V2_METRICS__INIT;
	Hp__Pids pids = HP__PIDS__INIT;
	Hp__V2Cpu cpu = HP__V2_CPU__INIT;
	Hp__V2Memory memory = HP__V2_MEMORY__INIT;
	Hp__V2Io io = HP__V2_IO__INIT;
	Hp__V2MemoryEvents events = HP__V2_MEMORY_EVENTS__INIT;
	Hp__V2IoEntry entries[DEVICES_MAX];
	Hp__V2IoEntry *usage[DEVICES_MAX];
	struct hp_error err = HP_ERROR_INIT;
	uint8_t *room;
	size_t len;

	pids.current = read_number(g, "pids.current", 0);
	pids.limit = read_number(g, "pids.max", 0);
	fill_from(g, "cpu.stat", &cpu.base);
	fill_from(g, "memory.stat", &memory.base);
	memory.usage = read_number(g, "memory.current", 0);
	memory.usage_limit = read_number(g, "memory.max", UINT64_MAX);
	memory.swap_usage = read_number(g, "memory.swap.current", 0);
	memory.swap_limit = read_number(g, "memory.swap.max", UINT64_MAX);
	fill_from(g, "memory.events", &events.base);
	io.n_usage = read_io(g, entries);
	for (size_t i = 0; i < io.n_usage; i++)
		usage[i] = &entries[i];
	io.usage = usage;
	m.pids = &pids;
	m.cpu = &cpu;
	m.memory = &memory;
	m.io = &io;
	m.memory_events = &events;
	len = hp__v2_metrics__get_packed_size(&m);
	hp_buf_init(ret, len);
	room = hp_buf_reserve(ret, len, &err);
	ret->len = room ? hp__v2_metrics__pack(&m, room) : 0;
}
