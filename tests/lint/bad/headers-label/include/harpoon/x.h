/* SPDX-License-Identifier: Apache-2.0 */
/* x.h - an example. */
#pragma once
#define HP_API

/* Get x.
 * Throws: nothing. */
HP_API int hp_x_get(void);
