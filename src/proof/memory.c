/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - what this process uses. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "proof/run.h"

/* From: proc(5), /proc/pid/statm: size and resident, in pages. */
uint64_t hp_run__rss_bytes(void)
{
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf text;
	AUTO_FREE char *line = NULL;
	unsigned long long pages = 0;

	hp_buf_init(&text, 256);
	if (hp_file_read("/proc/self/statm", 256, &text, &ignored) < 0)
		return 0;
	line = hp_buf_take_str(&text);
	if (sscanf(line, "%*u %llu", &pages) != 1)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t hp_run__heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}
