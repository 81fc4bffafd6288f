/* SPDX-License-Identifier: Apache-2.0 */
/* x.c - an example. */

int hp_x_get(int a, int b, int c, int (*d)(int e, int f), int g, int h,
	     int i)
{
	return a + b + c + d(1, 2) + g + h + i;
}
