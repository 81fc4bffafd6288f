/* SPDX-License-Identifier: Apache-2.0 */
/* x.h - an example. */
#pragma once
#define HP_API

/* Get x. */
HP_API int hp_x_get(void);
struct hp_x {
	int a;
	int b;
	int c;
	int d;
	int e;
	int f;
};
