/* SPDX-License-Identifier: Apache-2.0 */
/* netlink.c - owns the form of rtnetlink requests and their answers. From: netlink(7). */
#include "guest/netlink.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void append(struct hp_guest_nl *nl, const void *data, size_t len)
{
	assert(nl->len + NLMSG_ALIGN(len) <= sizeof(nl->bytes));
	memset(nl->bytes + nl->len, 0, NLMSG_ALIGN(len));
	if (len)
		memcpy(nl->bytes + nl->len, data, len);
	nl->len += NLMSG_ALIGN(len);
}

void hp_guest_nl_begin(struct hp_guest_nl *nl, uint16_t type, uint16_t flags, const void *head,
		       size_t head_len)
{
	const struct nlmsghdr header = {
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags),
	};

	nl->len = 0;
	append(nl, &header, sizeof(header));
	append(nl, head, head_len);
}

void hp_guest_nl_put(struct hp_guest_nl *nl, uint16_t type, struct hp_bytes value)
{
	const struct nlattr attribute = {
		.nla_len = (uint16_t)(sizeof(attribute) + value.len),
		.nla_type = type,
	};

	append(nl, &attribute, sizeof(attribute));
	append(nl, value.data, value.len);
}

void hp_guest_nl_put_u32(struct hp_guest_nl *nl, uint16_t type, uint32_t value)
{
	hp_guest_nl_put(nl, type, HP_BYTES(&value, sizeof(value)));
}

int hp_guest_nl_open(int *ret_fd, struct hp_error *err)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return hp_fail_errno(err, errno, "open rtnetlink");
	*ret_fd = fd;
	return 0;
}

int hp_guest_nl_send(int fd, struct hp_guest_nl *nl, struct hp_error *err)
{
	_Alignas(struct nlmsghdr) uint8_t answer[2048];
	struct nlmsghdr header;
	struct nlmsgerr status;
	uint32_t len = (uint32_t)nl->len;
	ssize_t n;

	memcpy(nl->bytes + offsetof(struct nlmsghdr, nlmsg_len), &len, sizeof(len));
	if (send(fd, nl->bytes, nl->len, 0) < 0)
		return hp_fail_errno(err, errno, "ask rtnetlink");
	n = recv(fd, answer, sizeof(answer), 0);
	if (n < 0)
		return hp_fail_errno(err, errno, "hear from rtnetlink");
	if ((size_t)n < NLMSG_HDRLEN + sizeof(status))
		return hp_fail(err, HP_EPROTO, "rtnetlink says %zd bytes", n);
	memcpy(&header, answer, sizeof(header));
	memcpy(&status, answer + NLMSG_HDRLEN, sizeof(status));
	if (header.nlmsg_type != NLMSG_ERROR)
		return hp_fail(err, HP_EPROTO, "rtnetlink answers with type %u",
			       header.nlmsg_type);
	return status.error ? hp_fail_errno(err, -status.error, "rtnetlink") : 0;
}
