/* SPDX-License-Identifier: Apache-2.0 */
/* klog.c - owns the reading of the kernel's messages. */
#include "guest/klog.h"

#include <errno.h>
#include <sys/klog.h>

/* From: syslog(2). */
#define SYSLOG_ACTION_READ_ALL 3

int hp_guest_klog_read(size_t bytes, struct hp_buf *ret, struct hp_error *err)
{
	uint8_t *room;
	int n;

	hp_buf_init(ret, bytes);
	if (bytes == 0)
		return 0;
	room = hp_buf_reserve(ret, bytes, err);
	if (!room)
		return -1;
	n = klogctl(SYSLOG_ACTION_READ_ALL, (char *)room, (int)bytes);
	if (n < 0)
		return hp_fail_errno(err, errno, "read the kernel's messages");
	ret->len = (size_t)n;
	return 0;
}
