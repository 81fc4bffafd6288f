/* SPDX-License-Identifier: Apache-2.0 */
/* tap_host.h - a host in user space on the machine's end of a tap: it answers ARP and ICMP echo,
 * and counts what it sees. */
#pragma once
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "fds.h"

#define TAP_HOST_HEADER 10 /* struct virtio_net_hdr */

struct tap_host {
	int fd;
	uint8_t mac[6];
	uint32_t ip; /* network order */
	unsigned arps, echoes, others;
};

static inline uint16_t tap_host__sum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(data[i] << 8 | data[i + 1]);
	if (len % 2)
		sum += (uint32_t)data[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* Turn an ARP request for us into its answer. */
static inline bool tap_host__arp(struct tap_host *h, uint8_t *frame, size_t len)
{
	struct ether_arp arp;

	if (len < sizeof(struct ether_header) + sizeof(arp))
		return false;
	memcpy(&arp, frame + sizeof(struct ether_header), sizeof(arp));
	if (ntohs(arp.ea_hdr.ar_op) != ARPOP_REQUEST || memcmp(arp.arp_tpa, &h->ip, 4) != 0)
		return false;
	h->arps++;
	arp.ea_hdr.ar_op = htons(ARPOP_REPLY);
	memcpy(arp.arp_tha, arp.arp_sha, 6);
	memcpy(arp.arp_tpa, arp.arp_spa, 4);
	memcpy(arp.arp_sha, h->mac, 6);
	memcpy(arp.arp_spa, &h->ip, 4);
	memcpy(frame + sizeof(struct ether_header), &arp, sizeof(arp));
	return true;
}

static inline bool tap_host__echo(struct tap_host *h, uint8_t *frame, size_t len)
{
	struct iphdr ip;
	struct icmphdr icmp;
	uint8_t *body = frame + sizeof(struct ether_header) + sizeof(ip);

	if (len < sizeof(struct ether_header) + sizeof(ip) + sizeof(icmp))
		return false;
	memcpy(&ip, frame + sizeof(struct ether_header), sizeof(ip));
	memcpy(&icmp, body, sizeof(icmp));
	if (ip.protocol != IPPROTO_ICMP || ip.ihl != 5 || ip.daddr != h->ip ||
	    icmp.type != ICMP_ECHO)
		return false;
	h->echoes++;
	ip.daddr = ip.saddr;
	ip.saddr = h->ip;
	icmp.type = ICMP_ECHOREPLY;
	icmp.checksum = 0;
	memcpy(frame + sizeof(struct ether_header), &ip, sizeof(ip));
	memcpy(body, &icmp, sizeof(icmp));
	icmp.checksum = tap_host__sum(body, ntohs(ip.tot_len) - sizeof(ip));
	memcpy(body, &icmp, sizeof(icmp));
	return true;
}

/* Answer one frame, if there is one. */
static inline void tap_host_serve(struct tap_host *h)
{
	uint8_t buf[TAP_HOST_HEADER + 2048];
	ssize_t len = read(h->fd, buf, sizeof(buf));
	struct ether_header eth;
	bool answer = false;

	if (len < (ssize_t)(TAP_HOST_HEADER + sizeof(eth)))
		return;
	memcpy(&eth, buf + TAP_HOST_HEADER, sizeof(eth));
	if (ntohs(eth.ether_type) == ETHERTYPE_ARP)
		answer = tap_host__arp(h, buf + TAP_HOST_HEADER, (size_t)len - TAP_HOST_HEADER);
	else if (ntohs(eth.ether_type) == ETHERTYPE_IP)
		answer =
			tap_host__echo(h, buf + TAP_HOST_HEADER, (size_t)len - TAP_HOST_HEADER);
	h->others += answer ? 0 : 1;
	if (!answer)
		return;
	memcpy(eth.ether_dhost, eth.ether_shost, 6);
	memcpy(eth.ether_shost, h->mac, 6);
	memset(buf, 0, TAP_HOST_HEADER);
	memcpy(buf + TAP_HOST_HEADER, &eth, sizeof(eth));
	assert_int_equal(write(h->fd, buf, (size_t)len), len);
}

/* Send an echo request to @to from this thread's network, serve @h (may be NULL) meanwhile.
 * Returns: whether the answer came within @wait_ms. */
static inline bool tap_host_ping(struct tap_host *h, const char *to, int wait_ms)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct icmphdr icmp = {.type = ICMP_ECHO, .un.echo = {.id = htons(77), .sequence = 1}};
	int sock = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP);
	int64_t end = hp_clock_ms() + wait_ms;
	bool answered = false;

	assert_true(sock >= 0);
	assert_int_equal(inet_pton(AF_INET, to, &address.sin_addr), 1);
	icmp.checksum = tap_host__sum((const uint8_t *)&icmp, sizeof(icmp));
	assert_int_equal(sendto(sock, &icmp, sizeof(icmp), 0, (struct sockaddr *)&address,
				sizeof(address)),
			 sizeof(icmp));
	while (!answered && hp_clock_ms() < end) {
		struct pollfd fds[2] = {{.fd = sock, .events = POLLIN},
					{.fd = h ? h->fd : -1, .events = POLLIN}};
		struct {
			struct iphdr ip;
			struct icmphdr icmp;
		} seen;

		(void)poll(fds, 2, (int)(end - hp_clock_ms()));
		if (fds[1].revents & POLLIN)
			tap_host_serve(h);
		while (recv(sock, &seen, sizeof(seen), 0) > 0)
			if (seen.icmp.type == ICMP_ECHOREPLY &&
			    seen.ip.saddr == address.sin_addr.s_addr)
				answered = true;
	}
	close(sock);
	return answered;
}
