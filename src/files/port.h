/* SPDX-License-Identifier: Apache-2.0 */
/* port.h - whole messages out of a byte stream, and whole answers into it. */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* What is received at once. Most requests take up some 100 bytes; the rest of a large one goes
 * straight to where it is wanted. */
#define HP_PORT_BUFFER (16 * 1024)

struct hp_files_port {
	int fd; /* a stream socket; the caller's */
	pthread_mutex_t sending;
	bool patient; /* receiving waits for ever, not for HP_PORT_IDLE_S only */
	uint8_t *in;  /* received and not taken yet: len bytes at pos */
	size_t pos;
	size_t len;
};

/* When nothing came for so long, receiving says so, once. */
#define HP_PORT_IDLE_S 1

enum hp_port_event {
	HP_PORT_MESSAGE, /* one message is at @to */
	HP_PORT_IDLE,
	HP_PORT_CLOSED, /* by the other end, at a message's end or within one */
};

void hp_files__port_init(struct hp_files_port *p, int fd);
void hp_files__port_free(struct hp_files_port *p);

/* Receive one message to @to, which has HP_FUSE_MESSAGE_MAX bytes. One thread at a time.
 * Returns: an enum hp_port_event, or -1.
 * Fails: HP_EPROTO - what comes are no messages; HP_EIO. */
int hp_files__port_receive(struct hp_files_port *p, uint8_t *to, size_t *ret_len,
			   struct hp_error *err) MUST_CHECK;
/* Is something of the next message there already? */
bool hp_files__port_has_more(const struct hp_files_port *p);

/* Send all of a message; several threads may. That the other end is gone is not told: receiving
 * tells it. */
void hp_files__port_send(struct hp_files_port *p, const void *message, size_t len);
