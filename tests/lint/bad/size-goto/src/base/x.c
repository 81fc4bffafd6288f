/* SPDX-License-Identifier: Apache-2.0 */
/* x.c - an example. */

int hp_x_get(int a)
{
	if (a)
		goto out;
	a = 1;
out:
	return a;
}
