/* SPDX-License-Identifier: Apache-2.0 */
/* x.h - an example. */
#pragma once
#define HP_API
/* The first is documented.
 * The one after the gap is not. */
HP_API int hp_x_set(int x);

HP_API int hp_x_get(void);
