/* SPDX-License-Identifier: Apache-2.0 */
/* netlink.h - netlink messages and their attributes, put together and taken apart. No I/O happens
 * here, and no library is needed: the guest's init uses it too.
 * From: Linux Documentation/userspace-api/netlink/intro.rst and include/uapi/linux/netlink.h. */
#pragma once
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

#define HP_NETLINK_REQUEST_MAX 2048 /* bytes; a rule of a firewall is the longest, with 1,400 */

/* A request that grows from its front. What does not fit is left out and @too_long is set, so that
 * only the sender has to look. */
struct hp_netlink_request {
	_Alignas(struct nlmsghdr) uint8_t bytes[HP_NETLINK_REQUEST_MAX];
	size_t len;
	bool too_long;
};

/* Begin anew: a message of @type with NLM_F_* @flags beside NLM_F_REQUEST, and the fixed structure
 * that its family puts before the attributes. */
void hp_netlink_begin(struct hp_netlink_request *r, uint16_t type, uint16_t flags,
		      const void *fixed, size_t len);
void hp_netlink_put(struct hp_netlink_request *r, uint16_t type, const void *data, size_t len);
void hp_netlink_put_u32(struct hp_netlink_request *r, uint16_t type, uint32_t value);
void hp_netlink_put_str(struct hp_netlink_request *r, uint16_t type, const char *s);
/* Attributes put from here to hp_netlink_nest_end() of the same place are in an attribute. */
size_t hp_netlink_nest(struct hp_netlink_request *r, uint16_t type);
void hp_netlink_nest_end(struct hp_netlink_request *r, size_t place);
/* The finished message with its length, its number, and more flags. Borrowed from @r, which can be
 * finished anew with another number. */
struct hp_bytes hp_netlink_end(struct hp_netlink_request *r, uint16_t flags, uint32_t number);

/* A message that was read; fixed structure and attributes are in body, borrowed. */
struct hp_netlink_message {
	uint16_t type;
	uint16_t flags;
	uint32_t number;
	struct hp_bytes body;
};

/* Take the next message off the front of @in.
 * Returns: 1, 0 at the end, -1. Fails: HP_EPROTO - it is cut off, or its length is wrong. */
int hp_netlink_next(struct hp_bytes *in, struct hp_netlink_message *ret,
		    struct hp_error *err) MUST_CHECK;

/* Take the next attribute off the front of @in: for lists, in which all have the same type.
 * Returns: 1, 0 at the end, -1. Fails: HP_EPROTO - its length is wrong. */
int hp_netlink_next_attribute(struct hp_bytes *in, uint16_t *ret_type, struct hp_bytes *ret,
			      struct hp_error *err) MUST_CHECK;

/* Copy the fixed structure, and note attributes: of type n < @count in table[n], the last one when
 * there are several, {NULL, 0} when there is none. They borrow from @body.
 * Fails: HP_EPROTO - the body is too short, or an attribute's length is wrong. */
int hp_netlink_read(struct hp_bytes body, void *ret_fixed, size_t len, struct hp_bytes *table,
		    size_t count, struct hp_error *err) MUST_CHECK;
/* The same for attributes within an attribute; {NULL, 0} has none. */
int hp_netlink_read_nested(struct hp_bytes attribute, struct hp_bytes *table, size_t count,
			   struct hp_error *err) MUST_CHECK;

/* An attribute's value; 0 or "" when it is not there or of another length. */
uint32_t hp_netlink_u32(struct hp_bytes attribute);
/* Copied and cut to @size with its NUL. */
void hp_netlink_str(struct hp_bytes attribute, char *ret, size_t size);

/* What NLMSG_ERROR says: an errno, 0 for success, and the kernel's own words ("" when there are
 * none; From: NLMSGERR_ATTR_MSG, needs NETLINK_EXT_ACK). Fails: HP_EPROTO. */
int hp_netlink_verdict(const struct hp_netlink_message *m, int *ret_sys, char *ret_words,
		       size_t size, struct hp_error *err) MUST_CHECK;
