/* SPDX-License-Identifier: Apache-2.0 */
/* x.c - an example. */

#ifdef __linux__
int hp_x_get(void);
#endif
