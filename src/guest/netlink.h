/* SPDX-License-Identifier: Apache-2.0 */
/* netlink.h - requests to rtnetlink: put together, sent, and their acknowledgement awaited, which the
 * kernel gives at once. */
#pragma once
#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* One request; its header and the family's own header come first, then attributes. */
struct hp_guest_nl {
	_Alignas(struct nlmsghdr) uint8_t bytes[1024];
	size_t len;
};

/* Begin a request of @type (RTM_*) with @flags (NLM_F_*; the acknowledgement is asked for anyway),
 * whose family header is @head. */
void hp_guest_nl_begin(struct hp_guest_nl *nl, uint16_t type, uint16_t flags, const void *head,
		       size_t head_len);
/* Append attribute @type. Those of one request are few and small: there is room for all. */
void hp_guest_nl_put(struct hp_guest_nl *nl, uint16_t type, struct hp_bytes value);
void hp_guest_nl_put_u32(struct hp_guest_nl *nl, uint16_t type, uint32_t value);

int hp_guest_nl_open(int *ret_fd, struct hp_error *err) MUST_CHECK;
/* Fails: with the errno that the kernel answers. */
int hp_guest_nl_send(int fd, struct hp_guest_nl *nl, struct hp_error *err) MUST_CHECK;
