/* SPDX-License-Identifier: Apache-2.0 */
/* stopping.h - let long work end in order when the user wants it to. */
#pragma once

/* Block the signals that ask a program to end. While they are, hp_stopping_asked() finds them, the
 * work ends in order, and nothing half-written stays with the engine. */
void hp_stopping_block(void);
/* For the stop callbacks of the library. Returns: not 0 when one has come; @arg is not used. */
int hp_stopping_asked(void *arg);
