/* SPDX-License-Identifier: Apache-2.0 */
/* tty.h - our own terminal: raw and back, and its size. */
#pragma once
#include <stdint.h>

#include "base/error.h"

/* Make the terminal @fd raw: each key goes to the container, none is looked at here. It is put
 * back by hp_tty_restore(), and when this program dies of SIGSEGV, SIGABRT and the like. */
int hp_tty_raw(int fd, struct hp_error *err) MUST_CHECK;
/* Put it back; without a terminal made raw this does nothing. */
void hp_tty_restore(void);
/* The size of the terminal @fd, 0 and 0 when it is none. */
void hp_tty_size(int fd, uint16_t *ret_cols, uint16_t *ret_rows);
